// SPDX-License-Identifier: Apache-2.0
// Positions in order, taken from the front, with the odd one coming back or leaving in between.

/// The waiting messages of one group.
struct PositionList: Sendable {
    private var positions: [MessagePosition] = []
    /// Index of the first; what lies before it is gone.
    private var head = 0

    var isEmpty: Bool { head == positions.count }
    var count: Int { positions.count - head }
    var first: MessagePosition? { head < positions.count ? positions[head] : nil }
    /// All of them from the first on.
    var waiting: ArraySlice<MessagePosition> { positions[head...] }

    /// The one that comes after `count` others.
    func element(after count: Int) -> MessagePosition? {
        head + count < positions.count ? positions[head + count] : nil
    }

    /// Puts a position into its place; one that is there already changes nothing.
    mutating func insert(_ position: MessagePosition) {
        guard let last = positions.last, last >= position else {
            positions.append(position)
            return
        }
        let index = lowerBound(position)
        if index < positions.count, positions[index] == position { return }
        positions.insert(position, at: index)
    }

    mutating func remove(_ position: MessagePosition) {
        let index = lowerBound(position)
        guard index < positions.count, positions[index] == position else { return }
        guard index == head else {
            positions.remove(at: index)
            return
        }
        head += 1
        if head > 32, head > positions.count / 2 {
            positions.removeFirst(head)
            head = 0
        }
    }

    private func lowerBound(_ position: MessagePosition) -> Int {
        var low = head
        var high = positions.count
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Whose turn a group's first message makes it.
struct GroupTurn: Comparable, Sendable {
    let position: MessagePosition
    let group: String

    static func < (left: GroupTurn, right: GroupTurn) -> Bool { left.position < right.position }
}
