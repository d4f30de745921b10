// SPDX-License-Identifier: Apache-2.0
// Physical time limits of a connection. One timer each, and it is moved only when it would fire
// too late: a busy connection touches its timer once in a long while, not once a request.

import NIOCore

/// What a connection waits for and until when.
struct Deadlines {
    enum Kind {
        case none
        case idle
        case head
        case body
        /// For the client to take what was sent.
        case writing
        case lingering
    }

    var kind = Kind.none
    var due = NIODeadline.distantFuture
    var timer: Scheduled<Void>?
    var timerDue = NIODeadline.distantFuture
    /// Where the count that has to grow stood at the last look.
    var mark: UInt64 = 0
}

extension ConnectionHandler {
    /// Nothing on the client's side is waited for.
    func rest() {
        deadlines.kind = .none
        deadlines.due = .distantFuture
    }

    func wait(_ kind: Deadlines.Kind, for time: TimeAmount) {
        deadlines.kind = kind
        deadlines.due = eventLoop.now + time
        if deadlines.timerDue > deadlines.due { schedule() }
    }

    func waitForBody() {
        guard deadlines.kind != .body else { return }
        deadlines.mark = decoder.bodyBytesSeen
        wait(.body, for: limits.rateGrace)
    }

    func waitForClient() {
        guard deadlines.kind != .writing else { return }
        deadlines.mark = unsentBytes
        wait(.writing, for: limits.rateGrace)
    }

    private var unsentBytes: UInt64 {
        let option = ChannelOptions.bufferedWritableBytes
        return UInt64(clamping: (try? context?.channel.syncOptions?.getOption(option)) ?? 0)
    }

    private func schedule() {
        deadlines.timer?.cancel()
        deadlines.timerDue = deadlines.due
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        deadlines.timer = eventLoop.scheduleTask(deadline: deadlines.due) {
            handler.value.timerFired()
        }
    }

    private func timerFired() {
        deadlines.timer = nil
        deadlines.timerDue = .distantFuture
        guard phase != .closed, deadlines.due < .distantFuture else { return }
        if eventLoop.now < deadlines.due { schedule() } else { expire() }
    }

    private func expire() {
        switch deadlines.kind {
        case .none: break
        case .idle, .lingering: context?.close(promise: nil)
        case .head:
            // A client that never began a request is not told anything.
            if decoder.isInsideHead {
                refuse(.tooSlow)
                flush()
            } else {
                context?.close(promise: nil)
            }
        case .body:
            let grown = decoder.bodyBytesSeen &- deadlines.mark
            if grown >= bytesDuePerWindow {
                deadlines.mark = decoder.bodyBytesSeen
                wait(.body, for: limits.rateWindow)
            } else {
                refuse(.tooSlow)
                flush()
            }
        case .writing:
            let unsent = unsentBytes
            if unsent < deadlines.mark, deadlines.mark - unsent >= bytesDuePerWindow {
                deadlines.mark = unsent
                wait(.writing, for: limits.rateWindow)
            } else {
                context?.close(promise: nil)
            }
        }
    }

    private var bytesDuePerWindow: UInt64 {
        let seconds = max(limits.rateWindow.nanoseconds / 1_000_000_000, 1)
        return UInt64(clamping: seconds) * UInt64(clamping: limits.bytesPerSecondMin)
    }
}

extension HTTPRejection {
    static let tooSlow = HTTPRejection(status: 408, reason: "request too slow")
}
