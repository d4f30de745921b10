// SPDX-License-Identifier: Apache-2.0
// The one interface generated types write themselves through. Writers in WireProtocols know
// formats.

package import Basics

/// A sink for one structured value; one writer serves one reply.
package protocol ShapeWriter: AnyObject {
    func beginStructure(_ shape: StructureShape)
    /// Announces the member whose value follows.
    func member(_ index: Int)
    func endStructure()
    /// The elements follow, each announced by `element`.
    func beginList(_ count: Int)
    func element()
    func endList()
    /// The entries follow in ascending order of their keys, each announced by `key`.
    func beginMap(_ count: Int)
    func key(_ key: String)
    func endMap()
    func string(_ value: String)
    func boolean(_ value: Bool)
    func integer(_ value: Int32)
    func long(_ value: Int64)
    func float(_ value: Float)
    func double(_ value: Double)
    func blob(_ value: [UInt8])
    func timestamp(_ value: Timestamp)
    func document(_ value: JSONValue)
}

extension ShapeWriter {
    package func integer(_ value: Int32) { long(Int64(value)) }
    package func float(_ value: Float) { double(Double(value)) }
}
