// SPDX-License-Identifier: Apache-2.0
// What a handler knows about the call it answers, beyond its input.

package import Basics
package import Chronology
package import IdentityAccess
package import Journal

/// One call of an operation.
package struct CallContext: Sendable {
    package var requestID: String
    package var principal: Principal
    /// The account and region the call is about: the signer's, and its credential scope's.
    package var account: AccountID
    package var region: Region
    /// Scheme, host and port as the caller addressed them; URLs handed out begin with it.
    package var endpoint: String
    /// The journal record of this call; what it causes names it.
    package var record: JournalID
    package var cause: JournalID
    /// `X-Amzn-Trace-Id`, if the caller sent one.
    package var traceHeader: String?
    package var sourceAddress: String?
    /// Bytes of the request's body.
    package var requestBytes = 0
    package var userAgent: String?
    package var isSecureTransport = false
    /// The resource on whose behalf a service calls as itself.
    package var source: ARN?
    /// Set when the caller is counted background work: waits of the handler count as rest.
    package var activity: Activity?

    package init(
        requestID: String, principal: Principal, account: AccountID, region: Region,
        endpoint: String, record: JournalID, cause: JournalID = .none
    ) {
        self.requestID = requestID
        self.principal = principal
        self.account = account
        self.region = region
        self.endpoint = endpoint
        self.record = record
        self.cause = cause
    }
}

extension CallContext {
    /// The circumstances of the call as policies ask for them, with `keys` of its operation.
    package func conditions(at time: Timestamp, keys: [ContextKey]) -> RequestContext {
        RequestContext(
            now: time, sourceAddress: sourceAddress, isSecureTransport: isSecureTransport,
            requestedRegion: region.description, userAgent: userAgent,
            keys: source.map { keys + ContextKey.source($0) } ?? keys)
    }
}
