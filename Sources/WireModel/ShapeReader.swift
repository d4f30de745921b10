// SPDX-License-Identifier: Apache-2.0
// The one interface generated types read themselves through. Sources in WireProtocols know
// formats. A class over a source rather than a generic: calls cross module borders, where
// generics would not be specialised, and one dynamic call a value is cheaper than that.

package import Basics

/// A format that a `ShapeReader` draws values from; one source serves one request.
///
/// Calls come in the order of a well-formed value: `open…`, then `advance…` until it says that
/// the container has ended, with one `read…` or a nested `open…` after each advance.
package protocol ShapeSource: AnyObject {
    /// `depth` is 1 for the outermost structure.
    func openStructure(_ shape: StructureShape, depth: Int) throws(WireReadError)
    /// Index of the next member that has a value, -1 at the end.
    func advanceMember(of shape: StructureShape, depth: Int) throws(WireReadError) -> Int
    func openList(_ type: TypeShape) throws(WireReadError)
    func advanceElement() throws(WireReadError) -> Bool
    func openMap(_ type: TypeShape) throws(WireReadError)
    func advanceKey(of type: TypeShape) throws(WireReadError) -> String?
    func readString() throws(WireReadError) -> String
    func readBoolean() throws(WireReadError) -> Bool
    /// An integer within `range`; anything else is an error.
    func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64
    func readDouble() throws(WireReadError) -> Double
    func readBlob() throws(WireReadError) -> [UInt8]
    func readTimestamp() throws(WireReadError) -> Timestamp
    func readDocument() throws(WireReadError) -> JSONValue
    /// Passes over the value of the member just announced.
    func skip() throws(WireReadError)
}

