// SPDX-License-Identifier: Apache-2.0
// What is built, computed from the registrations against the models.

import Basics
import ServiceKit
import WireModel

/// Operations and members of every service.
struct Coverage {
    private let table: ServiceTable

    init(_ table: ServiceTable) { self.table = table }

    var json: JSONObject {
        var services = JSONObject()
        for service in table.services {
            var operations = JSONObject()
            for operation in service.operations.sorted(by: {
                $0.descriptor.name < $1.descriptor.name
            }) {
                operations[operation.descriptor.name] = .object(Self.members(operation))
            }
            let built = Set(service.operations.map(\.descriptor.name))
            let missing = service.descriptor.allOperationNames.filter { !built.contains($0) }
            services[service.descriptor.signingName] = [
                "built": .integer(Int64(built.count)),
                "of": .integer(Int64(service.descriptor.allOperationNames.count)),
                "operations": .object(operations),
                "notImplemented": .array(missing.map { .string($0) }),
            ]
        }
        return services
    }

    /// Every member of the input, followed by those below it that have a rule of their own.
    private static func members(_ operation: Operation) -> JSONObject {
        let rules = operation.rules
        let paths = Set(rules.refused.keys).union(rules.stored.keys)
        var members = JSONObject()
        for member in operation.descriptor.input.members {
            members[member.name] = .string(fate(of: member.name, rules))
            for path in paths.sorted() where path.hasPrefix("\(member.name).") {
                members[path] = .string(fate(of: path, rules))
            }
        }
        return members
    }

    private static func fate(of path: String, _ rules: MemberRules) -> String {
        if let refusal = rules.refused[path] {
            let passing = refusal.passing.map { "\($0), " }.joined()
            return passing.isEmpty
                ? "refused: \(refusal.words)"
                : "refused unless \(passing.dropLast(2)): \(refusal.words)"
        }
        return rules.stored[path].map { "stored: \($0)" } ?? "honoured"
    }
}
