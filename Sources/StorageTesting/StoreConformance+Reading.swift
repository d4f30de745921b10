// SPDX-License-Identifier: Apache-2.0
// Order, ranges, range deletions, snapshots and version stamps.

import Basics
import Storage

extension StoreConformance {
    static let reading: [StoreCase] = [
        StoreCase("a batch's operations take effect in their order", operationsInOrder),
        StoreCase("ranges come in key order, both ways, within limits", rangesBothWays),
        StoreCase("prefixes hold their keys and no others", prefixes),
        StoreCase("range deletions remove what is there and only that", rangeDeletions),
        StoreCase("snapshots do not change", snapshots),
        StoreCase("random histories agree with a plain model", randomHistory),
        StoreCase("version stamps are the commit's version", versionStamps),
        StoreCase("values survive whatever their bytes", oddValues),
        StoreCase("a damaged record is reported, its neighbours are read", damagedRecord),
        StoreCase("a watch tells of changes to its range", watches),
    ]

    @Sendable private static func operationsInOrder(_ subject: StoreSubject) async throws {
        var batch = WriteBatch()
        batch.put(key: number(1), value: [1])
        batch.put(key: number(2), value: [2])
        batch.deleteRange(everything)
        batch.put(key: number(2), value: [3])
        batch.put(key: number(3), value: [4])
        batch.delete(key: number(3))
        let version = try subject.store.apply(batch)
        try await equal(subject.store.get(number(1)), nil, "a put before a range deletion goes")
        try await equal(subject.store.get(number(2)), [3], "a put after a range deletion stays")
        try await equal(subject.store.get(number(3)), nil, "a deletion after a put counts")
        try equal(subject.store.latestVersion, version, "the batch is the last commit")
        try expect(try subject.store.apply(batch) > version, "versions rise")
    }

    @Sendable private static func rangesBothWays(_ subject: StoreSubject) async throws {
        var batch = WriteBatch()
        for value in 0..<500 as Range<UInt64> {
            batch.put(key: number(value * 7919 % 500), value: [UInt8(value % 251)])
        }
        try subject.store.apply(batch)
        let all = try await subject.store.range(everything, limit: 1000)
        try equal(all.map(\.key), (0..<500).map { number($0) }, "ascending")
        let back = try await subject.store.range(everything, limit: 1000, reverse: true)
        try equal(back, all.reversed(), "descending")
        let part = KeyRange(from: number(100), to: number(200))
        try await equal(
            subject.store.range(part, limit: 3).map(\.key),
            [number(100), number(101), number(102)],
            "the lower bound is in, the limit counts")
        try await equal(
            subject.store.range(part, limit: 2, reverse: true).map(\.key),
            [number(199), number(198)], "the upper bound is out")
        try await equal(subject.store.range(part, limit: 0).count, 0, "nothing is asked for")
        for reverse in [false, true] {
            var pages = subject.store.pages(part, size: 33, reverse: reverse)
            var walked: [StoreKey] = []
            while let page = try await pages.next() { walked += page.map(\.key) }
            let expected = (100..<200).map { number($0) }
            try equal(walked, reverse ? expected.reversed() : expected, "pages lose nothing")
        }
    }

    @Sendable private static func prefixes(_ subject: StoreSubject) async throws {
        var batch = WriteBatch()
        for name in ["a", "aa", "ab", "b", "", "\0"] { batch.put(key: key(name, "x"), value: []) }
        batch.put(key: KeyEncoder(.testIndex).string("a").key, value: [])
        try subject.store.apply(batch)
        let found = try await subject.store.range(
            KeyEncoder(.test).string("a").prefix, limit: 10)
        try equal(found.map(\.key), [key("a", "x")], "a terminated text is no prefix of another")
        try await equal(subject.store.range(everything, limit: 10).count, 6, "kinds are apart")
    }

    @Sendable private static func rangeDeletions(_ subject: StoreSubject) async throws {
        var batch = WriteBatch()
        for value in 0..<300 as Range<UInt64> { batch.put(key: number(value), value: [1]) }
        try subject.store.apply(batch)
        var deletion = WriteBatch()
        deletion.deleteRange(KeyRange(from: number(50), to: number(250)))
        deletion.deleteRange(KeyRange(from: number(20), to: number(20)))
        try subject.store.apply(deletion)
        try await equal(
            subject.store.range(everything, limit: 1000).map(\.key),
            (Array(0..<50) + Array(250..<300)).map { number($0) }, "outside the range all is left")
        try put(subject.store, number(60), [2])
        try await equal(subject.store.get(number(60)), [2], "a deleted range takes new keys")
    }

    @Sendable private static func snapshots(_ subject: StoreSubject) async throws {
        for value in 0..<100 as Range<UInt64> { try put(subject.store, number(value), [1]) }
        let version = subject.store.latestVersion
        let view = try await subject.store.snapshot()
        try equal(view.version, version, "a snapshot has the version it was taken at")
        for value in 0..<200 as Range<UInt64> { try put(subject.store, number(value), [2]) }
        var deletion = WriteBatch()
        deletion.deleteRange(KeyRange(from: number(0), to: number(50)))
        try subject.store.apply(deletion)
        let seen = try await view.range(everything, limit: 1000, reverse: false)
        try equal(seen.count, 100, "later keys are not seen, deleted ones are")
        try expect(seen.allSatisfy { $0.value == [1] }, "later values are not seen")
        try await equal(view.get(number(150)), nil, "later keys are not seen by name")
        try await equal(subject.store.range(everything, limit: 1000).count, 150, "the store moved")
    }

