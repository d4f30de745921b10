// SPDX-License-Identifier: Apache-2.0
// Keeps a listening socket from spinning when the process or the machine is out of descriptors:
// the waiting connection stays readable, so accepting would fail again at once, for ever.

import NIOCore

/// Stops accepting for a moment after accepting failed.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    static let pause = TimeAmount.milliseconds(100)
    private var isPaused = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Anything but a failed system call is about one connection, which is closed by now.
        guard error is IOError, !isPaused else { return }
        isPaused = true
        let channel = context.channel
        channel.setOption(.autoRead, value: false).whenComplete { _ in }
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
            self.isPaused = false
            channel.setOption(.autoRead, value: true).whenComplete { _ in }
        }
    }
}
