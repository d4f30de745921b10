// SPDX-License-Identifier: Apache-2.0
// The compact text of a structure that `StructureShape(parsing:)` reads back. The two belong
// together: a change here is a change there.

import Basics
import WireModel

/// Writes the text of structures of one model.
struct ShapeText {
    let model: ServiceModel

    func text(of shape: ModelShape) throws -> String {
        guard shape.members.count <= MemberSet.capacity else {
            throw GeneratorError("\(shape.name) has more members than a MemberSet holds")
        }
        var lines = [escaped(shape.name) + (shape.isUnion ? " union" : "")]
        for (name, ref) in shape.members { lines.append(try line(of: name, ref, in: shape)) }
        return lines.joined(separator: "\n")
    }

    private func line(of name: String, _ ref: JSONValue, in owner: ModelShape) throws -> String {
        let target = try model.target(of: ref)
        let isFlat = isFlattened(ref, target)
        let wireName = ref["locationName"]?.stringValue ?? name
        let ownName = ref["queryName"]?.stringValue ?? wireName
        let element = target.json["member"]
        let elementName =
            element?["queryName"]?.stringValue ?? element?["locationName"]?.stringValue
        let queryName = target.type == "list" && isFlat ? elementName ?? ownName : ownName
        var tokens = [escaped(name)]
        if owner.required.contains(name) { tokens.append("!") }
        if wireName != name { tokens.append("w=" + escaped(wireName)) }
        if queryName != wireName {
            tokens += ["q=" + escaped(queryName), "x=" + escaped(queryName)]
        }
        if let location = try location(of: name, ref, in: owner) { tokens.append("at=" + location) }
        if ref["idempotencyToken"]?.boolValue == true { tokens.append("token") }
        if ref["deprecated"]?.boolValue == true { tokens.append("old") }
        if target.json["sensitive"]?.boolValue == true { tokens.append("secret") }
        return (tokens + (try type(of: ref))).joined(separator: " ")
    }

    private func location(of name: String, _ ref: JSONValue, in owner: ModelShape) throws
        -> String?
    {
        if owner.json["payload"]?.stringValue == name { return "payload" }
        switch ref["location"]?.stringValue {
        case nil: return nil
        case "uri": return "label"
        case "querystring": return "query"
        case "header": return "header"
        case "headers": return "headers"
        case "statusCode": return "status"
        case let other?: throw GeneratorError("Unknown location \(other) of \(name)")
        }
    }

    private func isFlattened(_ ref: JSONValue, _ target: ModelShape) -> Bool {
        ref["flattened"]?.boolValue == true || target.json["flattened"]?.boolValue == true
    }

    private func type(of ref: JSONValue?) throws -> [String] {
        let ref = ref ?? .null
        let target = try model.target(of: ref)
        var tokens = try constraints(of: target)
        switch target.type {
        case "structure":
            if target.isDocument { return ["document"] }
            return ["struct", "of=" + escaped(target.name)]
        case "list":
            if isFlattened(ref, target) { tokens.append("flat") }
            tokens += name("en", of: target.json["member"])
            return ["list"] + tokens + ["<"] + (try type(of: target.json["member"])) + [">"]
        case "map":
            if isFlattened(ref, target) { tokens.append("flat") }
            tokens += name("kn", of: target.json["key"]) + name("en", of: target.json["value"])
            return ["map"] + tokens + ["<"] + (try type(of: target.json["key"])) + [">", "<"]
                + (try type(of: target.json["value"])) + [">"]
        case "timestamp":
            let format = ref["timestampFormat"] ?? target.json["timestampFormat"]
            return ["timestamp"] + (format?.stringValue.map { ["ts=" + $0] } ?? [])
        case "string", "integer", "long", "float", "double", "boolean", "blob":
            return [target.type] + tokens
        case let other: throw GeneratorError("Unknown type \(other) of \(target.name)")
        }
    }

    private func name(_ option: String, of ref: JSONValue?) -> [String] {
        let name = ref?["queryName"]?.stringValue ?? ref?["locationName"]?.stringValue
        return name.map { [option + "=" + escaped($0)] } ?? []
    }

    private func constraints(of shape: ModelShape) throws -> [String] {
        var tokens: [String] = []
        for bound in ["min", "max"] {
            switch shape.json[bound] {
            case .integer(let value): tokens.append("\(bound)=\(value)")
            case .double(let value): tokens.append("\(bound)=\(value)")
            default: break
            }
        }
        if !shape.enumValues.isEmpty {
            tokens.append("enum=" + shape.enumValues.map(escaped).joined(separator: ","))
        } else if let pattern = shape.json["pattern"]?.stringValue {
            if shape.json["uncheckedPattern"]?.boolValue != true {
                guard PatternMatcher(pattern: pattern) != nil else {
                    throw GeneratorError(
                        "Pattern of \(shape.name) is outside the matcher's subset; waive its "
                            + "check by uncheckedPattern in a patch: \(pattern)")
                }
                tokens.append("re=" + escaped(pattern))
            }
        }
        return tokens
    }

    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case " ", "%", "<", ">", ",", "\n":
                result += "%" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
