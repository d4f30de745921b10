// SPDX-License-Identifier: Apache-2.0
// Reading the timestamp forms that AWS clients send.

extension Timestamp {
    /// Reads `2026-11-24T07:24:45[.fraction](Z|±hh:mm)` and `20261124T072445Z`.
    ///
    /// Returns `nil` for anything else; fractions beyond milliseconds are cut off.
    package init?(iso8601 text: some StringProtocol) {
        var reader = DigitReader(bytes: Array(text.utf8))
        guard let year = reader.number(digits: 4) else { return nil }
        let extended = reader.skip(UInt8(ascii: "-"))
        guard let month = reader.number(digits: 2), !extended || reader.skip(UInt8(ascii: "-")),
            let day = reader.number(digits: 2)
        else { return nil }
        if reader.isAtEnd {
            self.init(year: year, month: month, day: day)
            return
        }
        guard reader.skip(UInt8(ascii: "T")) || reader.skip(UInt8(ascii: "t")),
            let hour = reader.number(digits: 2), !extended || reader.skip(UInt8(ascii: ":")),
            let minute = reader.number(digits: 2), !extended || reader.skip(UInt8(ascii: ":")),
            let second = reader.number(digits: 2)
        else { return nil }
        let fraction = reader.skip(UInt8(ascii: ".")) ? reader.fractionMilliseconds() : 0
        guard let fraction, let offset = reader.offsetSeconds(), reader.isAtEnd,
            let local = Timestamp(
                year: year, month: month, day: day, hour: hour, minute: minute, second: second,
                millisecond: fraction)
        else { return nil }
        self = local.adding(seconds: -Int64(offset))
    }
}

/// A cursor over ASCII digits that answers `nil` rather than guess.
private struct DigitReader {
    let bytes: [UInt8]
    var position = 0

    var isAtEnd: Bool { position == bytes.count }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    mutating func number(digits: Int) -> Int? {
        guard position + digits <= bytes.count else { return nil }
        var value = 0
        for byte in bytes[position..<position + digits] {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        position += digits
        return value
    }

    /// At least one digit after the point; the first three count.
    mutating func fractionMilliseconds() -> Int? {
        var value = 0
        var count = 0
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
            if count < 3 { value = value * 10 + Int(bytes[position] - 0x30) }
            count += 1
            position += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }

    /// `Z` or `±hh:mm`, as seconds east of Greenwich.
    mutating func offsetSeconds() -> Int? {
        if skip(UInt8(ascii: "Z")) || skip(UInt8(ascii: "z")) { return 0 }
        let east = skip(UInt8(ascii: "+"))
        guard east || skip(UInt8(ascii: "-")), let hours = number(digits: 2) else { return nil }
        _ = skip(UInt8(ascii: ":"))
        guard let minutes = number(digits: 2), hours < 24, minutes < 60 else { return nil }
        return (east ? 1 : -1) * (hours * 3600 + minutes * 60)
    }
}
