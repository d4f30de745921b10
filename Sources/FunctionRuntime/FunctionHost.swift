// SPDX-License-Identifier: Apache-2.0
// What the runtime needs from the platform around it: credentials, a place for logs, the time,
// and somebody to answer the calls that functions make.

package import Basics
package import LambdaService

/// The platform as seen by running functions.
package protocol FunctionHost: Sendable {
    /// Fresh session credentials of the function's execution role.
    func credentials(
        for function: FunctionSpecification
    ) async throws(FunctionCredentialsRefused) -> FunctionCredentials

    /// Takes lines of an environment's log, in order; returns when it is ready for more.
    ///
    /// Called by one task per environment at a time. A log that cannot be written is the host's
    /// to report: the function runs on, as on AWS.
    func log(_ lines: [FunctionLogLine], to stream: FunctionLogStream) async

    /// Virtual now: stamps log lines, judges the age of credentials.
    func now() -> Timestamp

    /// The port functions find Martlet at, on their own loopback or the machine's.
    var endpointPort: UInt16 { get }

    /// Serves HTTP on a listening descriptor of a sandbox's own network until told to stop.
    ///
    /// Takes the descriptor over. Every connection accepted there is known to come from
    /// `sandbox`: admin calls are refused and only issued keys count.
    func serve(listeningDescriptor: Int32, for sandbox: SandboxIdentity) async

    /// The sandbox has ended: close its listener and its connections.
    func stopServing(_ sandbox: SandboxIdentity) async
}

/// Session credentials of an execution role.
package struct FunctionCredentials: Sendable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String
    /// In virtual time.
    package var expires: Timestamp

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String, expires: Timestamp
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }
}

/// The execution role cannot be assumed.
package struct FunctionCredentialsRefused: Error {
    package var message: String

    package init(message: String) { self.message = message }
}

/// One line a function or its runtime wrote.
package struct FunctionLogLine: Hashable, Sendable {
    package var timestamp: Timestamp
    /// With the line break at its end, as on AWS; so never empty.
    package var message: String

    package init(timestamp: Timestamp, message: String) {
        self.timestamp = timestamp
        self.message = message
    }
}

/// Where the lines of one environment go.
package struct FunctionLogStream: Hashable, Sendable {
    package var function: ARN
    package var roleARN: ARN
    package var accountID: AccountID
    package var region: Region
    package var group: String
    package var stream: String
}

/// Who is calling when a connection comes from inside a sandbox.
package struct SandboxIdentity: Hashable, Sendable {
    /// Unique within the process's life.
    package var environmentID: UInt64
    package var functionARN: ARN
    package var accountID: AccountID
    package var roleARN: ARN
}
