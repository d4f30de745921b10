// SPDX-License-Identifier: Apache-2.0
// Key order and record framing: what is written is read back, in order, and damage is told.

import Basics
import Storage
import Testing

@Suite struct KeyTests {
    @Test func partsComeBackAsWritten() throws {
        let key = KeyEncoder(.test).cell(CellID(rawValue: 7)).string("a\0b").signed(-5)
            .bytes([0, 0xFF, 0]).bool(true).unsigned32(9).rawTail([1, 0]).key
        var decoder = try KeyDecoder(key, kind: .test)
        #expect(try decoder.cell() == CellID(rawValue: 7))
        #expect(try decoder.string() == "a\0b")
        #expect(try decoder.signed() == -5)
        #expect(try decoder.bytes() == [0, 0xFF, 0])
        #expect(try decoder.bool())
        #expect(try decoder.unsigned32() == 9)
        #expect(decoder.rawTail() == [1, 0])
        try decoder.end()
    }

    @Test func orderOfKeysIsOrderOfParts() {
        let texts = ["", "\0", "\0\u{1}", "\u{1}", "a", "a\0", "a\0b", "aa", "b", "é"]
        let numbers: [Int64] = [.min, -1, 0, 1, 255, 256, .max]
        var keys: [StoreKey] = []
        for text in texts {
            for number in numbers { keys.append(KeyEncoder(.test).string(text).signed(number).key) }
        }
        #expect(keys == keys.sorted())
        #expect(Set(keys).count == keys.count)
    }

    @Test func prefixHoldsItsKeysOnly() {
        let prefix = KeyEncoder(.test).unsigned16(0xFFFF).prefix
        #expect(prefix.contains(KeyEncoder(.test).unsigned16(0xFFFF).unsigned(1).key))
        #expect(!prefix.contains(KeyEncoder(.test).unsigned16(0xFFFE).unsigned(1).key))
        #expect(!prefix.contains(KeyEncoder(.testIndex).key))
    }

    @Test func cutKeysAreDamagedNotTrapped() throws {
        let key = KeyEncoder(.test).string("abc").unsigned(4).key
        for length in 1..<key.bytes.count {
            var decoder = try KeyDecoder(
                StoreKey(bytes: Array(key.bytes.prefix(length))), kind: .test)
            #expect(throws: StoreError.self) {
                _ = try decoder.string()
                _ = try decoder.unsigned()
            }
        }
    }
}

@Suite struct RecordTests {
    private static let key = KeyEncoder(.test).key

    private static func sample() -> [UInt8] {
        var record = RecordWriter(.test, version: 2)
        record.unsigned(1, 300)
        record.signed(2, -300)
        record.string(3, "text")
        record.bytes(4, [1, 2, 3])
        record.bool(5, true)
        record.time(6, Timestamp(milliseconds: -1))
        record.string(7, nil)
        record.nested(8) { $0.integer(1, .min) }
        record.version(9, StoreVersion(rawValue: 77))
        return record.finish()
    }

    @Test func fieldsComeBackAndUnreadOnesAreSkipped() throws {
        var record = try RecordReader(Self.sample(), under: Self.key, kind: .test, newest: 2)
        var seen: [Int] = []
        while let field = try record.next() {
            seen.append(field)
            switch field {
            case 1: #expect(try record.unsigned() == 300)
            case 2: #expect(try record.signed() == -300)
            case 3: #expect(try record.string() == "text")
            case 6: #expect(try record.time() == Timestamp(milliseconds: -1))
            case 8:
                var inner = try record.nested()
                #expect(try inner.next() == 1)
                #expect(try inner.integer() == .min)
                #expect(try inner.next() == nil)
            case 9: #expect(try record.version() == StoreVersion(rawValue: 77))
            default: break
            }
        }
        #expect(seen == [1, 2, 3, 4, 5, 6, 8, 9])
    }

    @Test func everyFlippedBitAndEveryCutIsReported() {
        let sample = Self.sample()
        for bit in 0..<sample.count * 8 {
            var copy = sample
            copy[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: StoreError.damaged(key: Self.key, reason: "checksum differs")) {
                _ = try RecordReader(copy, under: Self.key, kind: .test, newest: 2)
            }
        }
        for length in 0..<sample.count {
            #expect(throws: StoreError.self) {
                _ = try RecordReader(
                    Array(sample.prefix(length)), under: Self.key, kind: .test, newest: 2)
            }
        }
    }

    @Test func newerVersionIsNamed() {
        #expect(throws: StoreError.newerFormat(key: Self.key, found: 2, newestKnown: 1)) {
            _ = try RecordReader(Self.sample(), under: Self.key, kind: .test, newest: 1)
        }
    }
}
