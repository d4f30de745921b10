// SPDX-License-Identifier: Apache-2.0
// What an application may know of the connection a request came on.

/// The connection of a request; the same object for every request on it.
///
/// The end of a connection reaches the application as cancellation of the task that runs
/// `respond`, also when the client only shuts its sending side.
package final class ConnectionContext: Sendable {
    /// Unique in one server.
    package let id: UInt64
    /// The tag its listener was opened with.
    package let tag: String
    /// The client's IP address in text; `nil` on a Unix socket.
    package let peerAddress: String?
    package let peerPort: Int?

    package init(id: UInt64, tag: String, peerAddress: String? = nil, peerPort: Int? = nil) {
        self.id = id
        self.tag = tag
        self.peerAddress = peerAddress
        self.peerPort = peerPort
    }
}
