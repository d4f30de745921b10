// SPDX-License-Identifier: Apache-2.0
// Typed structures to a JSON tree, members by their model names.

import Basics
import WireModel

/// A writer of one JSON value.
final class ValueShapeWriter: ShapeWriter {
    private(set) var value = JSONValue.null
    private var open: [Open] = []

    private struct Open {
        var structure: StructureShape?
        var object = JSONObject()
        var items: [JSONValue] = []
        /// Name of the member or key whose value comes next; `nil` in lists.
        var name: String?
        let isList: Bool
    }

    func beginStructure(_ shape: StructureShape) {
        open.append(Open(structure: shape, isList: false))
    }

    func member(_ index: Int) {
        open[open.count - 1].name = open.last?.structure?.members[index].name
    }

    func endStructure() { close() }
    func beginList(_ count: Int) { open.append(Open(isList: true)) }
    func element() {}
    func endList() { close() }
    func beginMap(_ count: Int) { open.append(Open(isList: false)) }
    func key(_ key: String) { open[open.count - 1].name = key }
    func endMap() { close() }

    private func close() {
        guard let top = open.popLast() else { return }
        put(top.isList ? .array(top.items) : .object(top.object))
    }

    private func put(_ value: JSONValue) {
        guard let top = open.last else {
            self.value = value
            return
        }
        if top.isList {
            open[open.count - 1].items.append(value)
        } else if let name = top.name {
            open[open.count - 1].object[name] = value
        }
    }

    func string(_ value: String) { put(.string(value)) }
    func boolean(_ value: Bool) { put(.bool(value)) }
    func long(_ value: Int64) { put(.integer(value)) }

    func double(_ value: Double) {
        put(value.isFinite ? .double(value) : .string(ScalarText.text(value)))
    }

    func blob(_ value: [UInt8]) { put(.string(Base64Bytes.text(value))) }
    func timestamp(_ value: Timestamp) { put(.string(ScalarText.text(value, .iso8601))) }
    func document(_ value: JSONValue) { put(value) }
}
