// SPDX-License-Identifier: Apache-2.0
// Order within the message groups of a FIFO queue, and whose turn it is.

/// The groups of a FIFO queue: which messages wait, in order, and which groups are blocked.
///
/// A group is ready when none of its messages is in flight and its first is visible. Ready
/// groups take turns by the position of their first message.
struct MessageGroups: Sendable {
    private struct Group: Sendable {
        /// Visible unless in `delayed`.
        var waiting = PositionList()
        var delayed: Set<MessagePosition> = []
        var inFlight = 0

        var first: MessagePosition? { waiting.first }
        var isReady: Bool {
            guard inFlight == 0, let first else { return false }
            return !delayed.contains(first)
        }
        var isEmpty: Bool { inFlight == 0 && waiting.isEmpty }
    }

    private var groups: [String: Group] = [:]
    /// How many groups are ready.
    private(set) var readyCount = 0
    private var turns = OrderedHeap<GroupTurn>()

    mutating func addReady(_ position: MessagePosition, group name: String?) {
        change(name) { group in
            group.delayed.remove(position)
            group.waiting.insert(position)
        }
    }

    mutating func addDelayed(_ position: MessagePosition, group name: String?) {
        change(name) { group in
            group.delayed.insert(position)
            group.waiting.insert(position)
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
            group.waiting.remove(position)
        }
    }

    /// The visible messages a receive of up to `limit` would take, whole groups in turn.
    ///
    /// Changes nothing that matters: a turn that was looked at is put back.
    mutating func candidates(limit: Int) -> [MessagePosition] {
        var picked: [MessagePosition] = []
        var seen: [GroupTurn] = []
        while picked.count < limit, let turn = turns.first {
            turns.popFirst()
            guard let group = groups[turn.group], group.isReady, group.first == turn.position
            else { continue }
            // Two entries for the same turn would hand out a message twice.
            if seen.contains(where: { $0.position == turn.position }) { continue }
            seen.append(turn)
            for position in group.waiting.waiting {
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
            turns.insert(GroupTurn(position: first, group: name))
        }
        if !group.isEmpty { groups[name] = group }
    }
}
