// SPDX-License-Identifier: Apache-2.0
// Where an event stands among all of its group, and the texts that clients know it by.

import Storage

/// The order of events: by time, then as they were put.
///
/// As a place to read from it means "before the event of this position".
struct EventPosition: Hashable, Comparable, Sendable {
    var time: Int64
    /// The commit that stored the event.
    var version: UInt64 = 0
    /// Its place in its PutLogEvents.
    var index: UInt32 = 0

    static let start = EventPosition(time: 0)

    /// Just after this event.
    var next: EventPosition {
        index < .max
            ? EventPosition(time: time, version: version, index: index + 1)
            : EventPosition(time: time, version: version &+ 1)
    }

    static func < (left: EventPosition, right: EventPosition) -> Bool {
        (left.time, left.version, left.index) < (right.time, right.version, right.index)
    }

    /// 56 digits, as AWS's event ids have.
    var digits: String {
        Digits.padded(UInt64(clamping: time), 20) + Digits.padded(version, 20)
            + Digits.padded(UInt64(index), 16)
    }

    init(time: Int64, version: UInt64 = 0, index: UInt32 = 0) {
        self.time = time
        self.version = version
        self.index = index
    }

    /// `nil` unless `digits` is what the property makes.
    init?(digits: some StringProtocol) {
        let bytes = Array(digits.utf8)
        guard bytes.count == 56, bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let time = Int64(String(decoding: bytes[..<20], as: UTF8.self)),
            let version = UInt64(String(decoding: bytes[20..<40], as: UTF8.self)),
            let index = UInt32(String(decoding: bytes[40...], as: UTF8.self))
        else { return nil }
        self.init(time: time, version: version, index: index)
    }
}

/// A token of GetLogEvents: a direction and where to go on.
struct ReadToken: Hashable, Sendable {
    let isForward: Bool
    let position: EventPosition

    var text: String { (isForward ? "f/" : "b/") + position.digits }

    init(isForward: Bool, position: EventPosition) {
        self.isForward = isForward
        self.position = position
    }

    init?(_ text: String) {
        guard text.hasPrefix("f/") || text.hasPrefix("b/"),
            let position = EventPosition(digits: text.dropFirst(2))
        else { return nil }
        self.init(isForward: text.hasPrefix("f/"), position: position)
    }
}