/// Reads one structured value from a source, and collects its constraint violations.
///
/// Without a source it is empty: every structure in it has no members, and none is missed.
/// Not thread-safe: one reader serves one request.
package final class ShapeReader {
    /// Nesting that no AWS request reaches.
    package static let depthMax = 100
    /// Violations beyond this many are not collected.
    package static let violationsMax = 50

    package private(set) var violations: [ConstraintViolation] = []
    /// Members that were present in the outermost structure.
    package private(set) var presentMembers = MemberSet()
    /// Type of the value about to be read.
    // Unchecked, here and below: one thread, and no access spans a call to the source.
    @exclusivity(unchecked) var current: TypeShape = ShapeReader.structureType
    /// Open structures, lists and maps, outermost first.
    @exclusivity(unchecked) var frames: [Frame] = []

    private let source: any ShapeSource
    private let isEmpty: Bool

    private static let structureType = TypeShape(kind: .structure)

    /// A container being read.
    struct Frame {
        var structure: StructureShape?
        var type: TypeShape
        /// Member index, or count of elements read.
        var position = -1
        var present = MemberSet()
        var key = ""
    }

    package init(_ source: any ShapeSource) {
        self.source = source
        isEmpty = false
        frames.reserveCapacity(8)
    }

    /// An empty reader, for stand-ins of absent required structures.
    package init() {
        source = EmptySource()
        isEmpty = true
    }

    // MARK: For generated code

    package func beginStructure(_ shape: StructureShape) throws(WireReadError) {
        try push(Frame(structure: shape, type: current))
        try source.openStructure(shape, depth: frames.count)
    }

    /// Index of the next member present, -1 when the structure is read.
    package func nextMember() throws(WireReadError) -> Int {
        guard let shape = frames[frames.count - 1].structure else { return -1 }
        let index = try source.advanceMember(of: shape, depth: frames.count)
        guard index >= 0 else {
            if frames.count == 1 { presentMembers = frames[0].present }
            if shape.isUnion { checkUnion() }
            // The frame stays until absent members have been noted: see `endStructure`.
            return -1
        }
        frames[frames.count - 1].position = index
        frames[frames.count - 1].present.insert(index)
        current = shape.members[index].type
        return index
    }

    /// Ends the structure; call after `missing(_:_:)` for its absent required members.
    package func endStructure() { pop() }

    /// Notes that a required member is absent, and answers the stand-in for it.
    package func missing<Value>(_ index: Int, _ standIn: Value) -> Value {
        guard !isEmpty, let shape = frames.last?.structure else { return standIn }
        frames[frames.count - 1].position = index
        current = shape.members[index].type
        report(.required, value: nil)
        return standIn
    }

    package func beginList() throws(WireReadError) {
        try push(Frame(structure: nil, type: current))
        try source.openList(current)
    }

    /// Whether there is another element; at the end the count is checked and the list closed.
    package func nextElement() throws(WireReadError) -> Bool {
        let depth = frames.count - 1
        guard try source.advanceElement() else {
            closeCollection()
            return false
        }
        frames[depth].position += 1
        if let element = frames[depth].type.element { current = element }
        return true
    }

    package func beginMap() throws(WireReadError) {
        try push(Frame(structure: nil, type: current))
        try source.openMap(current)
    }

    /// The next key, `nil` at the end, when the count is checked and the map closed.
    package func nextKey() throws(WireReadError) -> String? {
        let depth = frames.count - 1
        guard let key = try source.advanceKey(of: frames[depth].type) else {
            closeCollection()
            return nil
        }
        frames[depth].position += 1
        frames[depth].key = key
        if let type = frames[depth].type.key, type.isConstrained {
            current = type
            check(key, type)
        }
        if let element = frames[depth].type.element { current = element }
        return key
    }

    package func string() throws(WireReadError) -> String {
        let value = try source.readString()
        if current.isConstrained { check(value, current) }
        return value
    }

    package func boolean() throws(WireReadError) -> Bool { try source.readBoolean() }

    package func integer() throws(WireReadError) -> Int32 {
        let value = try source.readInteger(Int64(Int32.min)...Int64(Int32.max))
        if current.isConstrained { checkRange(Double(value), String(value)) }
        return Int32(truncatingIfNeeded: value)
    }

    package func long() throws(WireReadError) -> Int64 {
        let value = try source.readInteger(Int64.min...Int64.max)
        if current.isConstrained { checkRange(Double(value), String(value)) }
        return value
    }

    package func float() throws(WireReadError) -> Float { Float(try double()) }

    package func double() throws(WireReadError) -> Double {
        let value = try source.readDouble()
        if current.isConstrained { checkRange(value, String(value)) }
        return value
    }

    package func blob() throws(WireReadError) -> [UInt8] {
        let value = try source.readBlob()
        if current.isConstrained { checkCount(value.count, unit: "bytes") }
        return value
    }

    package func timestamp() throws(WireReadError) -> Timestamp { try source.readTimestamp() }
    /// Passes over the value of the member just announced.
    package func skip() throws(WireReadError) { try source.skip() }
    package func document() throws(WireReadError) -> JSONValue { try source.readDocument() }

    // MARK: Frames

    private func push(_ frame: Frame) throws(WireReadError) {
        guard frames.count < Self.depthMax else {
            throw WireReadError("Structure is nested too deeply")
        }
        frames.append(frame)
    }

    private func pop() {
        guard let frame = frames.popLast() else { return }
        current = frame.type
    }

    private func closeCollection() {
        guard let frame = frames.last else { return }
        let count = frame.position + 1
        pop()
        if current.isConstrained { checkCount(count, unit: "members") }
    }

    /// Collects one violation of the value at the current place.
    package func report(_ kind: ConstraintViolation.Kind, value: String?) {
        guard violations.count < Self.violationsMax else { return }
        violations.append(
            ConstraintViolation(
                path: path, topMember: topMember, member: innermostMember, kind: kind,
                value: value))
    }
}

/// Nothing at all.
private final class EmptySource: ShapeSource {
    func openStructure(_ shape: StructureShape, depth: Int) throws(WireReadError) {}
    func advanceMember(of shape: StructureShape, depth: Int) throws(WireReadError) -> Int { -1 }
    func openList(_ type: TypeShape) throws(WireReadError) {}
    func advanceElement() throws(WireReadError) -> Bool { false }
    func openMap(_ type: TypeShape) throws(WireReadError) {}
    func advanceKey(of type: TypeShape) throws(WireReadError) -> String? { nil }
    func readString() throws(WireReadError) -> String { "" }
    func readBoolean() throws(WireReadError) -> Bool { false }
    func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64 { 0 }
    func readDouble() throws(WireReadError) -> Double { 0 }
    func readBlob() throws(WireReadError) -> [UInt8] { [] }
    func readTimestamp() throws(WireReadError) -> Timestamp { Timestamp(milliseconds: 0) }
    func readDocument() throws(WireReadError) -> JSONValue { .null }
    func skip() throws(WireReadError) {}
}
