// SPDX-License-Identifier: Apache-2.0
// The one door to durable state. Engines stand behind it; nothing here knows which.

/// Reading that a store, a snapshot and a transaction have in common.
package protocol StoreReader: Sendable {
    /// The value under `key`, or `nil`.
    nonisolated(nonsending)
        func get(_ key: StoreKey) async throws(StoreError) -> [UInt8]?

    /// Up to `limit` pairs of `range`, ascending, or descending from its end when `reverse`.
    nonisolated(nonsending)
        func range(_ range: KeyRange, limit: Int, reverse: Bool) async throws(StoreError)
        -> [KeyValue]
}

/// An ordered key-value store with optimistic transactions and group durability.
///
/// A commit has two moments. `apply` fixes its place in the order and makes it visible to this
/// process; `durable` returns once it would survive a power cut. No reply and no effect may
/// rest on a version that is not durable yet, read or written.
package protocol Store: StoreReader, AnyObject {
    /// Whether a batch of `bytes` may be applied now, without waiting.
    ///
    /// `false`: ask `admit`. Throws `full` when `adds` and space is below the reserve, `failed`
    /// while the store cannot write.
    func tryAdmit(bytes: Int, adds: Bool) throws(StoreError) -> Bool

    /// Waits until a batch of `bytes` may be applied; called before any lock is taken.
    ///
    /// Throws `overloaded` after a bounded wait.
    nonisolated(nonsending)
        func admit(bytes: Int, adds: Bool) async throws(StoreError)

    /// The right to write a cell's state, to be named in its batches; ends every earlier claim.
    ///
    /// When a claim ends, batches that name it are `fenced`. All end when a failed store reopens.
    nonisolated(nonsending)
        func claim(_ cell: CellID) async throws(StoreError) -> UInt64

    /// Accepts a batch: its order is fixed and it is visible when this returns.
    ///
    /// Never blocks on a disk. Throwing changes nothing.
    @discardableResult
    func apply(_ batch: WriteBatch) throws(StoreError) -> StoreVersion

    /// Accepts a batch only if nothing in `reads` was written after they were read.
    ///
    /// Else throws `conflict`. This is how a transaction commits; a resident cell may call it
    /// inside its critical section for a transaction that includes it.
    @discardableResult
    func apply(_ batch: WriteBatch, ifUnchanged reads: ReadSet) throws(StoreError) -> StoreVersion

    /// The last accepted version: an upper bound of all that a read made now can have seen.
    var latestVersion: StoreVersion { get }

    /// Everything up to here survives a power cut.
    var durableVersion: StoreVersion { get }

    /// Returns when `version` is durable, at once when it is already.
    ///
    /// Throws `failed` or `fenced` when it is not known to have survived.
    nonisolated(nonsending)
        func durable(_ version: StoreVersion) async throws(StoreError)

    /// A snapshot that a transaction may commit against; held until the attempt is over.
    nonisolated(nonsending)
        func begin() async throws(StoreError) -> any StoreSnapshot

    /// A view that later commits do not change.
    nonisolated(nonsending)
        func snapshot() async throws(StoreError) -> any StoreSnapshot

    /// A copy of the durable state, in a form this engine can open, in a new folder at `path`.
    nonisolated(nonsending)
        func checkpoint(to path: String) async throws(StoreError)

    /// A signal for changes of keys in `range` by commits after this call.
    func watch(_ range: KeyRange) -> StoreWatch

    /// Whether the store accepts writes.
    var state: StoreState { get }

    /// Makes a failed store writable again from what is durable; claims and watches end.
    ///
    /// Stores also try this by themselves, with a growing pause.
    nonisolated(nonsending)
        func reopen() async throws(StoreError)

    /// Told of each reopening after a failure.
    var reopenings: Reopenings { get }

    /// What the store has done so far.
    var counters: StoreCounters { get }

    /// Makes all durable, then refuses further calls with `closed`.
    nonisolated(nonsending)
        func close() async
}

/// A store as it was at `version`.
///
/// Keeping one alive keeps old data alive: hold it briefly.
package protocol StoreSnapshot: StoreReader {
    var version: StoreVersion { get }
}

/// Whether a store accepts writes.
package enum StoreState: Equatable, Sendable {
    case open
    case failed(reason: String)
    case closed
}

extension Store {
    /// Asks without waiting first, so that the usual case costs no suspension.
    nonisolated(nonsending)
        package func admitted(bytes: Int, adds: Bool = true) async throws(StoreError)
    {
        if try tryAdmit(bytes: bytes, adds: adds) { return }
        try await admit(bytes: bytes, adds: adds)
    }

    /// Applies a batch and waits for it to be durable.
    @discardableResult
    nonisolated(nonsending)
        package func commit(_ batch: WriteBatch, adds: Bool = true) async throws(StoreError)
        -> StoreVersion
    {
        try await admitted(bytes: batch.byteCount, adds: adds)
        let version = try apply(batch)
        try await durable(version)
        return version
    }
}

extension StoreReader {
    /// Up to `limit` pairs of `range`, ascending.
    nonisolated(nonsending)
        package func range(_ range: KeyRange, limit: Int) async throws(StoreError) -> [KeyValue]
    {
        try await self.range(range, limit: limit, reverse: false)
    }

    /// Walks through `range` in pages of up to `size` pairs.
    package func pages(_ range: KeyRange, size: Int = 256, reverse: Bool = false) -> RangePages {
        RangePages(reader: self, rest: range, size: max(1, size), reverse: reverse)
    }
}

/// A position in a range that is read page by page.
package struct RangePages: Sendable {
    let reader: any StoreReader
    var rest: KeyRange?
    let size: Int
    let reverse: Bool

    init(reader: any StoreReader, rest: KeyRange, size: Int, reverse: Bool) {
        self.reader = reader
        self.rest = rest
        self.size = size
        self.reverse = reverse
    }

    /// The next page; `nil` when there is nothing left.
    ///
    /// A page is never empty.
    nonisolated(nonsending)
        package mutating func next() async throws(StoreError) -> [KeyValue]?
    {
        guard let range = rest else { return nil }
        let page = try await reader.range(range, limit: size, reverse: reverse)
        guard let last = page.last, page.count == size else {
            rest = nil
            return page.isEmpty ? nil : page
        }
        rest = reverse ? range.before(last.key) : range.after(last.key)
        return page
    }
}
