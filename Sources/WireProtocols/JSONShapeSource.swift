// SPDX-License-Identifier: Apache-2.0
// JSON bytes straight into typed structures: no tree, no tape. Members are recognised by their
// bytes; what a structure does not know is passed over, as AWS does.

import Basics
import WireModel

/// One JSON document; the bytes must outlive it.
class JSONShapeSource: ShapeSource {
    // Unchecked: the scanner calls nobody back, and the checks are a tenth of a request's cost.
    @exclusivity(unchecked) final var scanner: JSONScanner
    /// Whether the innermost open container has had no entry yet.
    @exclusivity(unchecked) private var isFirst = false

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        scanner = JSONScanner(bytes: bytes)
    }

    /// Nothing but white space may follow the document.
    func finish() throws(WireReadError) { try scanner.end() }

    func openStructure(_ shape: StructureShape, depth: Int) throws(WireReadError) {
        try scanner.open(UInt8(ascii: "{"), as: "Structure")
        isFirst = true
    }

    func advanceMember(of shape: StructureShape, depth: Int) throws(WireReadError) -> Int {
        while try scanner.entry(before: UInt8(ascii: "}"), isFirst: &isFirst) {
            var index = -1
            if let name = try scanner.plainKey() {
                index = shape.index(ofWireName: UnsafeBufferPointer(rebasing: name))
            } else {
                index = shape.index(ofWireName: try scanner.key()) ?? -1
            }
            try scanner.colon()
            if try scanner.null() { continue }
            if index >= 0 { return index }
            try scanner.skipValue()
        }
        return -1
    }

    func openList(_ type: TypeShape) throws(WireReadError) {
        try scanner.open(UInt8(ascii: "["), as: "List")
        isFirst = true
    }

    func advanceElement() throws(WireReadError) -> Bool {
        while try scanner.entry(before: UInt8(ascii: "]"), isFirst: &isFirst) {
            if try scanner.null() { continue }
            return true
        }
        return false
    }

    func openMap(_ type: TypeShape) throws(WireReadError) {
        try scanner.open(UInt8(ascii: "{"), as: "Map")
        isFirst = true
    }

    func advanceKey(of type: TypeShape) throws(WireReadError) -> String? {
        while try scanner.entry(before: UInt8(ascii: "}"), isFirst: &isFirst) {
            let key = try scanner.key()
            try scanner.colon()
            if try scanner.null() { continue }
            return key
        }
        return nil
    }

    func readString() throws(WireReadError) -> String { try scanner.string("String") }

    func readBoolean() throws(WireReadError) -> Bool { try scanner.boolean() }

    func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64 {
        let value = try scanner.integer()
        guard range.contains(value) else { throw WireReadError("Number is out of range") }
        return value
    }

    func readDouble() throws(WireReadError) -> Double {
        if scanner.peek == UInt8(ascii: "\"") {
            return try ScalarText.double(try scanner.string("Double"))
        }
        return try scanner.double()
    }

    func readBlob() throws(WireReadError) -> [UInt8] { try scanner.base64() }

    func readTimestamp() throws(WireReadError) -> Timestamp {
        if scanner.peek == UInt8(ascii: "\"") {
            return try ScalarText.timestamp(try scanner.string("Timestamp"))
        }
        return try scanner.timestamp()
    }

    func readDocument() throws(WireReadError) -> JSONValue { try scanner.document() }

    func skip() throws(WireReadError) { try scanner.skipValue() }
}
