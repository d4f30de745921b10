// SPDX-License-Identifier: Apache-2.0
// A lock with a condition, for the two kinds of threads this engine owns. Everything else in the
// house waits by suspending.

import CRocksDB

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A mutex and one condition.
///
/// Not recursive.
final class Gate: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    init() {
        pthread_mutex_init(mutex, nil)
        #if os(Linux)
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            pthread_cond_init(condition, &attributes)
            pthread_condattr_destroy(&attributes)
        #else
            pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Inside `withLock` only: gives the lock up until `signal`, or until the time has passed.
    func wait(milliseconds: Int?) {
        guard let milliseconds else {
            pthread_cond_wait(condition, mutex)
            return
        }
        wait(nanoseconds: UInt64(milliseconds) * 1_000_000)
    }

    /// Inside `withLock` only: gives the lock up until `signal`, or until the time has passed.
    func wait(nanoseconds: UInt64) {
        #if os(Linux)
            let end = MonotonicTime.now.nanoseconds + nanoseconds
        #else
            let end = nanoseconds
        #endif
        var time = timespec(
            tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        #if os(Linux)
            pthread_cond_timedwait(condition, mutex, &time)
        #else
            pthread_cond_timedwait_relative_np(condition, mutex, &time)
        #endif
    }

    func signal() { pthread_cond_signal(condition) }

    func broadcast() { pthread_cond_broadcast(condition) }
}

/// Physical time for pauses and cached measurements; never stored, never shown.
struct MonotonicTime {
    let nanoseconds: UInt64

    static var now: MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }
}

/// A named thread of this engine's own.
struct EngineThread: @unchecked Sendable {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    private let thread: pthread_t

    /// Starts `body`; `nil` when the system gives no more threads.
    init?(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        #if os(Linux)
            var handle = pthread_t()
            let failed =
                pthread_create(
                    &handle, nil,
                    { argument in
                        if let argument { EngineThread.run(argument) }
                        return nil
                    }, start.toOpaque()) != 0
            let created: pthread_t? = handle
        #else
            var created: pthread_t?
            let failed =
                pthread_create(
                    &created, nil,
                    { argument in
                        EngineThread.run(argument)
                        return nil
                    }, start.toOpaque()) != 0
        #endif
        guard !failed, let created else {
            start.release()
            return nil
        }
        thread = created
    }

    private static func run(_ argument: UnsafeMutableRawPointer) {
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        martlet_name_thread(start.name)
        start.body()
    }

    /// Waits for the body to return; once.
    func join() { pthread_join(thread, nil) }
}