    @Sendable private static func randomHistory(_ subject: StoreSubject) async throws {
        let entropy = SeededEntropy(seed: 42)
        var model: [UInt64: [UInt8]] = [:]
        for step in 0..<400 {
            var batch = WriteBatch()
            for _ in 0...entropy.below(4) {
                let low = entropy.below(200)
                switch entropy.below(8) {
                case 0:
                    let high = low + entropy.below(40)
                    batch.deleteRange(KeyRange(from: number(low), to: number(high)))
                    for value in low..<high { model[value] = nil }
                case 1, 2:
                    batch.delete(key: number(low))
                    model[low] = nil
                default:
                    let value = entropy.bytes(Int(entropy.below(20)))
                    batch.put(key: number(low), value: value)
                    model[low] = value
                }
            }
            try subject.store.apply(batch)
            if step % 20 == 0 {
                let low = entropy.below(200)
                let range = KeyRange(from: number(low), to: number(low + 60))
                let expected = (low..<low + 60).compactMap { value in
                    model[value].map { KeyValue(key: number(value), value: $0) }
                }
                let reverse = step % 40 == 0
                try await equal(
                    subject.store.range(range, limit: 100, reverse: reverse),
                    reverse ? expected.reversed() : expected, "step \(step)")
            }
        }
    }

    @Sendable private static func versionStamps(_ subject: StoreSubject) async throws {
        var versions: [StoreVersion] = []
        for _ in 0..<3 {
            var record = RecordWriter(.test)
            record.versionStamp(1)
            record.string(2, "after")
            var batch = WriteBatch()
            batch.put(key: number(9), value: [0])
            guard
                let key = KeyEncoder(.testIndex).byte(1).versionStamp().byte(2).stampedKey,
                let value = record.finishStamped()
            else { throw ConformanceFailure(description: "no stamp") }
            batch.put(key: key, value: value)
            versions.append(try subject.store.apply(batch))
        }
        let pairs = try await subject.store.range(KeyRange(kind: .testIndex), limit: 10)
        try equal(pairs.count, 3, "each commit has a key of its own")
        for (pair, version) in zip(pairs, versions) {
            var decoder = try KeyDecoder(pair.key, kind: .testIndex)
            _ = try decoder.byte()
            try equal(try decoder.version(), version, "the key holds the version")
            try equal(try decoder.byte(), 2, "what follows the stamp is left alone")
            var record = try RecordReader(pair.value, under: pair.key, kind: .test)
            try equal(try record.next(), 1, "the record is whole")
            try equal(try record.version(), version, "the value holds the version")
            try equal(try record.next(), 2, "the record is whole")
            try equal(try record.string(), "after", "what follows the stamp is left alone")
        }
    }

    @Sendable private static func oddValues(_ subject: StoreSubject) async throws {
        let values: [[UInt8]] = [[], [0], [0xFF], Array(repeating: 0, count: 300_000)]
        for (index, value) in values.enumerated() {
            try put(subject.store, number(UInt64(index)), value)
        }
        for (index, value) in values.enumerated() {
            try await equal(subject.store.get(number(UInt64(index))), value, "value \(index)")
        }
    }

    @Sendable private static func damagedRecord(_ subject: StoreSubject) async throws {
        for value in 0..<3 as Range<UInt64> {
            var record = RecordWriter(.test)
            record.unsigned(1, value)
            var bytes = record.finish()
            if value == 1 { bytes[4] ^= 1 }
            try put(subject.store, number(value), bytes)
        }
        for pair in try await subject.store.range(everything, limit: 10) {
            if pair.key == number(1) {
                try await refuses("a flipped bit", with: { $0.isDamage(of: pair.key) }) {
                    _ = try RecordReader(pair.value, under: pair.key, kind: .test)
                }
            } else {
                _ = try RecordReader(pair.value, under: pair.key, kind: .test)
            }
        }
    }

    @Sendable private static func watches(_ subject: StoreSubject) async throws {
        let watch = subject.store.watch(KeyRange(from: number(10), to: number(20)))
        try put(subject.store, number(30), [1])
        try put(subject.store, number(10), [1])
        try await equal(watch.changed(), true, "a change before the call is told")
        async let told = watch.changed()
        var deletion = WriteBatch()
        deletion.deleteRange(KeyRange(from: number(0), to: number(15)))
        try subject.store.apply(deletion)
        try await equal(told, true, "a range deletion is a change")
        watch.end()
        try await equal(watch.changed(), false, "an ended watch says so")
    }
}

extension StoreError {
    func isDamage(of key: StoreKey) -> Bool {
        if case .damaged(key, _) = self { return true }
        return false
    }

    var isFailure: Bool {
        if case .failed = self { return true }
        return false
    }
}
