// SPDX-License-Identifier: Apache-2.0
// Where a streamed response body is written to.

/// Takes the pieces of a streamed body, in order, from one writer at a time.
package struct HTTPBodyWriter: Sendable {
    private let sink: @Sendable ([UInt8]) async throws -> Void

    /// A writer into anything, for calling an application directly.
    package init(sink: @escaping @Sendable ([UInt8]) async throws -> Void) { self.sink = sink }

    /// Sends a piece at once; returns when the client keeps up, throws when it is gone.
    package func write(_ bytes: [UInt8]) async throws { try await sink(bytes) }
}

/// The client of a streamed response is gone.
package struct HTTPConnectionClosed: Error, Sendable {}
