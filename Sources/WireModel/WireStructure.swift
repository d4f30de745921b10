// SPDX-License-Identifier: Apache-2.0
// What a generated wire type is to the runtime: something that can be read from and written to
// any format through `ShapeReader` and `ShapeWriter`. Formats live in WireProtocols.

/// A structure of a service model.
///
/// Its one `init(from:)` and one `write(to:)` name members by their index in `shape`; how a
/// member looks on the wire is the reader's and writer's business.
package protocol WireStructure: Sendable {
    /// The members, in model order, with their bindings and constraints.
    static var shape: StructureShape { get }

    /// Reads one structure; constraint violations are collected in the reader, not thrown.
    init(from reader: ShapeReader) throws(WireReadError)

    func write(to writer: ShapeWriter)
}

/// A string enumeration of a model, which keeps values the model does not know.
package protocol WireEnumeration: RawRepresentable, Hashable, Sendable where RawValue == String {
    init(rawValue: String)
}

/// One API operation.
package protocol WireOperation: Sendable {
    associatedtype Input: WireStructure
    associatedtype Output: WireStructure
    static var descriptor: OperationDescriptor { get }
}

/// The input or output of an operation that has none.
package struct EmptyStructure: WireStructure {
    package static let shape = StructureShape(parsing: "EmptyStructure")

    package init() {}

    package init(from reader: ShapeReader) throws(WireReadError) {
        try reader.beginStructure(Self.shape)
        while try reader.nextMember() >= 0 { try reader.skip() }
        reader.endStructure()
    }

    package func write(to writer: ShapeWriter) {
        writer.beginStructure(Self.shape)
        writer.endStructure()
    }
}

/// A member whose type leads back to the structure it belongs to.
package indirect enum Indirect<Value: Sendable>: Sendable {
    case holding(Value)

    package init(_ value: Value) { self = .holding(value) }

    package var value: Value {
        switch self {
        case .holding(let value): value
        }
    }
}

/// The bytes cannot be the structure that was asked for.
package struct WireReadError: Error, Hashable, Sendable {
    /// For the client: what was met where; never echoes more than a member's name.
    package let message: String

    package init(_ message: String) { self.message = message }
}
