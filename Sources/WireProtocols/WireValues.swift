// SPDX-License-Identifier: Apache-2.0
// The door between typed structures and JSON trees, for calls inside the process.

package import Basics
package import WireModel

extension JSONValue {
    /// A structure as a tree with model names; blobs are base64, timestamps ISO 8601.
    package init(writing structure: some WireStructure) {
        let writer = ValueShapeWriter()
        structure.write(to: writer)
        self = writer.value
    }
}

extension WireStructure {
    /// Reads an input from a tree with model names, under the same rules as from the wire.
    package static func read(from value: JSONValue) throws(ServiceFault) -> ReadResult<Self> {
        try ShapeReader(ValueShapeSource(value)).result(Self.self) { () throws(WireReadError) in }
    }
}
