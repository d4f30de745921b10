// SPDX-License-Identifier: Apache-2.0
// What a FIFO queue remembers for some minutes: deduplication ids and receive attempts.

package import Basics

/// Something that counts until a time.
package protocol Expiring: Sendable {
    var expiresAt: Timestamp { get }
}

/// Remembered entries by key; they leave in the order in which they came.
struct RecentMemory<Key: Hashable & Sendable, Entry: Expiring>: Sendable {
    private var entries: [Key: Entry] = [:]
    private var order = Fifo<Key>()

    var count: Int { entries.count }

    /// The living entry for `key`.
    func entry(for key: Key, now: Timestamp) -> Entry? {
        guard let entry = entries[key], entry.expiresAt > now else { return nil }
        return entry
    }

    /// Up to `limit` keys whose time has passed, oldest first.
    func expired(now: Timestamp, limit: Int) -> [Key] {
        var keys: [Key] = []
        for key in order {
            guard keys.count < limit, let entry = entries[key], entry.expiresAt <= now else {
                break
            }
            keys.append(key)
        }
        return keys
    }

    mutating func remember(_ key: Key, _ entry: Entry) {
        if entries.updateValue(entry, forKey: key) == nil { order.append(key) }
    }

    /// Drops keys that `expired` named, or that were remembered anew since.
    mutating func forget(_ keys: [Key]) {
        for key in keys where order.first == key {
            order.removeFirst()
            entries[key] = nil
        }
    }
}
