// SPDX-License-Identifier: Apache-2.0
// Every bound of the listener in one place. Times are physical and never follow a world's clock.

package import NIOCore

/// What a client may cost.
package struct HTTPLimits: Sendable {
    /// Bytes of a request head, request line included.
    package var headBytesMax = 64 * 1024
    package var requestLineBytesMax = 16 * 1024
    package var fieldCountMax = 200
    /// Bytes of one chunk-size line with its extensions.
    package var chunkLineBytesMax = 1024
    /// Bytes of all chunk extensions of one body.
    package var chunkExtensionBytesMax = 16 * 1024
    package var trailerBytesMax = 16 * 1024

    /// From the first byte of a head (or from accepting a connection) to its end.
    package var headTimeout = TimeAmount.seconds(10)
    /// How long a connection may rest between two requests.
    package var idleTimeout = TimeAmount.seconds(75)
    /// How long a body or a response may be slow before the rate counts.
    package var rateGrace = TimeAmount.seconds(30)
    /// How often the rate is checked after the grace.
    package var rateWindow = TimeAmount.seconds(10)
    package var bytesPerSecondMin = 1024
    /// How long a closed connection's input is thrown away, so that the answer is not lost.
    package var lingerTimeout = TimeAmount.seconds(2)

    package var connectionsMax = 10_000
    /// Per client address; loopback and Unix sockets have only the bound above.
    package var connectionsPerAddressMax = 1000
    /// Bytes of later requests kept while one is being answered.
    package var pipelinedBytesMax = 64 * 1024
    /// Unsent response bytes at which nothing more is read or produced, and resumed below half.
    package var unsentBytesMax = 128 * 1024
    /// Pending connections of a listening socket.
    package var backlog: Int32 = 1024

    package init() {}
}
