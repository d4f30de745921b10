// SPDX-License-Identifier: Apache-2.0
// Typed structures from query parameters.

import Basics
import WireModel

/// The parameters of one awsQuery request.
final class QueryShapeSource: ShapeSource {
    private let tree: QueryTree
    /// The node of the value about to be read.
    private var node = QueryTree.root
    private var open: [Open] = []

    private struct Open {
        let node: Int
        /// Items of a list or map still to come, last first.
        var items: [Int] = []
        /// Next member of a structure.
        var member = 0
    }

    init(_ tree: QueryTree) {
        self.tree = tree
    }

    func openStructure(_ shape: StructureShape, depth: Int) throws(WireReadError) {
        open.append(Open(node: node))
    }

    func advanceMember(of shape: StructureShape, depth: Int) throws(WireReadError) -> Int {
        let depth = open.count - 1
        while open[depth].member < shape.members.count {
            let index = open[depth].member
            open[depth].member += 1
            if let child = tree.child(shape.members[index].queryName, of: open[depth].node) {
                node = child
                return index
            }
        }
        open.removeLast()
        return -1
    }

    func openList(_ type: TypeShape) throws(WireReadError) {
        var parent = node
        if !type.isFlattened {
            let name = type.elementName ?? "member"
            if let child = tree.child(name, of: node) { parent = child }
        }
        var items = tree.items(of: parent)
        // One item may come without an index; an empty value stands for an empty list.
        if items.isEmpty, let value = tree.value(of: parent), !value.isEmpty { items = [parent] }
        open.append(Open(node: parent, items: items.reversed()))
    }

    func advanceElement() throws(WireReadError) -> Bool {
        guard let item = open[open.count - 1].items.popLast() else {
            open.removeLast()
            return false
        }
        node = item
        return true
    }

    func openMap(_ type: TypeShape) throws(WireReadError) {
        let parent = type.isFlattened ? node : tree.child("entry", of: node) ?? node
        var items = tree.items(of: parent)
        // Some clients send a single entry without its number, and AWS takes it.
        if items.isEmpty, tree.child(type.keyName ?? "key", of: parent) != nil { items = [parent] }
        open.append(Open(node: parent, items: items.reversed()))
    }

    func advanceKey(of type: TypeShape) throws(WireReadError) -> String? {
        while let item = open[open.count - 1].items.popLast() {
            guard let keyNode = tree.child(type.keyName ?? "key", of: item),
                let key = tree.value(of: keyNode),
                let value = tree.child(type.elementName ?? "value", of: item)
            else { throw WireReadError("An entry of a map lacks its key or value") }
            node = value
            return key
        }
        open.removeLast()
        return nil
    }

    func readString() throws(WireReadError) -> String {
        guard let value = tree.value(of: node) else {
            throw WireReadError("A parameter is a structure where a value was expected")
        }
        return value
    }

    func readBoolean() throws(WireReadError) -> Bool {
        try ScalarText.boolean(try readString())
    }

    func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64 {
        try ScalarText.integer(try readString(), range)
    }

    func readDouble() throws(WireReadError) -> Double {
        try ScalarText.double(try readString())
    }

    func readBlob() throws(WireReadError) -> [UInt8] {
        try ScalarText.blob(try readString())
    }

    func readTimestamp() throws(WireReadError) -> Timestamp {
        try ScalarText.timestamp(try readString())
    }

    func readDocument() throws(WireReadError) -> JSONValue { .string(try readString()) }

    func skip() throws(WireReadError) {}
}
