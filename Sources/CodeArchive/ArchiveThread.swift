// SPDX-License-Identifier: Apache-2.0
// The thread on which archives are read and written, so that no event loop waits for a disk or
// for a large archive.

import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Runs one actor's jobs on a thread of its own.
final class ArchiveThread: SerialExecutor {
    private final class Condition: @unchecked Sendable {
        // The two live as long as the thread may use them, at addresses that never change.
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        var jobs: [UnownedJob] = []
        var isStopping = false

        init() {
            pthread_mutex_init(mutex, nil)
            pthread_cond_init(condition, nil)
        }

        deinit {
            pthread_cond_destroy(condition)
            pthread_mutex_destroy(mutex)
            condition.deallocate()
            mutex.deallocate()
        }

        func add(_ job: UnownedJob?) {
            pthread_mutex_lock(mutex)
            if let job { jobs.append(job) } else { isStopping = true }
            pthread_cond_signal(condition)
            pthread_mutex_unlock(mutex)
        }

        /// The jobs that wait, in order; `nil` once there will be no more.
        func take() -> [UnownedJob]? {
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while jobs.isEmpty, !isStopping { pthread_cond_wait(condition, mutex) }
            guard !jobs.isEmpty else { return nil }
            defer { jobs = [] }
            return jobs
        }
    }

    private let condition = Condition()
    private let isStarted = Mutex(false)

    init() {}

    deinit { condition.add(nil) }

    func enqueue(_ job: consuming ExecutorJob) {
        condition.add(UnownedJob(job))
        let mustStart = isStarted.withLock { isStarted in
            defer { isStarted = true }
            return !isStarted
        }
        if mustStart { start() }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    private final class Body {
        weak var thread: ArchiveThread?
        let condition: Condition

        init(_ thread: ArchiveThread, _ condition: Condition) {
            self.thread = thread
            self.condition = condition
        }
    }

    private func start() {
        let body = Unmanaged.passRetained(Body(self, condition))
        var thread = pthread_t(bitPattern: 0)
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                while let jobs = body.condition.take() {
                    guard let executor = body.thread?.asUnownedSerialExecutor() else { break }
                    for job in jobs { job.runSynchronously(on: executor) }
                }
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            isStarted.withLock { $0 = false }
            return
        }
        pthread_detach(thread)
    }
}
