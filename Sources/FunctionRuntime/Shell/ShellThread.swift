// SPDX-License-Identifier: Apache-2.0
// The threads of the function runtime: how one starts, and the one that starts processes.

import CSandbox
import Glibc
import Synchronization

/// A system call that failed.
struct ShellError: Error, CustomStringConvertible {
    let step: String
    let code: Int32

    init(_ step: String, _ code: Int32) {
        self.step = step
        self.code = code
    }

    var description: String { "\(step): \(String(cString: strerror(code)))" }
}

/// Starting a detached thread.
enum ShellThread {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    static func start(
        name: String, _ run: @escaping @Sendable () -> Void
    ) throws(ShellError) {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                csandbox_name_thread(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw ShellError("pthread_create", code)
        }
        pthread_detach(thread)
    }
}

/// A thread that runs one actor's jobs and may block.
///
/// Processes are tied to the thread that started them, so it must live as long as they do.
final class BlockingThread: SerialExecutor, Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var isStopping = false
    }

    private let state = Mutex(State())
    private let bell: Int32

    init(name: String) throws(ShellError) {
        bell = csandbox_bell(1)
        guard bell >= 0 else { throw ShellError("eventfd", errno) }
        try ShellThread.start(name: name) { self.run() }
    }

    func stop() {
        state.withLock { $0.isStopping = true }
        ring()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let isFirst = state.withLock { state in
            state.jobs.append(job)
            return state.jobs.count == 1
        }
        if isFirst { ring() }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    private func ring() {
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }

    private func run() {
        while true {
            let (jobs, isStopping) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isStopping)
            }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            guard jobs.isEmpty else { continue }
            if isStopping { break }
            var count: UInt64 = 0
            _ = read(bell, &count, 8)
        }
        close(bell)
    }
}
