// SPDX-License-Identifier: Apache-2.0
// What a transaction has read, and the recent commits it is checked against.

/// The keys and ranges a decision rests on, and the version at which it read them.
package struct ReadSet: Sendable {
    /// Writes of later commits conflict.
    package let since: StoreVersion
    package private(set) var keys: Set<StoreKey> = []
    package private(set) var ranges: [KeyRange] = []

    package init(since: StoreVersion) { self.since = since }

    package mutating func insert(_ key: StoreKey) { keys.insert(key) }

    package mutating func insert(_ range: KeyRange) {
        guard !range.isEmpty, ranges.last != range else { return }
        ranges.append(range)
    }

    package var isEmpty: Bool { keys.isEmpty && ranges.isEmpty }

    /// Whether `operation` may have changed something that was read.
    func conflicts(with operation: WriteBatch.Operation) -> Bool {
        switch operation {
        case .put(let key, _), .delete(let key):
            keys.contains(key) || ranges.contains { $0.contains(key) }
        case .deleteRange(let range):
            keys.contains { range.contains($0) } || ranges.contains { $0.overlaps(range) }
        }
    }
}

/// The commits that open transactions have to be checked against: the resolver's memory.
///
/// Owned by an engine and guarded by the lock that orders its commits. It remembers nothing
/// while no transaction is open, so that `apply` alone pays one comparison.
package struct CommitLog: Sendable {
    private struct Commit {
        let version: StoreVersion
        let operations: [WriteBatch.Operation]
        let byteCount: Int
    }

    /// Beyond, the oldest commits are forgotten and transactions older than them conflict.
    private let bytesMax: Int
    private var commits: [Commit] = []
    private var forgotten = 0
    private var bytes = 0
    /// How many transactions are open at each snapshot version.
    private var open: [StoreVersion: Int] = [:]
    /// Commits after this one are all remembered.
    private var floor = StoreVersion.zero

    package init(bytesMax: Int = 16 << 20) { self.bytesMax = bytesMax }

    /// A transaction reads at `version` from now on.
    package mutating func begin(at version: StoreVersion) { open[version, default: 0] += 1 }

    /// A transaction that began at `version` is over.
    package mutating func end(at version: StoreVersion) {
        guard let count = open[version] else { return }
        open[version] = count > 1 ? count - 1 : nil
        if count == 1 { forget() }
    }

    /// Remembers an accepted commit, its stamps filled in.
    package mutating func record(_ batch: WriteBatch, at version: StoreVersion) {
        guard !open.isEmpty else {
            if !commits.isEmpty { clear() }
            floor = version
            return
        }
        commits.append(
            Commit(version: version, operations: batch.operations, byteCount: batch.byteCount))
        bytes += batch.byteCount
        while bytes > bytesMax, forgotten < commits.count { forgetFirst() }
        compact()
    }

    /// Whether something in `reads` was written after it was read, or may have been.
    package func conflicts(_ reads: ReadSet, latest: StoreVersion) -> Bool {
        if reads.isEmpty || reads.since >= latest { return false }
        if reads.since < floor { return true }
        for commit in commits[forgotten...].reversed() {
            if commit.version <= reads.since { return false }
            if commit.operations.contains(where: { reads.conflicts(with: $0) }) { return true }
        }
        return false
    }

    /// Forgets everything: transactions that began before `version` conflict.
    package mutating func reset(to version: StoreVersion) {
        clear()
        floor = version
    }

    private mutating func forget() {
        guard let oldest = open.keys.min() else { return clearAtEnd() }
        while forgotten < commits.count, commits[forgotten].version <= oldest { forgetFirst() }
        compact()
    }

    private mutating func forgetFirst() {
        floor = commits[forgotten].version
        bytes -= commits[forgotten].byteCount
        forgotten += 1
    }

    private mutating func clearAtEnd() {
        if let last = commits.last { floor = max(floor, last.version) }
        clear()
    }

    private mutating func clear() {
        commits = []
        forgotten = 0
        bytes = 0
    }

    private mutating func compact() {
        guard forgotten > 64, forgotten * 2 > commits.count else { return }
        commits.removeFirst(forgotten)
        forgotten = 0
    }
}
