// SPDX-License-Identifier: Apache-2.0
// The port through which the Lambda service has code run. How it runs (processes, sandboxes,
// the Runtime API) is FunctionRuntime's business; who may invoke and what is retried is ours.

package import Basics

/// Runs functions: starts environments, keeps them warm, bounds their memory.
package protocol FunctionExecutor: Sendable {
    /// Runs one event to its end.
    ///
    /// Never throws: whatever goes wrong is an outcome. Cancelling the calling task does not stop
    /// the function; it ends by its own timeout.
    func invoke(
        _ invocation: FunctionInvocation, on function: FunctionSpecification
    ) async -> FunctionResult

    /// Returns once an environment of `function` is idle or could be started in the memory left.
    ///
    /// A hint: another caller may take the place first.
    ///
    /// Mappings call it before they receive messages, so that none is received in vain. Returns
    /// early when the executor shuts down.
    func waitForCapacity(for function: FunctionSpecification) async

    /// Ends the idle environments of a function and lets the running ones finish.
    ///
    /// With a `revisionID` only those of that revision. Called after an update or a deletion.
    func retire(functionARN: ARN, revisionID: String?) async

    /// What a runtime identifier resolves to on this machine.
    func availability(ofRuntime runtime: String) async -> RuntimeAvailability

    /// Ends every environment at once; invocations still running fail.
    ///
    /// Returns when no process of this executor is left.
    func shutdown() async
}

/// Whether this machine can run a runtime identifier.
package enum RuntimeAvailability: Hashable, Sendable {
    /// The exact interpreter, or none needed.
    case exact(version: String)
    /// The nearest one found; `warning` says what stands in for what.
    case substitute(version: String, warning: String)
    /// Nothing can run it; `explanation` names the package to install.
    case missing(explanation: String)
}

/// All that is needed to start an environment of one version of a function.
package struct FunctionSpecification: Sendable {
    /// The function's ARN without a qualifier.
    package var functionARN: ARN
    package var functionName: String
    /// `$LATEST` or a version number.
    package var version: String
    /// Changes with every change of code or configuration and is never used twice.
    package var revisionID: String
    package var accountID: AccountID
    package var region: Region
    /// AWS's identifier, such as `python3.11`, `nodejs20.x` or `provided.al2023`.
    package var runtime: String
    package var handler: String
    /// 128 to 10,240.
    package var memoryMegabytes: Int
    /// 1 to 900.
    package var timeoutSeconds: Int
    /// Size of `/tmp`, 512 to 10,240.
    package var ephemeralStorageMegabytes: Int
    /// The function's own variables, sorted by name; reserved names were refused before.
    package var environment: [(name: String, value: String)]
    package var code: FunctionCode
    package var roleARN: ARN
    /// `/aws/lambda/<name>` unless configured otherwise.
    package var logGroup: String

    package init(
        functionARN: ARN, functionName: String, version: String, revisionID: String,
        accountID: AccountID, region: Region, runtime: String, handler: String,
        memoryMegabytes: Int, timeoutSeconds: Int, ephemeralStorageMegabytes: Int = 512,
        environment: [(name: String, value: String)] = [], code: FunctionCode, roleARN: ARN,
        logGroup: String
    ) {
        self.functionARN = functionARN
        self.functionName = functionName
        self.version = version
        self.revisionID = revisionID
        self.accountID = accountID
        self.region = region
        self.runtime = runtime
        self.handler = handler
        self.memoryMegabytes = memoryMegabytes
        self.timeoutSeconds = timeoutSeconds
        self.ephemeralStorageMegabytes = ephemeralStorageMegabytes
        self.environment = environment
        self.code = code
        self.roleARN = roleARN
        self.logGroup = logGroup
    }
}

/// A function's unpacked code.
package struct FunctionCode: Sendable {
    /// Size of the uploaded archive.
    package var sizeBytes: Int
    /// The absolute path of the unpacked code, asked for when an environment starts.
    ///
    /// What lies there never changes and stays until `retire` for its revision has returned.
    /// Directories are 0755 and files 0644 or 0755: the sandbox's user is not the server's.
    package var directory: @Sendable () async throws -> String

    package init(sizeBytes: Int, directory: @escaping @Sendable () async throws -> String) {
        self.sizeBytes = sizeBytes
        self.directory = directory
    }
}

