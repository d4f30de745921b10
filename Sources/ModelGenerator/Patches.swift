// SPDX-License-Identifier: Apache-2.0
// Declarative corrections of models, `Models/patches/<service>.json`. Each entry names a place,
// what is merged into it, and why.

import Basics

/// Applies patch files to a model.
enum Patches {
    /// The model with every entry of the file merged, in order.
    static func apply(_ file: JSONValue, to model: JSONValue) throws -> JSONValue {
        var result = model
        for entry in file["patches"]?.arrayValue ?? [] {
            guard let path = entry["path"]?.stringValue, let merge = entry["merge"],
                let reason = entry["reason"]?.stringValue, !reason.isEmpty
            else { throw GeneratorError("A patch needs path, merge and reason: \(entry.text)") }
            let steps = path.split(separator: "/").map(String.init)[...]
            result = try merged(merge, into: result, at: steps, path: path)
        }
        return result
    }

    private static func merged(
        _ change: JSONValue, into target: JSONValue, at steps: ArraySlice<String>, path: String
    ) throws -> JSONValue {
        guard let step = steps.first else { return combined(target, change, isTop: true) }
        guard var object = target.objectValue, let inner = object[step] else {
            throw GeneratorError("Patch path \(path) does not exist")
        }
        object[step] = try merged(change, into: inner, at: steps.dropFirst(), path: path)
        return .object(object)
    }

    /// Objects are merged member by member, `null` removes, everything else replaces.
    private static func combined(
        _ target: JSONValue, _ change: JSONValue, isTop: Bool = false
    ) -> JSONValue {
        guard let changes = change.objectValue, var object = target.objectValue else {
            return change
        }
        for member in changes.members {
            object[member.name] =
                member.value == .null ? nil : combined(object[member.name] ?? .null, member.value)
        }
        return .object(object)
    }
}
