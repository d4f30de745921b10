// SPDX-License-Identifier: Apache-2.0
// The one interface generated types write themselves through. Subclasses in WireProtocols know
// formats; a class for the reason given in `ShapeReader`.

package import Basics

/// A sink for one structured value; the base class discards everything.
///
/// Not thread-safe: one writer serves one reply.
package class ShapeWriter {
    package init() {}

    package func beginStructure(_ shape: StructureShape) {}
    /// Announces the member whose value follows.
    package func member(_ index: Int) {}
    package func endStructure() {}
    /// The elements follow, each announced by `element`.
    package func beginList(_ count: Int) {}
    package func element() {}
    package func endList() {}
    /// The entries follow in ascending order of their keys, each announced by `key`.
    package func beginMap(_ count: Int) {}
    package func key(_ key: String) {}
    package func endMap() {}
    package func string(_ value: String) {}
    package func boolean(_ value: Bool) {}
    package func integer(_ value: Int32) { long(Int64(value)) }
    package func long(_ value: Int64) {}
    package func float(_ value: Float) { double(Double(value)) }
    package func double(_ value: Double) {}
    package func blob(_ value: [UInt8]) {}
    package func timestamp(_ value: Timestamp) {}
    package func document(_ value: JSONValue) {}
}
