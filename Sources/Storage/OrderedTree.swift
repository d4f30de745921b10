// SPDX-License-Identifier: Apache-2.0
// The ordered map behind the memory engine and a transaction's own writes.

/// A B+ tree with value semantics: copying is constant time, writing copies one path.
///
/// Removal drops empty nodes and does not merge thin ones: queues remove in key order, so nodes
/// empty completely, and a tree that shrank at random costs memory, never correctness.
package struct OrderedTree<Value: Sendable>: Sendable {
    package struct Entry: Sendable {
        package let key: StoreKey
        package var value: Value
    }

    private struct Node: Sendable {
        /// Filled in a leaf.
        var entries: [Entry] = []
        /// Filled in an inner node; never empty there.
        var children: [Node] = []
        /// A lower bound of each child's keys, exact when it was made.
        var bounds: [StoreKey] = []
    }

    private static var capacity: Int { 64 }

    private var root = Node()
    package private(set) var count = 0

    package init() {}

    package subscript(_ key: StoreKey) -> Value? {
        var node = root
        while !node.children.isEmpty { node = node.children[OrderedTree.child(of: node, for: key)] }
        let place = OrderedTree.place(in: node.entries, for: key)
        guard place < node.entries.count, node.entries[place].key == key else { return nil }
        return node.entries[place].value
    }

    package mutating func set(_ key: StoreKey, to value: Value) {
        let (added, split) = OrderedTree.insert(key, value, into: &root)
        if added { count += 1 }
        guard let (bound, right) = split else { return }
        let left = root
        let lower = left.bounds.first ?? left.entries.first?.key ?? bound
        root = Node(entries: [], children: [left, right], bounds: [lower, bound])
    }

    package mutating func remove(_ key: StoreKey) {
        guard OrderedTree.remove(key, from: &root) else { return }
        count -= 1
        collapse()
    }

    package mutating func removeAll(in range: KeyRange) {
        guard !range.isEmpty else { return }
        count -= OrderedTree.removeAll(in: range, from: &root)
        collapse()
    }

    /// Up to `limit` entries of `range` in order, or from its end downwards when `reverse`.
    package func entries(in range: KeyRange, limit: Int, reverse: Bool) -> [Entry] {
        var result: [Entry] = []
        guard limit > 0, !range.isEmpty else { return result }
        OrderedTree.collect(root, range, limit, reverse, &result)
        return result
    }

    private mutating func collapse() {
        while root.children.count == 1, let only = root.children.first { root = only }
    }

    // MARK: Nodes

    /// The first position whose key is not below `key`.
    private static func place(in entries: [Entry], for key: StoreKey) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The last child whose bound is not above `key`, or the first.
    private static func child(of node: Node, for key: StoreKey) -> Int {
        var low = 1
        var high = node.bounds.count
        while low < high {
            let middle = (low + high) / 2
            if node.bounds[middle] <= key { low = middle + 1 } else { high = middle }
        }
        return low - 1
    }

    private static func insert(
        _ key: StoreKey, _ value: Value, into node: inout Node
    ) -> (added: Bool, split: (StoreKey, Node)?) {
        if node.children.isEmpty {
            let place = place(in: node.entries, for: key)
            if place < node.entries.count, node.entries[place].key == key {
                node.entries[place].value = value
                return (false, nil)
            }
            node.entries.insert(Entry(key: key, value: value), at: place)
            return (true, splitLeaf(&node, appended: place == node.entries.count - 1))
        }
        let index = child(of: node, for: key)
        if key < node.bounds[index] { node.bounds[index] = key }
        let (added, split) = insert(key, value, into: &node.children[index])
        guard let (bound, right) = split else { return (added, nil) }
        node.children.insert(right, at: index + 1)
        node.bounds.insert(bound, at: index + 1)
        return (added, splitInner(&node, appended: index + 2 == node.children.count))
    }

    /// Halves a full leaf; one that grows at its end is split there, so that rising keys fill it.
    private static func splitLeaf(_ node: inout Node, appended: Bool) -> (StoreKey, Node)? {
        guard node.entries.count > capacity else { return nil }
        let cut = appended ? node.entries.count - 1 : node.entries.count / 2
        let right = Node(entries: Array(node.entries[cut...]))
        node.entries.removeSubrange(cut...)
        return (right.entries[0].key, right)
    }

    private static func splitInner(_ node: inout Node, appended: Bool) -> (StoreKey, Node)? {
        guard node.children.count > capacity else { return nil }
        let cut = appended ? node.children.count - 1 : node.children.count / 2
        let right = Node(
            entries: [], children: Array(node.children[cut...]), bounds: Array(node.bounds[cut...]))
        node.children.removeSubrange(cut...)
        node.bounds.removeSubrange(cut...)
        return (right.bounds[0], right)
    }

    private static func isEmpty(_ node: Node) -> Bool {
        node.entries.isEmpty && node.children.isEmpty
    }

    private static func remove(_ key: StoreKey, from node: inout Node) -> Bool {
        if node.children.isEmpty {
            let place = place(in: node.entries, for: key)
            guard place < node.entries.count, node.entries[place].key == key else { return false }
            node.entries.remove(at: place)
            return true
        }
        let index = child(of: node, for: key)
        guard remove(key, from: &node.children[index]) else { return false }
        if isEmpty(node.children[index]) {
            node.children.remove(at: index)
            node.bounds.remove(at: index)
        }
        return true
    }

    private static func removeAll(in range: KeyRange, from node: inout Node) -> Int {
        if node.children.isEmpty {
            let first = place(in: node.entries, for: range.lower)
            let last = place(in: node.entries, for: range.upper)
            guard first < last else { return 0 }
            node.entries.removeSubrange(first..<last)
            return last - first
        }
        let first = child(of: node, for: range.lower)
        let last = child(of: node, for: range.upper)
        var removed = 0
        for index in first...last {
            removed += removeAll(in: range, from: &node.children[index])
        }
        for index in (first...last).reversed() where isEmpty(node.children[index]) {
            node.children.remove(at: index)
            node.bounds.remove(at: index)
        }
        return removed
    }

    private static func collect(
        _ node: Node, _ range: KeyRange, _ limit: Int, _ reverse: Bool, _ result: inout [Entry]
    ) {
        if node.children.isEmpty {
            let first = place(in: node.entries, for: range.lower)
            let last = place(in: node.entries, for: range.upper)
            guard first < last else { return }
            let room = min(limit - result.count, last - first)
            if reverse {
                result.append(contentsOf: node.entries[(last - room)..<last].reversed())
            } else {
                result.append(contentsOf: node.entries[first..<(first + room)])
            }
            return
        }
        let first = child(of: node, for: range.lower)
        let last = child(of: node, for: range.upper)
        for step in 0...(last - first) where result.count < limit {
            let index = reverse ? last - step : first + step
            collect(node.children[index], range, limit, reverse, &result)
        }
    }
}
