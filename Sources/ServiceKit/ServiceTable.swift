// SPDX-License-Identifier: Apache-2.0
// All registered operations, found by descriptor or by name.

package import Storage
package import WireModel

/// The services of a world; built once, then read by every call.
package struct ServiceTable: Sendable {
    /// An operation with the service it belongs to.
    package struct Entry: Sendable {
        package let operation: Operation
        package let service: ServiceRegistration
    }

    package let services: [ServiceRegistration]
    private var byDescriptor: [ObjectIdentifier: Entry] = [:]
    private var byName: [String: Entry] = [:]

    package init(_ services: [ServiceRegistration]) {
        self.services = services
        for service in services {
            for operation in service.operations {
                let entry = Entry(operation: operation, service: service)
                byDescriptor[ObjectIdentifier(operation.descriptor)] = entry
                byName[Self.key(service.descriptor.signingName, operation.descriptor.name)] = entry
            }
        }
    }

    package subscript(descriptor: OperationDescriptor) -> Entry? {
        byDescriptor[ObjectIdentifier(descriptor)]
    }

    /// By signing name of the service and name of the operation.
    package func entry(service: String, operation: String) -> Entry? {
        byName[Self.key(service, operation)]
    }

    /// Has every service forget what it keeps in memory whenever `store` comes back after a failure.
    package func observeReopenings(of store: any Store) {
        for service in services { store.reopenings.observe(service.dropResidentState) }
    }

    private static func key(_ service: String, _ operation: String) -> String {
        "\(service).\(operation)"
    }
}
