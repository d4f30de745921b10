// SPDX-License-Identifier: Apache-2.0
// The one interface generated types read themselves through. Subclasses in WireProtocols know
// formats. A class rather than a generic: calls cross module borders, where generics would not
// be specialised, and one virtual call a value is cheaper than that.

package import Basics

/// A source of one structured value, and the collector of its constraint violations.
///
/// The base class itself is an empty source: every structure in it has no members. Subclasses
/// override the `read…`, `next…` and `begin…` methods; generated code calls the rest.
/// Not thread-safe: one reader serves one request.
package class ShapeReader {
    /// Nesting that no AWS request reaches.
    package static let depthMax = 100
    /// Violations beyond this many are not collected.
    package static let violationsMax = 50

    package private(set) var violations: [ConstraintViolation] = []
    /// Type of the value about to be read.
    package final var current: TypeShape = ShapeReader.structureType
    /// Open structures, lists and maps, outermost first.
    package final var frames: [Frame] = []
    /// Members that were present in the outermost structure.
    package private(set) var presentMembers = MemberSet()

    private static let structureType = TypeShape(kind: .structure)

    /// A container being read.
    package struct Frame {
        package var structure: StructureShape?
        package var type: TypeShape
        /// Member index, or count of elements read.
        package var position = -1
        package var present = MemberSet()
        package var key = ""
    }

    package init() {}

    // MARK: For formats to override

    /// Called after the frame of a structure has been pushed.
    package func openStructure() throws(WireReadError) {}
    /// Index of the next member that has a value, -1 at the end.
    package func advanceMember(of shape: StructureShape) throws(WireReadError) -> Int { -1 }
    package func openList() throws(WireReadError) {}
    package func advanceElement() throws(WireReadError) -> Bool { false }
    package func openMap() throws(WireReadError) {}
    package func advanceKey() throws(WireReadError) -> String? { nil }
    package func readString() throws(WireReadError) -> String { "" }
    package func readBoolean() throws(WireReadError) -> Bool { false }
    /// An integer within `range`; anything else is an error.
    package func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64 { 0 }
    package func readDouble() throws(WireReadError) -> Double { 0 }
    package func readBlob() throws(WireReadError) -> [UInt8] { [] }
    package func readTimestamp() throws(WireReadError) -> Timestamp { Timestamp(milliseconds: 0) }
    package func readDocument() throws(WireReadError) -> JSONValue { .null }
    /// Passes over the value of the member just announced.
    package func skip() throws(WireReadError) {}
    /// Whether absent required members count; not in the empty source.
    package var reportsMissing: Bool { false }

    // MARK: For generated code

    package final func beginStructure(_ shape: StructureShape) throws(WireReadError) {
        try push(Frame(structure: shape, type: current))
        try openStructure()
    }

    /// Index of the next member present, -1 when the structure is read.
    package final func nextMember() throws(WireReadError) -> Int {
        guard let shape = frames[frames.count - 1].structure else { return -1 }
        let index = try advanceMember(of: shape)
        guard index >= 0 else {
            if frames.count == 1 { presentMembers = frames[0].present }
            if shape.isUnion { checkUnion() }
            // The frame stays until required members have been checked: see `endStructure`.
            return -1
        }
        frames[frames.count - 1].position = index
        frames[frames.count - 1].present.insert(index)
        current = shape.members[index].type
        return index
    }

    /// Ends the structure; call after `missing(_:_:)` for its absent required members.
    package final func endStructure() { pop() }

    /// Notes that a required member is absent, and answers the stand-in for it.
    package final func missing<Value>(_ index: Int, _ standIn: Value) -> Value {
        guard reportsMissing, let shape = frames.last?.structure else { return standIn }
        frames[frames.count - 1].position = index
        current = shape.members[index].type
        report(.required, value: nil)
        return standIn
    }

    package final func beginList() throws(WireReadError) {
        try push(Frame(structure: nil, type: current))
        try openList()
    }

    /// Whether there is another element; at the end the count is checked and the list closed.
    package final func nextElement() throws(WireReadError) -> Bool {
        let depth = frames.count - 1
        guard try advanceElement() else {
            closeCollection()
            return false
        }
        frames[depth].position += 1
        if let element = frames[depth].type.element { current = element }
        return true
    }

    package final func beginMap() throws(WireReadError) {
        try push(Frame(structure: nil, type: current))
        try openMap()
    }

    /// The next key, `nil` at the end, when the count is checked and the map closed.
    package final func nextKey() throws(WireReadError) -> String? {
        let depth = frames.count - 1
        guard let key = try advanceKey() else {
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

    package final func string() throws(WireReadError) -> String {
        let value = try readString()
        if current.isConstrained { check(value, current) }
        return value
    }

    package final func boolean() throws(WireReadError) -> Bool { try readBoolean() }

    package final func integer() throws(WireReadError) -> Int32 {
        let value = try readInteger(Int64(Int32.min)...Int64(Int32.max))
        if current.isConstrained { checkRange(Double(value), String(value)) }
        return Int32(truncatingIfNeeded: value)
    }

    package final func long() throws(WireReadError) -> Int64 {
        let value = try readInteger(Int64.min...Int64.max)
        if current.isConstrained { checkRange(Double(value), String(value)) }
        return value
    }

    package final func float() throws(WireReadError) -> Float { Float(try double()) }

    package final func double() throws(WireReadError) -> Double {
        let value = try readDouble()
        if current.isConstrained { checkRange(value, String(value)) }
        return value
    }

    package final func blob() throws(WireReadError) -> [UInt8] {
        let value = try readBlob()
        if current.isConstrained { checkCount(value.count, unit: "bytes") }
        return value
    }

    package final func timestamp() throws(WireReadError) -> Timestamp { try readTimestamp() }
    package final func document() throws(WireReadError) -> JSONValue { try readDocument() }

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
    package final func report(_ kind: ConstraintViolation.Kind, value: String?) {
        guard violations.count < Self.violationsMax else { return }
        violations.append(
            ConstraintViolation(
                path: path, topMember: topMember, member: innermostMember, kind: kind,
                value: value))
    }
}
