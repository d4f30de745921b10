// SPDX-License-Identifier: Apache-2.0
// Queues' names by the URLs and ARNs that calls give: each call gives one three times, and a client
// gives the same one for ever. Whether there is such a queue is the registry's business.

import Basics
import Synchronization

/// What URLs and ARNs were found to name; holds nothing that could be out of date.
final class QueueAddresses: Sendable {
    struct Entry: Sendable {
        let name: QueueName
        let arn: String
    }

    private struct Known: Sendable {
        var byURL: [String: Entry] = [:]
        var byARN: [String: QueueName] = [:]
    }

    private let known = Mutex(Known())
    private let countMax: Int
    /// Longer texts are not kept: a URL is as long as its sender likes.
    private static let textBytesMax = 512

    /// Forgets everything when it would exceed `countMax` entries.
    init(countMax: Int = 1024) { self.countMax = countMax }

    /// The queue of a URL, which says nothing of the region.
    subscript(url: String, region: Region) -> Entry? {
        guard let entry = known.withLock({ $0.byURL[url] }), entry.name.region == region else {
            return nil
        }
        return entry
    }

    subscript(arn arn: String) -> QueueName? { known.withLock { $0.byARN[arn] } }

    func remember(_ name: QueueName, for url: String) -> Entry {
        let entry = Entry(name: name, arn: name.arn.description)
        guard url.utf8.count + entry.arn.utf8.count <= Self.textBytesMax else { return entry }
        known.withLock { known in
            if known.byURL.count >= countMax { known = Known() }
            known.byURL[url] = entry
            known.byARN[entry.arn] = name
        }
        return entry
    }
}
