// SPDX-License-Identifier: Apache-2.0
// A view of one botocore service model: the questions the emitters ask, answered over the JSON
// tree. Knows nothing of Swift source.

import Basics

/// What is wrong with the models or the configuration; ends the generator with a message.
struct GeneratorError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// One shape of a model.
struct ModelShape {
    let name: String
    let json: JSONValue

    var type: String { json["type"]?.stringValue ?? "" }
    var isStructure: Bool { type == "structure" && !isDocument }
    var isDocument: Bool { json["document"]?.boolValue == true }
    var isUnion: Bool { json["union"]?.boolValue == true }
    var isException: Bool { json["exception"]?.boolValue == true }
    var isEnumeration: Bool { type == "string" && json["enum"] != nil }
    var enumValues: [String] { json["enum"]?.arrayValue?.compactMap(\.stringValue) ?? [] }
    var required: Set<String> {
        Set(json["required"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }
    var members: [(name: String, ref: JSONValue)] {
        (json["members"]?.objectValue?.members ?? []).map { ($0.name, $0.value) }
    }
    var errorCode: String? { json["error"]?["code"]?.stringValue }
    var isFault: Bool { json["fault"]?.boolValue == true }
    var httpStatus: Int {
        Int(json["error"]?["httpStatusCode"]?.integerValue ?? (isFault ? 500 : 400))
    }
}

/// One operation of a model.
struct ModelOperation {
    let name: String
    let json: JSONValue

    var method: String { json["http"]?["method"]?.stringValue ?? "POST" }
    var uri: String { json["http"]?["requestUri"]?.stringValue ?? "/" }
    var status: Int { Int(json["http"]?["responseCode"]?.integerValue ?? 200) }
    var input: String? { json["input"]?["shape"]?.stringValue }
    var output: String? { json["output"]?["shape"]?.stringValue }
    var isDeprecated: Bool { json["deprecated"]?.boolValue == true }
    var hostPrefix: String? { json["endpoint"]?["hostPrefix"]?.stringValue }
    var errors: [String] {
        json["errors"]?.arrayValue?.compactMap { $0["shape"]?.stringValue } ?? []
    }
}

/// A patched service model with its paginators.
struct ServiceModel {
    let root: JSONValue
    let paginators: JSONValue

    var metadata: JSONValue { root["metadata"] ?? .null }
    func metadata(_ name: String) -> String? { metadata[name]?.stringValue }

    var operationNames: [String] {
        (root["operations"]?.objectValue?.members ?? []).map(\.name).sorted()
    }

    var exceptions: [ModelShape] {
        (root["shapes"]?.objectValue?.members ?? [])
            .map { ModelShape(name: $0.name, json: $0.value) }
            .filter(\.isException).sorted { $0.name < $1.name }
    }

    func operation(_ name: String) throws -> ModelOperation {
        guard let json = root["operations"]?[name] else {
            throw GeneratorError("No operation \(name) in \(metadata("serviceId") ?? "?")")
        }
        return ModelOperation(name: name, json: json)
    }

    func shape(_ name: String) throws -> ModelShape {
        guard let json = root["shapes"]?[name] else { throw GeneratorError("No shape \(name)") }
        return ModelShape(name: name, json: json)
    }

    /// The shape a member, element, key or value refers to.
    func target(of ref: JSONValue?) throws -> ModelShape {
        guard let name = ref?["shape"]?.stringValue else {
            throw GeneratorError("A reference names no shape")
        }
        return try shape(name)
    }

    func pagination(of operation: String) -> JSONValue? {
        paginators["pagination"]?[operation]
    }

    /// All shapes that the roots lead to, in order of their names.
    func reachable(from roots: [String]) throws -> [ModelShape] {
        var seen: Set<String> = []
        var pending = roots
        var found: [ModelShape] = []
        while let name = pending.popLast() {
            guard seen.insert(name).inserted else { continue }
            let shape = try shape(name)
            found.append(shape)
            pending += shape.members.compactMap { $0.ref["shape"]?.stringValue }
            pending += ["member", "key", "value"].compactMap {
                shape.json[$0]?["shape"]?.stringValue
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// Whether `member`'s structure leads back to `owner` without a list or map between.
    func isRecursive(member: ModelShape, owner: String) throws -> Bool {
        guard member.isStructure else { return false }
        var seen: Set<String> = []
        var pending = [member.name]
        while let name = pending.popLast() {
            if name == owner { return true }
            guard seen.insert(name).inserted else { continue }
            for (_, ref) in try shape(name).members {
                let target = try target(of: ref)
                if target.isStructure { pending.append(target.name) }
            }
        }
        return false
    }
}
