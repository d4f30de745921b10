// SPDX-License-Identifier: Apache-2.0
// Typed structures straight to JSON bytes.

import Basics
import WireModel

/// A writer of one JSON document.
class JSONShapeWriter: ShapeWriter {
    final var bytes: [UInt8] = []
    final var frames: [Frame] = []
    /// Type of the value about to be written.
    final var current: TypeShape?

    struct Frame {
        var structure: StructureShape?
        var type: TypeShape?
        var isEmpty = true
    }

    init() { bytes.reserveCapacity(512) }

    func beginStructure(_ shape: StructureShape) {
        frames.append(Frame(structure: shape, type: current))
        bytes.append(UInt8(ascii: "{"))
    }

    func member(_ index: Int) {
        guard let shape = frames.last?.structure else { return }
        separate()
        let member = shape.members[index]
        bytes.append(UInt8(ascii: "\""))
        // Names of models need no escaping; the generator's parser would not survive them.
        bytes.append(contentsOf: member.wireName.utf8)
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        current = member.type
    }

    func endStructure() { close(UInt8(ascii: "}")) }

    func beginList(_ count: Int) {
        frames.append(Frame(structure: nil, type: current))
        bytes.append(UInt8(ascii: "["))
    }

    func element() {
        separate()
        current = frames.last?.type?.element
    }

    func endList() { close(UInt8(ascii: "]")) }

    func beginMap(_ count: Int) {
        frames.append(Frame(structure: nil, type: current))
        bytes.append(UInt8(ascii: "{"))
    }

    func key(_ key: String) {
        separate()
        JSONText.append(key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        current = frames.last?.type?.element
    }

    func endMap() { close(UInt8(ascii: "}")) }

    func string(_ value: String) { JSONText.append(value, to: &bytes) }

    func boolean(_ value: Bool) {
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    func long(_ value: Int64) { bytes.append(contentsOf: String(value).utf8) }

    func double(_ value: Double) {
        if value.isFinite {
            JSONText.append(value, to: &bytes)
        } else {
            JSONText.append(ScalarText.text(value), to: &bytes)
        }
    }

    func float(_ value: Float) {
        guard value.isFinite, value != value.rounded() else { return double(Double(value)) }
        bytes.append(contentsOf: String(value).utf8)
    }

    func blob(_ value: [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        Base64Bytes.append(value, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    func timestamp(_ value: Timestamp) {
        let format = current?.timestampFormat ?? .epochSeconds
        let text = ScalarText.text(value, format)
        if format == .epochSeconds {
            bytes.append(contentsOf: text.utf8)
        } else {
            JSONText.append(text, to: &bytes)
        }
    }

    func document(_ value: JSONValue) { value.append(to: &bytes) }

    private func separate() {
        guard !frames.isEmpty else { return }
        if frames[frames.count - 1].isEmpty {
            frames[frames.count - 1].isEmpty = false
        } else {
            bytes.append(UInt8(ascii: ","))
        }
    }

    private func close(_ bracket: UInt8) {
        bytes.append(bracket)
        current = frames.popLast()?.type
    }
}
