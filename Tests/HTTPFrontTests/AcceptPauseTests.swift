// SPDX-License-Identifier: Apache-2.0
// What a listening socket does when accepting fails.

import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPFront

@Suite struct AcceptPauseTests {
    /// The value `autoRead` was last set to, if it was.
    private func switches(_ channel: EmbeddedChannel) -> [Bool] {
        channel.options.compactMap {
            $0.option is ChannelOptions.Types.AutoReadOption ? $0.value as? Bool : nil
        }
    }

    @Test func acceptingPausesAfterAFailedCallAndGoesOn() {
        let channel = EmbeddedChannel(handler: AcceptPause())
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 24, reason: "accept"))
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
        #expect(switches(channel) == [false])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(switches(channel) == [true])
    }

    @Test func aRefusedConnectionDoesNotPauseTheOthers() {
        let channel = EmbeddedChannel(handler: AcceptPause())
        channel.pipeline.fireErrorCaught(HTTPConnectionClosed())
        channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(switches(channel) == [])
    }
}
