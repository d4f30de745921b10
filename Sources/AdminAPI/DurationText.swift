// SPDX-License-Identifier: Apache-2.0
// Spans of time as people write them: 90s, 15m, 1h30m, 4d.

/// Reads spans of time.
package enum DurationText {
    /// Whole numbers with the units ms, s, m, h and d, largest first or not; `nil` for others.
    package static func milliseconds(_ text: String) -> Int64? {
        var total: Int64 = 0
        var rest = Substring(text)
        guard !rest.isEmpty, rest.utf8.count <= 64 else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(unit.count)
            let factor: Int64
            switch unit {
            case "ms": factor = 1
            case "s": factor = 1000
            case "m": factor = 60_000
            case "h": factor = 3_600_000
            case "d": factor = 86_400_000
            default: return nil
            }
            let (part, overflow) = number.multipliedReportingOverflow(by: factor)
            let (sum, beyond) = total.addingReportingOverflow(part)
            // A century is more than any AWS limit; further would only overflow elsewhere.
            guard !overflow, !beyond, sum <= 36_525 * 86_400_000 else { return nil }
            total = sum
        }
        return total
    }
}
