// SPDX-License-Identifier: Apache-2.0
// Calendar forms of a timestamp, proleptic Gregorian and always UTC. Written by hand because
// Foundation's formatters cost start-up time and are far too slow for a request path.

extension Timestamp {
    /// Calendar fields in UTC.
    package struct Calendar: Sendable {
        package let year: Int
        package let month: Int
        package let day: Int
        package let hour: Int
        package let minute: Int
        package let second: Int
        package let millisecond: Int
        /// 0 is Sunday.
        package let weekday: Int
    }

    /// The UTC calendar fields, by the days-to-civil method on 400-year eras.
    package var calendar: Calendar {
        let wholeSeconds = seconds
        let days = wholeSeconds.flooredQuotient(86_400)
        let rest = Int(wholeSeconds - days * 86_400)
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return Calendar(
            year: Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0)), month: Int(month),
            day: Int(dayOfYear - (153 * monthIndex + 2) / 5 + 1),
            hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60,
            millisecond: Int(milliseconds - wholeSeconds.multipliedSaturating(by: 1000)),
            weekday: Int((days + 4) - (days + 4).flooredQuotient(7) * 7))
    }

    /// A UTC calendar time; `nil` when a field is outside its range.
    package init?(
        year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
        millisecond: Int = 0
    ) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...Timestamp.daysInMonth(month, year: year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second),
            (0...999).contains(millisecond)
        else { return nil }
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let era = shiftedYear.flooredQuotient(400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = Int64((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        let wholeSeconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        self.init(milliseconds: wholeSeconds * 1000 + Int64(millisecond))
    }

    /// Length of a month in days; `month` is 1 to 12.
    package static func daysInMonth(_ month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// `2026-11-24T07:24:45Z`, with `.123` before the `Z` when `fraction` is asked for.
    package func iso8601(fraction: Bool = false) -> String {
        let fields = calendar
        var text = "\(padded(fields.year, 4))-\(padded(fields.month, 2))-\(padded(fields.day, 2))"
        text += "T\(padded(fields.hour, 2)):\(padded(fields.minute, 2)):\(padded(fields.second, 2))"
        if fraction { text += ".\(padded(fields.millisecond, 3))" }
        return text + "Z"
    }

    /// `20261124T072445Z`, the form SigV4 uses.
    package var basicISO8601: String {
        let fields = calendar
        return "\(padded(fields.year, 4))\(padded(fields.month, 2))\(padded(fields.day, 2))T"
            + "\(padded(fields.hour, 2))\(padded(fields.minute, 2))\(padded(fields.second, 2))Z"
    }

    /// `Tue, 24 Nov 2026 07:24:45 GMT`, the HTTP date (RFC 9110, 5.6.7).
    package var httpDate: String {
        let fields = calendar
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return "\(weekdays[fields.weekday]), \(padded(fields.day, 2)) \(months[fields.month - 1]) "
            + "\(padded(fields.year, 4)) \(padded(fields.hour, 2)):\(padded(fields.minute, 2)):"
            + "\(padded(fields.second, 2)) GMT"
    }
}

/// `value` in decimal with leading zeros up to `width` digits.
private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension Int64 {
    /// Quotient rounded towards negative infinity; `divisor` is positive.
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
