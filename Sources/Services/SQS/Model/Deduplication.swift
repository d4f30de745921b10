// SPDX-License-Identifier: Apache-2.0
// What a FIFO queue remembers of recent deduplication ids.

package import Basics

/// A deduplication id in its scope: the queue, or one message group.
package struct DeduplicationKey: Hashable, Sendable {
    package let group: String?
    package let identifier: String

    package init(group: String?, identifier: String) {
        self.group = group
        self.identifier = identifier
    }
}

/// The answer a repeated send gets, and until when.
package struct DeduplicationEntry: Hashable, Sendable {
    package let messageID: String
    package let position: MessagePosition
    package let expiresAt: Timestamp

    package init(messageID: String, position: MessagePosition, expiresAt: Timestamp) {
        self.messageID = messageID
        self.position = position
        self.expiresAt = expiresAt
    }
}

/// The remembered ids; entries leave in the order of their expiry, which is send order.
struct DeduplicationMemory: Sendable {
    private var entries: [DeduplicationKey: DeduplicationEntry] = [:]
    private var order = Fifo<DeduplicationKey>()

    var count: Int { entries.count }

    /// The living entry for `key`.
    func entry(for key: DeduplicationKey, now: Timestamp) -> DeduplicationEntry? {
        guard let entry = entries[key], entry.expiresAt > now else { return nil }
        return entry
    }

    /// Up to `limit` keys whose time has passed, oldest first.
    func expired(now: Timestamp, limit: Int) -> [DeduplicationKey] {
        var keys: [DeduplicationKey] = []
        for key in order {
            guard keys.count < limit, let entry = entries[key], entry.expiresAt <= now else {
                break
            }
            keys.append(key)
        }
        return keys
    }

    mutating func remember(_ key: DeduplicationKey, _ entry: DeduplicationEntry) {
        if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
    }

    /// Drops keys that `expired` named, or that were remembered anew since.
    mutating func forget(_ keys: [DeduplicationKey]) {
        for key in keys where order.first == key {
            order.removeFirst()
            entries[key] = nil
        }
    }
}
