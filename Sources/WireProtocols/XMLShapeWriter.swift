// SPDX-License-Identifier: Apache-2.0
// Typed structures to XML elements, as awsQuery replies have them.

import Basics
import WireModel

/// A writer of the elements of one structure, without an element around them.
final class XMLShapeWriter: ShapeWriter {
    private(set) var bytes: [UInt8] = []
    private var frames: [Frame] = []
    /// Element name and type of the value about to be written.
    private var name: String?
    private var current: TypeShape?

    private struct Frame {
        var structure: StructureShape?
        var type: TypeShape?
        /// Element around the whole; `nil` where there is none.
        var wrapper: String?
        /// Name of each item of a list or entry of a map.
        var itemName = ""
    }

    func beginStructure(_ shape: StructureShape) {
        openTag(name)
        frames.append(Frame(structure: shape, type: current, wrapper: name))
    }

    func member(_ index: Int) {
        guard let shape = frames.last?.structure else { return }
        name = shape.members[index].xmlName
        current = shape.members[index].type
    }

    func endStructure() { close() }

    func beginList(_ count: Int) {
        beginCollection(item: current?.elementName ?? "member")
    }

    func element() {
        name = frames.last?.itemName
        current = frames.last?.type?.element
    }

    func endList() { close() }

    func beginMap(_ count: Int) { beginCollection(item: "entry") }

    func key(_ key: String) {
        guard let frame = frames.last else { return }
        if !isFirstEntry.isEmpty, isFirstEntry[isFirstEntry.count - 1] {
            isFirstEntry[isFirstEntry.count - 1] = false
        } else {
            closeTag(frame.itemName)
        }
        openTag(frame.itemName)
        write(key, as: frame.type?.keyName ?? "key")
        name = frame.type?.elementName ?? "value"
        current = frame.type?.element
    }

    func endMap() {
        if isFirstEntry.last == false { closeTag(frames.last?.itemName) }
        close()
    }

    /// One flag for each open collection: whether a map has had no entry yet.
    private var isFirstEntry: [Bool] = []

    private func beginCollection(item: String) {
        let isFlattened = current?.isFlattened == true
        let wrapper = isFlattened ? nil : name
        openTag(wrapper)
        frames.append(
            Frame(
                structure: nil, type: current, wrapper: wrapper,
                itemName: isFlattened ? name ?? item : item))
        isFirstEntry.append(true)
    }

    private func close() {
        guard let frame = frames.popLast() else { return }
        if frame.structure == nil { isFirstEntry.removeLast() }
        closeTag(frame.wrapper)
        current = frame.type
    }

    func string(_ value: String) { write(value, as: name) }
    func boolean(_ value: Bool) { write(value ? "true" : "false", as: name) }
    func long(_ value: Int64) { write(String(value), as: name) }
    func double(_ value: Double) { write(ScalarText.text(value), as: name) }
    func blob(_ value: [UInt8]) { write(Base64Bytes.text(value), as: name) }

    func timestamp(_ value: Timestamp) {
        write(ScalarText.text(value, current?.timestampFormat ?? .iso8601), as: name)
    }

    func document(_ value: JSONValue) { write(value.text, as: name) }

    private func write(_ text: String, as name: String?) {
        openTag(name)
        XMLText.append(text, to: &bytes)
        closeTag(name)
    }

    private func openTag(_ name: String?) {
        guard let name else { return }
        bytes.append(UInt8(ascii: "<"))
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
    }

    private func closeTag(_ name: String?) {
        guard let name else { return }
        bytes.append(contentsOf: "</".utf8)
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: ">"))
    }
}

/// Character data of XML.
enum XMLText {
    /// Appends escaped text; what XML 1.0 cannot hold becomes U+FFFD.
    static func append(_ text: String, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): output.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): output.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): output.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): output.append(contentsOf: "&quot;".utf8)
            // Parsers fold a plain carriage return into a line feed.
            case 0x0D: output.append(contentsOf: "&#xD;".utf8)
            case 0x09, 0x0A, 0x20...: output.append(byte)
            default: output.append(contentsOf: "\u{FFFD}".utf8)
            }
        }
    }
}
