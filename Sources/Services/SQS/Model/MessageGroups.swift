// SPDX-License-Identifier: Apache-2.0
// Order within the message groups of a FIFO queue, and whose turn it is.

/// The groups of a FIFO queue: which messages wait, in order, and which groups are blocked.
///
/// A group is ready when none of its messages is in flight and its first is visible. Ready
/// groups take turns by the position of their first message.
struct MessageGroups: Sendable {
    private struct Group: Sendable {
        /// Waiting messages in position order; visible unless in `delayed`.
        var waiting: [MessagePosition] = []
        /// Index of the first waiting message; what lies before it is gone.
        var head = 0
        var delayed: Set<MessagePosition> = []
        var inFlight = 0

        var first: MessagePosition? { head < waiting.count ? waiting[head] : nil }
        var isReady: Bool {
            guard inFlight == 0, let first else { return false }
            return !delayed.contains(first)
        }
        var isEmpty: Bool { inFlight == 0 && head == waiting.count }
    }

    private struct Turn: Comparable, Sendable {
        let position: MessagePosition
        let group: String

        static func < (left: Turn, right: Turn) -> Bool { left.position < right.position }
    }

    private var groups: [String: Group] = [:]
    /// How many groups are ready.
    private(set) var readyCount = 0
    private var turns = OrderedHeap<Turn>()

    mutating func addReady(_ position: MessagePosition, group name: String?) {
        change(name) { group in
            group.delayed.remove(position)
            Self.insert(position, into: &group)
        }
    }

    mutating func addDelayed(_ position: MessagePosition, group name: String?) {
        change(name) { group in
            group.delayed.insert(position)
            Self.insert(position, into: &group)
        }
    }

    mutating func addInFlight(group name: String?) {
        change(name) { $0.inFlight += 1 }
    }

    mutating func removeInFlight(group name: String?) {
        change(name) { $0.inFlight -= min(1, $0.inFlight) }
    }

    mutating func removeWaiting(_ position: MessagePosition, group name: String?) {
        change(name) { group in
            group.delayed.remove(position)
            guard let index = Self.index(of: position, in: group) else { return }
            if index == group.head {
                group.head += 1
                if group.head > 32, group.head > group.waiting.count / 2 {
                    group.waiting.removeFirst(group.head)
                    group.head = 0
                }
            } else {
                group.waiting.remove(at: index)
            }
        }
    }

    /// The visible messages a receive of up to `limit` would take, whole groups in turn.
    ///
    /// Changes nothing that matters: a turn that was looked at is put back.
    mutating func candidates(limit: Int) -> [MessagePosition] {
        var picked: [MessagePosition] = []
        var seen: [Turn] = []
        while picked.count < limit, let turn = turns.first {
            turns.popFirst()
            guard let group = groups[turn.group], group.isReady, group.first == turn.position
            else { continue }
            // Two entries for the same turn would hand out a message twice.
            if seen.contains(where: { $0.position == turn.position }) { continue }
            seen.append(turn)
            for position in group.waiting[group.head...] {
                guard picked.count < limit, !group.delayed.contains(position) else { break }
                picked.append(position)
            }
        }
        for turn in seen { turns.insert(turn) }
        return picked
    }

    private mutating func change(_ name: String?, _ body: (inout Group) -> Void) {
        let name = name ?? ""
        var group = groups.removeValue(forKey: name) ?? Group()
        let before = group.isReady ? group.first : nil
        body(&group)
        readyCount += (group.isReady ? 1 : 0) - (before == nil ? 0 : 1)
        if group.isReady, let first = group.first, first != before {
            turns.insert(Turn(position: first, group: name))
        }
        if !group.isEmpty { groups[name] = group }
    }

    private static func insert(_ position: MessagePosition, into group: inout Group) {
        if let last = group.waiting.last, last >= position {
            let index = lowerBound(position, in: group)
            if index < group.waiting.count, group.waiting[index] == position { return }
            group.waiting.insert(position, at: index)
        } else {
            group.waiting.append(position)
        }
    }

    private static func index(of position: MessagePosition, in group: Group) -> Int? {
        let index = lowerBound(position, in: group)
        guard index < group.waiting.count, group.waiting[index] == position else { return nil }
        return index
    }

    private static func lowerBound(_ position: MessagePosition, in group: Group) -> Int {
        var low = group.head
        var high = group.waiting.count
        while low < high {
            let middle = (low + high) / 2
            if group.waiting[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
