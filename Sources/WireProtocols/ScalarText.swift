// SPDX-License-Identifier: Apache-2.0
// Scalars as plain text: what query parameters, headers, labels and XML elements hold.

import Basics
import WireModel

/// Reading and writing of scalars as text.
enum ScalarText {
    static func boolean(_ text: String) throws(WireReadError) -> Bool {
        switch text {
        case "true", "True", "TRUE", "1": return true
        case "false", "False", "FALSE", "0": return false
        default: throw WireReadError("Value is not a Boolean")
        }
    }

    static func integer(_ text: String, _ range: ClosedRange<Int64>) throws(WireReadError)
        -> Int64
    {
        guard let value = Int64(text), range.contains(value) else {
            throw WireReadError("Value is not an Integer in range")
        }
        return value
    }

    static func double(_ text: String) throws(WireReadError) -> Double {
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            guard let value = Double(text), value.isFinite,
                text.utf8.allSatisfy({ ($0 >= 0x2B && $0 <= 0x39) || $0 | 0x20 == 0x65 })
            else { throw WireReadError("Value is not a Double") }
            return value
        }
    }

    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        return value == value.rounded() && abs(value) < 1e15
            ? String(Int64(value)) : String(value)
    }

    static func blob(_ text: String) throws(WireReadError) -> [UInt8] {
        var copy = text
        guard let bytes = copy.withUTF8({ Base64Bytes.decode($0) }) else {
            throw WireReadError("Blob is not valid base64")
        }
        return bytes
    }

    /// Any of the three forms; clients do not all keep to the model's.
    static func timestamp(_ text: String) throws(WireReadError) -> Timestamp {
        if let time = Timestamp(iso8601: text) { return time }
        if let time = httpDate(text) { return time }
        return try timestamp(epochSeconds: try double(text))
    }

    static func timestamp(epochSeconds value: Double) throws(WireReadError) -> Timestamp {
        let milliseconds = (value * 1000).rounded()
        guard milliseconds.isFinite, abs(milliseconds) < 9e15 else {
            throw WireReadError("Timestamp is out of range")
        }
        return Timestamp(milliseconds: Int64(milliseconds))
    }

    static func text(_ time: Timestamp, _ format: TimestampFormat) -> String {
        let fraction = time.milliseconds - time.seconds.multipliedSaturating(by: 1000)
        switch format {
        case .iso8601: return time.iso8601(fraction: fraction != 0)
        case .httpDate: return time.httpDate
        case .epochSeconds:
            guard fraction != 0 else { return String(time.seconds) }
            // Exact decimal: a double of milliseconds would print as well, but slower.
            let magnitude = time.milliseconds.magnitude
            let digits = String(magnitude % 1000)
            let padded = String(repeating: "0", count: 3 - digits.utf8.count) + digits
            return "\(time.milliseconds < 0 ? "-" : "")\(magnitude / 1000).\(padded)"
        }
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Tue, 24 Nov 2026 07:24:45 GMT`.
    private static func httpDate(_ text: String) -> Timestamp? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let day = Int(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = Int(parts[3])
        else { return nil }
        let clock = parts[4].split(separator: ":").map { Int($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2]
        else { return nil }
        return Timestamp(
            year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)
    }
}

/// Percent-encoding (RFC 3986) and the form encoding of query requests.
enum PercentText {
    /// Decoded text; `nil` for broken escapes or bytes that are not UTF-8.
    static func decoded(_ bytes: some Sequence<UInt8>, isForm: Bool) -> String? {
        var output: [UInt8] = []
        var rest = bytes.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(Hex.digit),
                    let low = rest.next().flatMap(Hex.digit)
                else { return nil }
                output.append(high << 4 | low)
            case UInt8(ascii: "+") where isForm: output.append(0x20)
            default: output.append(byte)
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    /// The pairs of `a=b&c=d`; `nil` for broken escapes or more than `countMax` of them.
    static func pairs(of bytes: some Collection<UInt8>, countMax: Int)
        -> [(name: String, value: String)]?
    {
        var pairs: [(name: String, value: String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < countMax else { return nil }
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            let rest = part[equals...].dropFirst()
            guard let name = decoded(part[..<equals], isForm: true),
                let value = decoded(rest, isForm: true)
            else { return nil }
            pairs.append((name, value))
        }
        return pairs
    }
}
