// SPDX-License-Identifier: Apache-2.0
// The journal as it grows, line by line, for as long as the client listens.

import Chronology
import HTTPFront
import Journal

/// Writes records from now on.
struct JournalFollower: Sendable {
    let journal: Journal

    func run(_ writer: HTTPBodyWriter) async throws {
        var last = journal.mark
        while !Task.isCancelled {
            let ticket = WakeTicket()
            journal.follow(ticket)
            let (records, mark) = journal.records(after: last)
            last = mark
            for record in records { try await writer.write(AdminAPI.line(record)) }
            if !records.isEmpty { continue }
            await withTaskCancellationHandler {
                await ticket.wait()
            } onCancel: {
                ticket.wake()
            }
        }
    }
}
