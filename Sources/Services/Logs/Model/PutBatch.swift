// SPDX-License-Identifier: Apache-2.0
// The rules a PutLogEvents batch is held to, and which of its events are too old or too new.

import LogsWire
import WireModel

/// A batch that is in order and within the limits.
struct PutBatch: Sendable {
    let events: [CloudWatchLogs.InputLogEvent]
    /// Messages and overhead.
    let bytes: Int

    init(_ events: [CloudWatchLogs.InputLogEvent], limits: LogsLimits) throws(ServiceFault) {
        self.events = events
        var total = 0
        var before = Int64.min
        for event in events {
            let size = event.message.utf8.count + limits.eventOverheadBytes
            guard event.message.utf8.count <= limits.eventBytesMax else {
                throw LogsFaults.invalidParameter(
                    "Log event too large: \(size) bytes exceeds limit of \(limits.eventBytesMax)")
            }
            guard event.timestamp >= before else {
                throw LogsFaults.invalidParameter(
                    "Log events in a single PutLogEvents request must be in chronological order.")
            }
            before = event.timestamp
            total += size
        }
        guard total <= limits.batchBytesMax else {
            throw LogsFaults.invalidParameter(
                "Upload too large: \(total) bytes exceeds limit of \(limits.batchBytesMax)")
        }
        bytes = total
    }

    /// Which events are taken, and what the client is told of the others.
    struct Verdict: Sendable {
        let accepted: Range<Int>
        let rejected: CloudWatchLogs.RejectedLogEventsInfo?
    }

    /// Judges a batch at `now`; events before `expiry` would be gone at once.
    ///
    /// Throws when the events that would be taken span too long a time: those that are too old
    /// or too new do not count.
    func judge(now: Int64, expiry: Int64?, limits: LogsLimits) throws(ServiceFault) -> Verdict {
        let oldest = now - limits.pastMilliseconds
        let tooOld = events.prefix { $0.timestamp < oldest }.count
        let expired = events.prefix { $0.timestamp < expiry ?? .min }.count
        let tooNew =
            events.firstIndex { $0.timestamp > now + limits.futureMilliseconds } ?? events.count
        let start = max(tooOld, expired)
        let accepted = start..<max(start, tooNew)
        if let first = events[accepted].first, let last = events[accepted].last,
            last.timestamp - first.timestamp > limits.batchSpanMilliseconds
        {
            throw LogsFaults.invalidParameter(
                "The batch of log events in a single PutLogEvents request cannot span more than "
                    + "24 hours.")
        }
        guard accepted.count < events.count else {
            return Verdict(accepted: accepted, rejected: nil)
        }
        return Verdict(
            accepted: accepted,
            rejected: CloudWatchLogs.RejectedLogEventsInfo(
                tooNewLogEventStartIndex: tooNew < events.count ? Int32(clamping: tooNew) : nil,
                tooOldLogEventEndIndex: tooOld > 0 ? Int32(clamping: tooOld) : nil,
                expiredLogEventEndIndex: expired > tooOld ? Int32(clamping: expired) : nil))
    }

    func drafts(_ accepted: Range<Int>, _ limits: LogsLimits) -> [ChunkDraft] {
        ChunkDraft.cut(
            accepted, times: { events[$0].timestamp },
            sizes: { events[$0].message.utf8.count + limits.eventOverheadBytes })
    }
}
