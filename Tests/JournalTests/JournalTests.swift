// SPDX-License-Identifier: Apache-2.0
// The ring: what stays, in which order, and what a follower is given.

import Basics
import Journal
import Testing

struct JournalTests {
    private func record(_ number: UInt64) -> JournalRecord {
        JournalRecord(
            id: JournalID(rawValue: number), cause: .none, kind: .call,
            time: Timestamp(milliseconds: 0), service: "sqs", operation: "SendMessage")
    }

    private func journal(capacity: Int, holding numbers: ClosedRange<UInt64>) -> Journal {
        let journal = Journal(capacity: capacity, firstNumber: 1)
        for number in numbers { journal.append(record(number)) }
        return journal
    }

    private func numbers(_ records: [JournalRecord]) -> [UInt64] { records.map(\.id.rawValue) }

    @Test("The newest are kept in order", arguments: 1...9 as ClosedRange<UInt64>)
    func keepsNewest(last: UInt64) {
        let journal = journal(capacity: 4, holding: 1...last)
        #expect(numbers(journal.records()) == Array((1...last).suffix(4)))
        #expect(numbers(journal.records(limit: 2)) == Array((1...last).suffix(2)))
        #expect(journal.records(limit: 0).isEmpty)
    }

    @Test("A mark is read on from, as far as records are still there")
    func readsOn() {
        let journal = journal(capacity: 4, holding: 1...3)
        let mark = journal.mark
        #expect(journal.records(after: mark).records.isEmpty)
        journal.append(record(4))
        journal.append(record(5))
        let (records, next) = journal.records(after: mark)
        #expect(numbers(records) == [4, 5])
        for number in 6...12 as ClosedRange<UInt64> { journal.append(record(number)) }
        #expect(numbers(journal.records(after: next).records) == [9, 10, 11, 12])
    }

    @Test("Records of an earlier run come first and push nothing out")
    func restores() {
        let journal = journal(capacity: 4, holding: 11...12)
        let mark = journal.mark
        journal.restore([record(1), record(2), record(3)])
        #expect(numbers(journal.records()) == [2, 3, 11, 12])
        #expect(journal.records(after: mark).records.isEmpty)
    }
}
