// SPDX-License-Identifier: Apache-2.0
// The machine's clocks and timers, the one place where the platform reads them.

import Basics
import Chronology
import NIOCore
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Real time of this machine; timers run on an event loop.
struct SystemTime: PhysicalTime {
    private let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func monotonicNanoseconds() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

    func wall() -> Timestamp { Self.wall() }

    static func wall() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        // A century is as good as never and cannot overflow the loop's deadline.
        let bounded = min(nanoseconds, 100 * 365 * 86_400 * 1_000_000_000)
        let task = loop.scheduleTask(in: .nanoseconds(Int64(bounded)), action)
        return PhysicalTimer(cancel: { task.cancel() })
    }
}
