// SPDX-License-Identifier: Apache-2.0
// How services reach each other without importing each other; Platform binds these.

package import Basics
package import Chronology
package import IdentityAccess
package import Journal
package import WireModel

/// A call from one service to another.
package struct InternalCall: Sendable {
    /// Signing name of the service called, such as `sqs`.
    package var service: String
    package var operation: String
    /// The input under its model names.
    package var input: JSONValue
    package var principal: Principal
    /// The resource the calling service acts for, where it calls as itself.
    package var source: ARN?
    package var account: AccountID
    package var region: Region
    package var cause: JournalID
    /// The caller's, when it is counted background work.
    package var activity: Activity?

    package init(
        service: String, operation: String, input: JSONValue, principal: Principal,
        account: AccountID, region: Region, cause: JournalID, activity: Activity? = nil,
        source: ARN? = nil
    ) {
        self.service = service
        self.operation = operation
        self.input = input
        self.principal = principal
        self.account = account
        self.region = region
        self.cause = cause
        self.activity = activity
        self.source = source
    }
}

/// Calls any operation: same authorizer, same journal, no HTTP.
package protocol ServiceCaller: Sendable {
    /// The output under its model names once it is durable, or the service's fault.
    nonisolated(nonsending)
        func call(_ call: InternalCall) async throws(ServiceFault) -> JSONValue
}

/// Tells pollers that a source has something to read.
package protocol ArrivalSignals: Sendable {
    /// Wakes `ticket` once a message may be received from the queue `arn`, at once if one may be
    /// now, and when the queue is deleted. Throws the service's fault when there is no such queue.
    nonisolated(nonsending)
        func awaitArrival(at arn: ARN, _ ticket: WakeTicket) async throws

    /// Notes that a ticket's waiter is gone, so that nothing is kept for it.
    nonisolated(nonsending)
        func abandonArrival(at arn: ARN, _ ticket: WakeTicket) async
}

/// Credentials of a role session.
package struct SessionCredentials: Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    package let sessionToken: String
    /// In virtual time.
    package let expiration: Timestamp
    package let principal: RoleSession

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String, expiration: Timestamp,
        principal: RoleSession
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.principal = principal
    }
}

/// Lets a service act under a role that trusts it.
package protocol RoleSource: Sendable {
    /// A session for `service` (`lambda.amazonaws.com`) under the role, without credentials.
    ///
    /// `source` is the resource the service acts for, which trust policies may ask for.
    /// Throws `AccessDenied` when the role's trust policy does not admit the service, and
    /// `NoSuchEntity` when there is no such role.
    nonisolated(nonsending)
        func session(
            of roleARN: ARN, for service: String, named sessionName: String, source: ARN?
        ) async throws -> RoleSession

    /// The same with durable credentials, as the environment of the function `source` gets them.
    nonisolated(nonsending)
        func credentials(
            of roleARN: ARN, for service: String, named sessionName: String, source: ARN,
            seconds: Int
        ) async throws -> SessionCredentials
}

/// A key that IAM or STS issued.
package struct IssuedCredential: Sendable {
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Set for temporary credentials, which are only valid together with it.
    package let sessionToken: String?
    /// In virtual time; `nil` for access keys of users.
    package let expiration: Timestamp?
    package let principal: Principal
    /// `false` for keys set to Inactive.
    package let isActive: Bool

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String?,
        expiration: Timestamp?, principal: Principal, isActive: Bool
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.principal = principal
        self.isActive = isActive
    }
}

/// Is told which keys are used; IAM's part.
package protocol CredentialUses: Sendable {
    /// Notes that a request for `service` (a signing name) in `region` was signed with the key.
    ///
    /// Returns at once; what is to be written is written in the background, and nothing that
    /// befalls it reaches the request.
    func noteUse(of credential: IssuedCredential, service: String, region: Region)
}

/// Looks issued keys up; IAM's and STS's part.
package protocol CredentialSource: Sendable {
    /// The living key of this name; `nil` when it was never issued or is deleted.
    nonisolated(nonsending)
        func credential(_ accessKeyID: String) async throws -> IssuedCredential?
}
