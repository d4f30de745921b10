// SPDX-License-Identifier: Apache-2.0
// The threads on which reads wait for the disk. What they read is the caller's business.

/// A few threads with one queue, for calls that may block.
///
/// Threads start with the first call, so a store that fits in memory has none. The queue is as
/// long as there are suspended callers; those are bounded at the edge.
final class ReadPool: @unchecked Sendable {
    private let gate = Gate()
    private let threadsMax: Int
    // Guarded by `gate`.
    private var queue: [@Sendable () -> Void] = []
    private var head = 0
    private var threads: [EngineThread] = []
    private var idle = 0
    private var stopping = false

    init(threadsMax: Int = 2) { self.threadsMax = threadsMax }

    /// Runs `body` on one of the threads.
    nonisolated(nonsending)
        func run<Value: Sendable, Failure: Error>(
            _ body: @escaping @Sendable () throws(Failure) -> Value
        ) async throws(Failure) -> Value
    {
        let result: Result<Value, Failure> = await withUnsafeContinuation { continuation in
            enqueue {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Lets the threads finish what is queued and waits for them.
    func stop() {
        let threads = gate.withLock {
            stopping = true
            gate.broadcast()
            return self.threads
        }
        for thread in threads { thread.join() }
    }

    private func enqueue(_ job: @escaping @Sendable () -> Void) {
        let here = gate.withLock {
            if stopping { return true }
            if idle == 0, threads.count < threadsMax,
                let thread = EngineThread(name: "martlet-read", { [self] in work() })
            {
                threads.append(thread)
            }
            if threads.isEmpty { return true }
            queue.append(job)
            gate.signal()
            return false
        }
        // No thread is to be had: better slow than never.
        if here { job() }
    }

    private func work() {
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        gate.withLock {
            while head == queue.count {
                if stopping { return nil }
                idle += 1
                gate.wait(milliseconds: nil)
                idle -= 1
            }
            let job = queue[head]
            head += 1
            if head == queue.count {
                queue.removeAll(keepingCapacity: queue.capacity < 1024)
                head = 0
            }
            return job
        }
    }
}
