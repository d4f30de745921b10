// SPDX-License-Identifier: Apache-2.0
// What a world remembers of itself: its clock, and how often it was started.

import Basics
import Chronology
import Storage

enum WorldRecords {
    static let clockKey = KeyEncoder(.clock).key
    static let bootKey = KeyEncoder(.store).string("boots").key

    /// The stored clock, or `nil` in a new world.
    nonisolated(nonsending)
        static func clock(in store: some StoreReader) async throws -> ClockSetting?
    {
        guard let value = try await store.get(clockKey) else { return nil }
        return try ClockSetting(value, key: clockKey)
    }

    /// Counts this start and returns its number, from 1.
    nonisolated(nonsending)
        static func countBoot(in store: any Store) async throws -> UInt64
    {
        var boots: UInt64 = 0
        if let value = try await store.get(bootKey) {
            var reader = try RecordReader(value, under: bootKey, kind: .store)
            while let field = try reader.next() {
                if field == 1 { boots = try reader.unsigned() }
            }
        }
        var writer = RecordWriter(.store)
        writer.unsigned(1, boots &+ 1)
        var batch = WriteBatch()
        batch.put(key: bootKey, value: writer.finish())
        // Record numbers only need to be new, which an applied counter ensures.
        try store.apply(batch)
        return boots &+ 1
    }
}

extension ClockSetting {
    var record: [UInt8] {
        var writer = RecordWriter(.clock)
        switch mode {
        case .real: writer.unsigned(1, 0)
        case .scaled(let rate):
            writer.unsigned(1, 1)
            writer.signed(2, rate)
        case .frozen: writer.unsigned(1, 2)
        }
        writer.time(3, now)
        writer.signed(4, offsetMilliseconds)
        return writer.finish()
    }

    init(_ value: [UInt8], key: StoreKey) throws(StoreError) {
        var kind: UInt64 = 0
        var rate: Int64 = 1000
        var now = Timestamp(milliseconds: 0)
        var offset: Int64 = 0
        var reader = try RecordReader(value, under: key, kind: .clock)
        while let field = try reader.next() {
            switch field {
            case 1: kind = try reader.unsigned()
            case 2: rate = try reader.signed()
            case 3: now = try reader.time()
            case 4: offset = try reader.signed()
            default: break
            }
        }
        let mode: ClockMode =
            switch kind {
            case 1: .scaled(ratePerThousand: rate)
            case 2: .frozen
            default: .real
            }
        self.init(mode: mode, now: now, offsetMilliseconds: offset)
    }
}
