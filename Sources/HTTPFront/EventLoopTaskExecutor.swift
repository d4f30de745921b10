// SPDX-License-Identifier: Apache-2.0
// Runs tasks on an event loop, so that a handler started on a connection's loop comes back to it.

package import NIOCore

/// A task executor whose one thread is an event loop's.
package final class EventLoopTaskExecutor: TaskExecutor {
    package let eventLoop: any EventLoop

    package init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        eventLoop.execute { job.runSynchronously(on: executor) }
    }
}
