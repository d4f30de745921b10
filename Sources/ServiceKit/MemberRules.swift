// SPDX-License-Identifier: Apache-2.0
// What becomes of input members that are not simply honoured, and the check of the refused ones.
// Which members those are is the services' business.

import Basics
import WireModel

/// Why a member is refused, and which of its values ask for nothing and so pass.
package struct Refusal: Sendable, Hashable, ExpressibleByStringInterpolation {
    /// What the client is told after the member's name.
    package let words: String
    /// Values that say what holds anyway, as text; empty ones pass without being listed.
    package let passing: [String]

    package init(_ words: String, passing: [String] = []) {
        self.words = words
        self.passing = passing
    }

    package init(stringLiteral words: String) { self.init(words) }
}

/// What becomes of the input members of an operation that are not simply honoured.
///
/// Members are named by their path of model names: `SnapStart`, `Code.S3Bucket`,
/// `Attributes.KmsMasterKeyId`; lists add nothing to a path.
package struct MemberRules: Sendable {
    /// Members refused by name when set to anything but nothing or a passing value.
    package var refused: [String: Refusal]
    /// Members accepted without further effect, each with its reason: kept and given back where
    /// AWS gives them back.
    package var stored: [String: String]

    package init(refused: [String: Refusal] = [:], stored: [String: String] = [:]) {
        self.refused = refused
        self.stored = stored
    }

    /// Every member is honoured.
    package static let allHonoured = MemberRules()
}

/// The refused members of one operation, ready to be looked for in its inputs.
struct RefusedMembers: Sendable {
    private let refused: [String: Refusal]
    /// Members of the input itself at or below which something is refused.
    private let watched: [Int]

    init(_ rules: MemberRules, of input: StructureShape) {
        refused = rules.refused
        let tops = Set(refused.keys.map { $0.prefix { $0 != "." } })
        watched = input.members.indices.filter { tops.contains(input.members[$0].name[...]) }
    }

    /// Throws the fault for the first refused member that `input` asks something of.
    ///
    /// Costs a look at each watched member unless one of them is there.
    func check(_ input: some WireStructure, present: MemberSet) throws(ServiceFault) {
        guard watched.contains(where: present.contains) else { return }
        let probe = RefusalProbe(refused)
        input.write(to: probe)
        guard let path = probe.found, let refusal = refused[path] else { return }
        throw ServiceFault(
            shapeName: "NotImplemented", httpStatus: 501, message: "\(path): \(refusal.words)")
    }
}

/// Goes through a structure's values and finds the first that a rule refuses.
private final class RefusalProbe: ShapeWriter {
    private(set) var found: String?
    private let refused: [String: Refusal]
    /// Structures, lists and maps around the value that comes next, with their own paths.
    private var open: [(shape: StructureShape?, path: String)] = []
    /// Path of the value that comes next.
    private var path = ""

    init(_ refused: [String: Refusal]) { self.refused = refused }

    func beginStructure(_ shape: StructureShape) { open.append((shape, path)) }

    func member(_ index: Int) {
        guard let shape = open.last?.shape else { return }
        step(shape.members[index].name)
    }

    func endStructure() { close() }
    func beginList(_ count: Int) { open.append((nil, path)) }
    func element() { path = open.last?.path ?? "" }
    func endList() { close() }
    func beginMap(_ count: Int) { open.append((nil, path)) }
    func key(_ key: String) { step(key) }
    func endMap() { close() }

    private func step(_ name: String) {
        let parent = open.last?.path ?? ""
        path = parent.isEmpty ? name : "\(parent).\(name)"
    }

    private func close() { path = open.popLast()?.path ?? "" }

    /// A value that is not empty.
    private func value(_ text: @autoclosure () -> String) {
        guard found == nil else { return }
        // The rule may be on the member itself or on one around it.
        var end = path.endIndex
        while true {
            let candidate = String(path[..<end])
            if let refusal = refused[candidate], !refusal.passing.contains(text()) {
                found = candidate
                return
            }
            guard let dot = path[..<end].lastIndex(of: ".") else { return }
            end = dot
        }
    }

    func string(_ value: String) { if !value.isEmpty { self.value(value) } }
    func boolean(_ value: Bool) { if value { self.value("true") } }
    func long(_ value: Int64) { self.value(String(value)) }
    func double(_ value: Double) { self.value(String(value)) }
    func blob(_ value: [UInt8]) { if !value.isEmpty { self.value("blob") } }
    func timestamp(_ value: Timestamp) { self.value("timestamp") }
    func document(_ value: JSONValue) { if value != .null { self.value(value.text) } }
}