/// One event for a function.
package struct FunctionInvocation: Sendable {
    /// What to do when memory for another environment is not free.
    package enum Admission: Hashable, Sendable {
        /// Answer `throttled` at once (`RequestResponse`).
        case refuse
        /// Wait in order of arrival (asynchronous invocations and mappings).
        case wait
    }

    package var requestID: String
    package var payload: [UInt8]
    /// With the qualifier the caller used.
    package var invokedFunctionARN: String
    /// The `X-Amzn-Trace-Id` value.
    package var traceID: String?
    /// JSON text, decoded from the caller's Base64.
    package var clientContext: String?
    /// JSON text with `cognitoIdentityId` and `cognitoIdentityPoolId`.
    package var cognitoIdentity: String?
    /// The journal record that caused this invocation; the function's own calls carry it on.
    package var causeID: String?
    package var admission: Admission

    package init(
        requestID: String, payload: [UInt8], invokedFunctionARN: String, traceID: String? = nil,
        clientContext: String? = nil, cognitoIdentity: String? = nil, causeID: String? = nil,
        admission: Admission = .refuse
    ) {
        self.requestID = requestID
        self.payload = payload
        self.invokedFunctionARN = invokedFunctionARN
        self.traceID = traceID
        self.clientContext = clientContext
        self.cognitoIdentity = cognitoIdentity
        self.causeID = causeID
        self.admission = admission
    }
}

/// How an invocation ended, with what its caller and its report need.
package struct FunctionResult: Sendable {
    package enum Outcome: Sendable {
        case success(payload: [UInt8])
        case failure(FunctionFailure)
        /// No memory for another environment (HTTP 429, `TooManyRequestsException`).
        case throttled(reason: String)
        /// The function never started; the fault is not its own.
        case unavailable(FunctionUnavailable)
    }

    package var outcome: Outcome
    /// The last 4 KiB of the invocation's log, for `LogType=Tail`.
    package var logTail: [UInt8]
    package var durationMilliseconds: Double
    package var billedMilliseconds: Int
    /// Set on the first invocation of an environment.
    package var initMilliseconds: Double?
    package var maxMemoryMegabytes: Int
    package var logStream: String

    package init(
        outcome: Outcome, logTail: [UInt8] = [], durationMilliseconds: Double = 0,
        billedMilliseconds: Int = 0, initMilliseconds: Double? = nil, maxMemoryMegabytes: Int = 0,
        logStream: String = ""
    ) {
        self.outcome = outcome
        self.logTail = logTail
        self.durationMilliseconds = durationMilliseconds
        self.billedMilliseconds = billedMilliseconds
        self.initMilliseconds = initMilliseconds
        self.maxMemoryMegabytes = maxMemoryMegabytes
        self.logStream = logStream
    }
}

/// A failure of the function's own making: HTTP 200 with `X-Amz-Function-Error`.
package struct FunctionFailure: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case handled = "Handled"
        case unhandled = "Unhandled"
    }

    package var kind: Kind
    package var errorType: String
    package var errorMessage: String
    /// The JSON document that is the response's body.
    package var payload: [UInt8]

    package init(kind: Kind, errorType: String, errorMessage: String, payload: [UInt8]) {
        self.kind = kind
        self.errorType = errorType
        self.errorMessage = errorMessage
        self.payload = payload
    }
}

/// Why an environment could not be started.
package enum FunctionUnavailable: Hashable, Sendable {
    /// No interpreter for the runtime (`InvalidRuntimeException`, HTTP 502).
    case runtimeMissing(message: String)
    /// The role's session credentials were not to be had (`AccessDeniedException`).
    case credentials(message: String)
    /// The code could not be read, or the process not started (`ServiceException`, HTTP 500).
    case startFailed(message: String)
    /// The server is ending (`ServiceException`, HTTP 500).
    case shuttingDown
}
