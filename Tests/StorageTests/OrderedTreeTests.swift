// SPDX-License-Identifier: Apache-2.0
// The tree behind the memory engine against a plain dictionary, and copies that stay as they were.

import Basics
import Storage
import Testing

@Suite struct OrderedTreeTests {
    private static func key(_ value: UInt64) -> StoreKey { KeyEncoder(.test).unsigned(value).key }

    private static func check(
        _ tree: OrderedTree<UInt64>, _ model: [UInt64: UInt64], from low: UInt64, to high: UInt64
    ) {
        let range = KeyRange(from: key(low), to: key(high))
        let expected = model.filter { $0.key >= low && $0.key < high }.sorted { $0.key < $1.key }
        let found = tree.entries(in: range, limit: .max, reverse: false)
        #expect(found.map(\.value) == expected.map(\.value))
        let back = tree.entries(in: range, limit: 7, reverse: true)
        #expect(back.map(\.value) == expected.reversed().prefix(7).map(\.value))
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func agreesWithDictionary(seed: UInt64) {
        let entropy = SeededEntropy(seed: seed)
        var tree = OrderedTree<UInt64>()
        var model: [UInt64: UInt64] = [:]
        var copies: [(OrderedTree<UInt64>, [UInt64: UInt64])] = []
        for step in 0..<6_000 as Range<UInt64> {
            let place = entropy.below(20_000)
            switch entropy.below(20) {
            case 0:
                let end = place + entropy.below(400)
                tree.removeAll(in: KeyRange(from: Self.key(place), to: Self.key(end)))
                for value in place..<end { model[value] = nil }
            case 1...4:
                tree.remove(Self.key(place))
                model[place] = nil
            default:
                tree.set(Self.key(place), to: step)
                model[place] = step
            }
            if step % 1_500 == 0 { copies.append((tree, model)) }
            #expect(tree[Self.key(place)] == model[place])
        }
        #expect(tree.count == model.count)
        copies.append((tree, model))
        for (tree, model) in copies {
            for _ in 0..<10 {
                let low = entropy.below(20_000)
                Self.check(tree, model, from: low, to: low + entropy.below(5_000))
            }
            Self.check(tree, model, from: 0, to: .max)
        }
    }

    @Test func queueOrderFillsAndEmpties() {
        var tree = OrderedTree<UInt64>()
        for value in 0..<50_000 as Range<UInt64> { tree.set(Self.key(value), to: value) }
        for value in 0..<50_000 as Range<UInt64> {
            let first = tree.entries(in: KeyRange(kind: .test), limit: 1, reverse: false)
            #expect(first.first?.value == value)
            tree.remove(Self.key(value))
        }
        #expect(tree.count == 0)
    }
}
