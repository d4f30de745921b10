// SPDX-License-Identifier: Apache-2.0
// Which environment takes an event, which one makes room, and when there is none: pure
// decisions over what exists. Processes and waiting callers are the runtime's.

import Basics

/// Names an environment; never reused within a process.
struct EnvironmentID: Hashable, Comparable, Sendable {
    let number: UInt64

    static func < (left: EnvironmentID, right: EnvironmentID) -> Bool {
        left.number < right.number
    }
}

/// The environments there are, bounded by the memory they were promised.
struct EnvironmentPool {
    enum Admission: Equatable {
        case reuse(EnvironmentID)
        /// Start a new one under this identity after ending the idle ones named.
        case start(EnvironmentID, evicting: [EnvironmentID])
        case full
    }

    private struct Entry {
        let revision: FunctionRevision
        let megabytes: Int
        /// When its credentials stop being of use, in virtual time.
        var usableUntil = Timestamp.distantFuture
        /// Set while idle: the order in which environments became so, and when.
        var idle: Idle?
        var isRetired = false
    }

    private struct Idle {
        let order: UInt64
        let sinceNanoseconds: UInt64
    }

    let megabytesMax: Int
    private(set) var megabytesUsed = 0
    private var entries: [EnvironmentID: Entry] = [:]
    private var lastNumber: UInt64 = 0
    private var lastOrder: UInt64 = 0

    init(megabytesMax: Int) { self.megabytesMax = megabytesMax }

    var count: Int { entries.count }

    /// Takes a place for one event.
    ///
    /// The environment idle for the shortest time is the warmest; the one idle for the longest
    /// makes room. Environments whose credentials end before `needed` count as cold.
    mutating func admit(
        _ revision: FunctionRevision, megabytes: Int, usableUntil needed: Timestamp
    ) -> Admission {
        let warm = entries.filter {
            $0.value.idle != nil && $0.value.revision == revision && $0.value.usableUntil >= needed
        }.max { ($0.value.idle?.order ?? 0) < ($1.value.idle?.order ?? 0) }
        if let warm {
            entries[warm.key]?.idle = nil
            return .reuse(warm.key)
        }
        guard let evicting = makeRoom(for: megabytes) else { return .full }
        lastNumber += 1
        let identifier = EnvironmentID(number: lastNumber)
        entries[identifier] = Entry(revision: revision, megabytes: megabytes)
        megabytesUsed += megabytes
        return .start(identifier, evicting: evicting)
    }

    /// Whether `admit` would find a place now.
    func hasRoom(
        for revision: FunctionRevision, megabytes: Int, usableUntil needed: Timestamp
    ) -> Bool {
        var copy = self
        return copy.admit(revision, megabytes: megabytes, usableUntil: needed) != .full
    }

    /// A single function larger than the bound may still run, alone.
    private mutating func makeRoom(for megabytes: Int) -> [EnvironmentID]? {
        let allowed = max(megabytesMax, megabytes)
        var evicted: [EnvironmentID] = []
        var used = megabytesUsed
        let idle = entries.filter { $0.value.idle != nil }
            .sorted { ($0.value.idle?.order ?? 0) < ($1.value.idle?.order ?? 0) }
        for entry in idle where used + megabytes > allowed {
            used -= entry.value.megabytes
            evicted.append(entry.key)
        }
        guard used + megabytes <= allowed else { return nil }
        for identifier in evicted { remove(identifier) }
        return evicted
    }

    /// Notes until when an environment that is starting can be used.
    mutating func setUsable(_ identifier: EnvironmentID, until: Timestamp) {
        entries[identifier]?.usableUntil = until
    }

    /// An event is done; `false` when the environment must end now.
    mutating func release(_ identifier: EnvironmentID, atNanoseconds now: UInt64) -> Bool {
        guard let entry = entries[identifier], !entry.isRetired else { return false }
        lastOrder += 1
        entries[identifier]?.idle = Idle(order: lastOrder, sinceNanoseconds: now)
        return true
    }

    /// Forgets an environment; harmless when it is gone already.
    mutating func remove(_ identifier: EnvironmentID) {
        guard let entry = entries.removeValue(forKey: identifier) else { return }
        megabytesUsed -= entry.megabytes
    }

    /// Marks a function's environments as ending and returns, in order, those that end now.
    mutating func retire(function: ARN, revisionID: String?) -> [EnvironmentID] {
        let matching = entries.filter {
            $0.value.revision.functionARN == function
                && (revisionID == nil || $0.value.revision.revisionID == revisionID)
        }.map(\.key).sorted()
        var ending: [EnvironmentID] = []
        for identifier in matching {
            if entries[identifier]?.idle != nil {
                remove(identifier)
                ending.append(identifier)
            } else {
                entries[identifier]?.isRetired = true
            }
        }
        return ending
    }

    /// Takes out those that are idle since before `nanoseconds`.
    mutating func reap(idleSince nanoseconds: UInt64) -> [EnvironmentID] {
        let stale = entries.filter {
            guard let idle = $0.value.idle else { return false }
            return idle.sinceNanoseconds <= nanoseconds
        }.map(\.key).sorted()
        for identifier in stale { remove(identifier) }
        return stale
    }
}

/// One state of a function's code and configuration.
struct FunctionRevision: Hashable, Sendable {
    let functionARN: ARN
    let version: String
    let revisionID: String
}
