// SPDX-License-Identifier: Apache-2.0
// From a stored function to a run of it: the specification, the durability of what it rests on,
// the journal's record. Who may run it and what follows is decided by its callers.

import Basics
import Chronology
import Journal
import ServiceKit
import Storage

/// One run of a function, as a caller wants it.
struct FunctionRun: Sendable {
    var requestID: String
    var payload: [UInt8]
    var traceHeader: String?
    var clientContext: String?
    var admission = FunctionInvocation.Admission.wait
    var cause: JournalID
    var attempt = 1
    /// What the run is about beside the request: message ids.
    var subjects: [String] = []
    /// Who asked for it, for the journal.
    var principal = ""
}

/// Runs functions through the executor.
struct FunctionRunner: Sendable {
    let world: World
    let executor: any FunctionExecutor
    let code: any FunctionCodeStore

    /// All the executor needs to know of a version.
    func specification(of function: ResolvedFunction) throws -> FunctionSpecification {
        let settings = function.settings
        guard let role = ARN(parsing: settings.role) else { throw LambdaFaults.roleNotAssumable }
        let code = code
        let hash = settings.codeHash
        return FunctionSpecification(
            functionARN: function.name.arn, functionName: function.name.name,
            version: settings.version, revisionID: settings.revisionID,
            accountID: function.name.account, region: function.name.region,
            runtime: settings.runtime, handler: settings.handler,
            memoryMegabytes: settings.memoryMegabytes, timeoutSeconds: settings.timeoutSeconds,
            ephemeralStorageMegabytes: settings.ephemeralStorageMegabytes,
            environment: settings.environmentSorted,
            code: FunctionCode(sizeBytes: Int(clamping: settings.codeBytes)) {
                try await code.directory(of: hash)
            },
            roleARN: role,
            logGroup: settings.logGroup ?? "/aws/lambda/\(function.name.name)")
    }

    /// Runs one event to its end and records it.
    ///
    /// Throws only before anything ran. The caller's cause must be durable.
    func run(_ run: FunctionRun, of function: ResolvedFunction) async throws -> FunctionResult {
        let specification = try specification(of: function)
        try await world.store.durable(function.version)
        let id = world.journal.allot()
        let time = world.clock.now()
        let began = world.clock.physical.monotonicNanoseconds()
        var invocation = FunctionInvocation(
            requestID: run.requestID, payload: run.payload,
            invokedFunctionARN: function.qualifiedARN,
            traceID: run.traceHeader ?? newTraceHeader(at: time))
        invocation.clientContext = run.clientContext
        invocation.causeID = String(id.rawValue)
        invocation.admission = run.admission
        let result = await executor.invoke(invocation, on: specification)
        let ended = world.clock.physical.monotonicNanoseconds()
        var record = JournalRecord(
            id: id, cause: run.cause, kind: .invocation, time: time, service: "lambda",
            operation: "Invoke")
        record.resource = function.name.arn(qualifier: function.settings.version)
        record.principal = run.principal
        record.requestID = run.requestID
        record.attempt = run.attempt
        record.durationMicroseconds = Int64(clamping: (ended &- began) / 1000)
        record.requestBytes = run.payload.count
        record.subjects = [run.requestID] + run.subjects
        Self.describe(result, in: &record)
        world.journal.append(record)
        return result
    }

    /// A trace that begins here, not sampled: nobody asked for one.
    private func newTraceHeader(at time: Timestamp) -> String {
        let seconds = UInt32(clamping: time.seconds).bigEndian
        let began = withUnsafeBytes(of: seconds) { Hex.encode($0) }
        return "Root=1-\(began)-\(Hex.encode(world.entropy.bytes(12)));"
            + "Parent=\(Hex.encode(world.entropy.bytes(8)));Sampled=0"
    }

    private static func describe(_ result: FunctionResult, in record: inout JournalRecord) {
        switch result.outcome {
        case .success(let payload):
            record.status = 200
            record.responseBytes = payload.count
        case .failure(let failure):
            record.status = 200
            record.error = failure.errorType
            record.detail = String(failure.errorMessage.prefix(256))
            record.responseBytes = failure.payload.count
        case .throttled(let reason):
            record.status = 429
            record.error = "TooManyRequestsException"
            record.detail = reason
        case .unavailable(let reason):
            let (error, detail) = reason.words
            record.status = 500
            record.error = error
            record.detail = detail
        }
    }
}

extension FunctionUnavailable {
    /// The error's name and what is known of it.
    var words: (error: String, detail: String) {
        switch self {
        case .runtimeMissing(let message): ("InvalidRuntimeException", message)
        case .credentials(let message): ("AccessDeniedException", message)
        case .startFailed(let message): ("ServiceException", message)
        case .shuttingDown: ("ServiceException", "The server is ending.")
        }
    }
}
