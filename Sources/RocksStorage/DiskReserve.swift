// SPDX-License-Identifier: Apache-2.0
// Meets a full disk before it is hit: says whether the reserve is still free.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Free space of one file system, measured at most every tenth of a second.
///
/// Between two measurements it counts what was announced, so that a burst cannot run past the
/// reserve unseen.
final class DiskReserve: Sendable {
    private static let intervalNanoseconds: UInt64 = 100_000_000

    private let path: String
    private let reserveBytes: UInt64
    private let measuredAt = Atomic<UInt64>(0)
    /// What may still be added before the next measurement decides.
    private let allowance = Atomic<Int>(0)

    init(path: String, reserveBytes: UInt64) {
        self.path = path
        self.reserveBytes = reserveBytes
    }

    /// Whether `bytes` more leave the reserve free.
    func permits(_ bytes: Int) -> Bool {
        let now = MonotonicTime.now.nanoseconds
        let last = measuredAt.load(ordering: .relaxed)
        if now &- last >= Self.intervalNanoseconds || last == 0 {
            measure(now)
        } else if allowance.load(ordering: .relaxed) < bytes {
            measure(now)
        }
        guard allowance.load(ordering: .relaxed) >= bytes else { return false }
        allowance.wrappingSubtract(bytes, ordering: .relaxed)
        return true
    }

    private func measure(_ now: UInt64) {
        measuredAt.store(max(1, now), ordering: .relaxed)
        var information = statvfs()
        guard statvfs(path, &information) == 0 else { return }
        let free = UInt64(information.f_bavail) &* UInt64(information.f_frsize)
        let above = free > reserveBytes ? free - reserveBytes : 0
        // A record is stored twice before its log is dropped.
        allowance.store(Int(clamping: above / 2), ordering: .relaxed)
    }
}
