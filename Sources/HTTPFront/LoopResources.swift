// SPDX-License-Identifier: Apache-2.0
// What all connections of one event loop share. Only ever touched on that loop.

import Basics
import NIOCore

/// The `Date` field of the current second and the loop's task executor.
final class LoopResources {
    let executor: EventLoopTaskExecutor
    private let wallClock: @Sendable () -> Timestamp
    private var second = Int64.min
    private var dateLine: [UInt8] = []

    init(eventLoop: any EventLoop, wallClock: @escaping @Sendable () -> Timestamp) {
        executor = EventLoopTaskExecutor(eventLoop)
        self.wallClock = wallClock
    }

    /// The whole `Date` line with its CRLF, put together anew once a second.
    func currentDateLine() -> [UInt8] {
        let now = wallClock()
        if now.seconds != second {
            second = now.seconds
            dateLine = Array("date: \(now.httpDate)\r\n".utf8)
        }
        return dateLine
    }
}
