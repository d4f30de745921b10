// SPDX-License-Identifier: Apache-2.0
// The one thread that watches descriptors for the runtime and runs its actor. It owns epoll and
// the thread; what the events mean is decided elsewhere.

import CSandbox
import Glibc
import Synchronization

/// An epoll loop that doubles as the serial executor of the runtime's actor.
///
/// An event handler therefore runs already isolated to the actor, without a hop.
final class Reactor: SerialExecutor, Sendable {
    typealias Handler = @Sendable (_ events: UInt32) -> Void

    /// What a descriptor can be watched for, and what may be found besides.
    enum Events {
        static let readable = UInt32(CSANDBOX_READABLE)
        static let writable = UInt32(CSANDBOX_WRITABLE)
        static let broken = UInt32(CSANDBOX_BROKEN)
    }

    private struct State {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        var handlers: [UInt64: Handler] = [:]
        var lastToken: UInt64 = 0
        var thread: pthread_t?
        var isStopping = false
    }

    private let state = Mutex(State())
    private let queue: Int32
    private let bell: Int32

    init() throws(ShellError) {
        queue = csandbox_watch_create()
        guard queue >= 0 else { throw ShellError("epoll_create", errno) }
        bell = csandbox_bell(0)
        guard bell >= 0 else {
            let code = errno
            close(queue)
            throw ShellError("eventfd", code)
        }
        csandbox_watch_add(queue, bell, Events.readable, 0)
        try ShellThread.start(name: "functions") { self.run() }
    }

    /// Ends the thread once the jobs at hand are done.
    func stop() {
        state.withLock { $0.isStopping = true }
        ring()
    }

    // MARK: Descriptors

    /// Watches a descriptor; the token stays valid until `forget`, whatever number is reused.
    func watch(_ descriptor: Int32, for events: UInt32, _ handler: @escaping Handler) -> UInt64 {
        let token = state.withLock { state in
            state.lastToken += 1
            state.handlers[state.lastToken] = handler
            return state.lastToken
        }
        csandbox_watch_add(queue, descriptor, events, token)
        return token
    }

    /// Changes what is watched for; 0 pauses.
    func change(_ descriptor: Int32, token: UInt64, to events: UInt32) {
        csandbox_watch_change(queue, descriptor, events, token)
    }

    /// Stops watching; call before the descriptor is closed.
    func forget(_ descriptor: Int32, token: UInt64) {
        _ = state.withLock { $0.handlers.removeValue(forKey: token) }
        csandbox_watch_remove(queue, descriptor)
    }

    // MARK: Executor

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustRing = state.withLock { state in
            state.jobs.append(job)
            return !Self.isThread(state.thread)
        }
        if mustRing { ring() }
    }

    /// Runs `action` on the thread, isolated to the actor.
    func perform(_ action: @escaping @Sendable () -> Void) {
        let mustRing = state.withLock { state in
            state.actions.append(action)
            return !Self.isThread(state.thread)
        }
        if mustRing { ring() }
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    func isIsolatingCurrentContext() -> Bool? {
        state.withLock { Self.isThread($0.thread) }
    }

    func checkIsolated() {
        assert(state.withLock { Self.isThread($0.thread) }, "not on the functions thread")
    }

    // MARK: Loop

    private static func isThread(_ thread: pthread_t?) -> Bool {
        guard let thread else { return false }
        return pthread_equal(thread, pthread_self()) != 0
    }

    private func ring() {
        var one: UInt64 = 1
        _ = write(bell, &one, 8)
    }

    private func run() {
        state.withLock { $0.thread = pthread_self() }
        var events = [csandbox_event](
            repeating: csandbox_event(), count: Int(CSANDBOX_EVENTS_MAX))
        while true {
            runJobs()
            if state.withLock({ $0.isStopping && $0.jobs.isEmpty }) { break }
            let count = csandbox_watch_wait(queue, &events, Int32(events.count))
            guard count > 0 else { continue }
            for event in events[0..<Int(count)] { dispatch(event) }
        }
        close(queue)
        close(bell)
    }

    private func runJobs() {
        while true {
            let (jobs, actions) = state.withLock { state in
                defer { (state.jobs, state.actions) = ([], []) }
                return (state.jobs, state.actions)
            }
            guard !jobs.isEmpty || !actions.isEmpty else { return }
            for job in jobs { job.runSynchronously(on: asUnownedSerialExecutor()) }
            for action in actions { action() }
        }
    }

    private func dispatch(_ event: csandbox_event) {
        let token = event.token
        guard token != 0 else {
            var count: UInt64 = 0
            _ = read(bell, &count, 8)
            return
        }
        // A handler forgotten by an earlier event of the same batch is not called any more.
        let handler = state.withLock { $0.handlers[token] }
        handler?(event.events)
    }
}
