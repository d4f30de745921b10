// SPDX-License-Identifier: Apache-2.0
// IAM's pagination: `Marker`, `MaxItems`, `IsTruncated`.

import Basics
import Storage
import WireModel

/// A page of a listing.
struct Page<Item: Sendable>: Sendable {
    var items: [Item] = []
    /// Where the next page begins; `nil` on the last.
    var marker: String?

    var isTruncated: Bool { marker != nil }
}

extension StoreReader {
    /// A page of what `pick` takes from a range, in the order of keys.
    nonisolated(nonsending)
        func page<Item: Sendable>(
            _ range: KeyRange, marker: String?, maxItems: Int32?,
            _ pick: (KeyValue) async throws -> Item?
        ) async throws -> Page<Item>
    {
        let limit = Int(maxItems ?? 100)
        var rest = range
        if let marker {
            guard let bytes = Base64.decode(marker), range.contains(StoreKey(bytes: bytes)) else {
                throw IAMFault.validation("Invalid Marker.")
            }
            rest = range.after(StoreKey(bytes: bytes))
        }
        var page = Page<Item>()
        var last: StoreKey?
        var pages = pages(rest, size: min(limit + 1, 256))
        while let pairs = try await pages.next() {
            for pair in pairs {
                guard let item = try await pick(pair) else { continue }
                if page.items.count == limit {
                    page.marker = last.map { Base64.encode($0.bytes) }
                    return page
                }
                page.items.append(item)
                last = pair.key
            }
        }
        return page
    }

    /// Every pair of a range; for ranges that quotas keep small.
    nonisolated(nonsending)
        func all(_ range: KeyRange) async throws(StoreError) -> [KeyValue]
    {
        var all: [KeyValue] = []
        var pages = pages(range)
        while let pairs = try await pages.next() { all += pairs }
        return all
    }

    /// How many pairs a range holds, counted up to `limit`.
    nonisolated(nonsending)
        func count(_ range: KeyRange, upTo limit: Int) async throws(StoreError) -> Int
    {
        try await self.range(range, limit: limit).count
    }
}
