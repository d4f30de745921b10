// SPDX-License-Identifier: Apache-2.0
// Typed structures from a parsed JSON tree, members by their model names: how calls that never
// were HTTP (Platform.call, SDK integrations) enter an operation.

import Basics
import WireModel

/// One JSON value.
final class ValueShapeSource: ShapeSource {
    private var value: JSONValue
    private var open: [Open] = []

    private struct Open {
        let value: JSONValue
        var next = 0
    }

    init(_ value: JSONValue) { self.value = value }

    private func mismatch(_ kind: String) -> WireReadError {
        WireReadError("A value is not a \(kind)")
    }

    func openStructure(_ shape: StructureShape, depth: Int) throws(WireReadError) {
        guard value.objectValue != nil else { throw mismatch("Structure") }
        open.append(Open(value: value))
    }

    func advanceMember(of shape: StructureShape, depth: Int) throws(WireReadError) -> Int {
        let top = open.count - 1
        while open[top].next < shape.members.count {
            let index = open[top].next
            open[top].next += 1
            guard let member = open[top].value[shape.members[index].name], member != .null else {
                continue
            }
            value = member
            return index
        }
        open.removeLast()
        return -1
    }

    func openList(_ type: TypeShape) throws(WireReadError) {
        guard value.arrayValue != nil else { throw mismatch("List") }
        open.append(Open(value: value))
    }

    func advanceElement() throws(WireReadError) -> Bool {
        let top = open.count - 1
        guard let items = open[top].value.arrayValue, open[top].next < items.count else {
            open.removeLast()
            return false
        }
        value = items[open[top].next]
        open[top].next += 1
        return true
    }

    func openMap(_ type: TypeShape) throws(WireReadError) {
        guard value.objectValue != nil else { throw mismatch("Map") }
        open.append(Open(value: value))
    }

    func advanceKey(of type: TypeShape) throws(WireReadError) -> String? {
        let top = open.count - 1
        guard let members = open[top].value.objectValue?.members, open[top].next < members.count
        else {
            open.removeLast()
            return nil
        }
        let member = members[open[top].next]
        value = member.value
        open[top].next += 1
        return member.name
    }

    func readString() throws(WireReadError) -> String {
        guard let text = value.stringValue else { throw mismatch("String") }
        return text
    }

    func readBoolean() throws(WireReadError) -> Bool {
        guard let flag = value.boolValue else { throw mismatch("Boolean") }
        return flag
    }

    func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64 {
        let number = value.integerValue ?? value.doubleValue.flatMap { Int64(exactly: $0) }
        guard let number, range.contains(number) else { throw mismatch("Integer") }
        return number
    }

    func readDouble() throws(WireReadError) -> Double {
        if let text = value.stringValue { return try ScalarText.double(text) }
        guard let number = value.doubleValue else { throw mismatch("Double") }
        return number
    }

    func readBlob() throws(WireReadError) -> [UInt8] { try ScalarText.blob(try readString()) }

    func readTimestamp() throws(WireReadError) -> Timestamp {
        if let text = value.stringValue { return try ScalarText.timestamp(text) }
        return try ScalarText.timestamp(epochSeconds: try readDouble())
    }

    func readDocument() throws(WireReadError) -> JSONValue { value }

    func skip() throws(WireReadError) {}
}
