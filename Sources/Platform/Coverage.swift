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

    private static func members(_ operation: Operation) -> JSONObject {
        var members = JSONObject()
        for member in operation.descriptor.input.members {
            if let words = operation.rules.refused[member.name] {
                members[member.name] = .string("refused: \(words)")
            } else if let reason = operation.rules.stored[member.name] {
                members[member.name] = .string("stored: \(reason)")
            } else {
                members[member.name] = "honoured"
            }
        }
        return members
    }
}
