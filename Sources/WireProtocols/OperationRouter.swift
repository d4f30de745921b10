// SPDX-License-Identifier: Apache-2.0
// From the bytes of a request to the operation it asks for, or to the refusal in the client's
// own protocol. Knows registered services by their descriptors and all others by name.

package import WireModel

/// What a request asks for.
package enum RoutedRequest: Sendable {
    /// A registered operation; `labels` belong into the request before it is read.
    case operation(OperationDescriptor, any WireProtocol, labels: [String: String])
    /// A refusal, with the service as far as it is known.
    case refusal(ServiceFault, any WireProtocol, ServiceDescriptor?)
    /// Nothing that an AWS client sends.
    case unrecognised
}

/// Finds operations of registered services; immutable and shared by all connections.
package struct OperationRouter: Sendable {
    private var byTargetPrefix: [String: Registered] = [:]
    private var bySigningName: [String: [Registered]] = [:]
    private var all: [Registered] = []

    /// A service with its look-up tables.
    final class Registered: Sendable {
        let descriptor: ServiceDescriptor
        let operations: [String: OperationDescriptor]
        let known: Set<String>
        let trie: RouteTrie<String>?

        init(_ descriptor: ServiceDescriptor, _ operations: [OperationDescriptor]) {
            self.descriptor = descriptor
            self.operations = Dictionary(
                operations.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
            known = Set(descriptor.allOperationNames)
            guard descriptor.protocols.contains(.restJSON1) else {
                trie = nil
                return
            }
            var trie = RouteTrie<String>()
            for operation in operations {
                trie.insert(
                    method: operation.method, template: operation.uri, target: operation.name)
            }
            for route in descriptor.otherRoutes {
                let parts = route.split(separator: " ").map(String.init)
                guard parts.count == 3 else { continue }
                trie.insert(method: parts[0], template: parts[1], target: parts[2])
            }
            self.trie = trie
        }
    }

    package init() {}

    /// Makes a service's operations routable.
    package mutating func register(
        _ service: ServiceDescriptor, operations: [OperationDescriptor]
    ) {
        let registered = Registered(service, operations)
        all.append(registered)
        if let prefix = service.targetPrefix { byTargetPrefix[prefix] = registered }
        bySigningName[service.signingName, default: []].append(registered)
    }

    /// What a request asks for: by target, then by signing scope, then by its parameters.
    package func route(_ request: WireRequest) -> RoutedRequest {
        if let target = request.headers.first("x-amz-target") {
            return route(target: target, request)
        }
        if request.headers.first("smithy-protocol") == "rpc-v2-cbor" { return cbor(request) }
        if let scope = SigningScope.service(of: request) {
            if let services = bySigningName[scope] { return route(request, among: services) }
            if let entry = KnownServices.shared.signing(scope) { return foreign(entry, request) }
        }
        return route(request, among: all, isCertain: false)
    }

    // MARK: awsJson

    private func route(target: String, _ request: WireRequest) -> RoutedRequest {
        let dot = target.utf8.lastIndex(of: UInt8(ascii: ".")) ?? target.startIndex
        let prefix = String(target[..<dot])
        let name = String(Substring(target.utf8[dot...].drop { $0 == UInt8(ascii: ".") }))
        if let service = byTargetPrefix[prefix] {
            let listed = service.descriptor.protocols.first { $0 == .awsJSON10 || $0 == .awsJSON11 }
            return find(name, in: service, (listed ?? .awsJSON11).implementation)
        }
        // Services of several protocols are known by one; the target says that this is JSON.
        let type = request.headers.first("content-type") ?? ""
        let wire = AWSJSONProtocol(version: type.hasSuffix("1.0") ? "1.0" : "1.1")
        guard let entry = KnownServices.shared.target(prefix) else {
            return .refusal(.unknownOperation(name, version: ""), wire, nil)
        }
        return .refusal(.notImplemented(service: entry.serviceID, operation: name), wire, nil)
    }

    private func find(_ name: String, in service: Registered, _ wire: any WireProtocol)
        -> RoutedRequest
    {
        if let operation = service.operations[name] {
            return .operation(operation, wire, labels: [:])
        }
        let fault: ServiceFault =
            service.known.contains(name)
            ? .notImplemented(service: service.descriptor.serviceID, operation: name)
            : .unknownOperation(name, version: service.descriptor.apiVersion)
        return .refusal(fault, wire, service.descriptor)
    }

    // MARK: Query and rest

    /// Among services that share a scope, or among all when the request names none.
    private func route(
        _ request: WireRequest, among services: [Registered], isCertain: Bool = true
    ) -> RoutedRequest {
        let querying = services.filter { $0.descriptor.protocols.contains(.awsQuery) }
        if !querying.isEmpty, let action = QueryAction(request) {
            let match = querying.first { service in
                service.known.contains(action.name)
                    && (isCertain || action.version == service.descriptor.apiVersion)
            }
            if let service = match ?? (isCertain ? querying.first : nil) {
                return find(action.name, in: service, AWSQueryProtocol())
            }
        }
        for service in services {
            if let found = restRoute(request, in: service) { return found }
        }
        guard isCertain, let service = services.first else { return .unrecognised }
        let wire = (service.descriptor.protocols.last ?? .restJSON1).implementation
        if service.trie != nil {
            var fault = ServiceFault.unknownOperation(request.path, version: "")
            fault.httpStatus = 404
            return .refusal(fault, wire, service.descriptor)
        }
        return .refusal(.missingAction, wire, service.descriptor)
    }

    private func restRoute(_ request: WireRequest, in service: Registered) -> RoutedRequest? {
        guard let trie = service.trie,
            let match = trie.match(
                method: request.method, path: request.path, query: request.query)
        else { return nil }
        let wire = RestJSONProtocol()
        guard let operation = service.operations[match.target] else {
            return find(match.target, in: service, wire)
        }
        var labels: [String: String] = [:]
        for (name, raw) in match.labels {
            guard let text = PercentText.decoded(raw.utf8, isForm: false) else {
                return .refusal(
                    .serialization("The path is not valid UTF-8"), wire, service.descriptor)
            }
            labels[name] = text
        }
        return .operation(operation, wire, labels: labels)
    }

    // MARK: What is not here

    private func foreign(_ entry: KnownServices.Entry, _ request: WireRequest) -> RoutedRequest {
        let isQuery = entry.kind == "query" || entry.kind == "ec2"
        let name = isQuery ? QueryAction(request)?.name : nil
        return .refusal(
            .notImplemented(service: entry.serviceID, operation: name), entry.foreignProtocol, nil)
    }

    /// `/service/<target prefix>/operation/<name>`.
    private func cbor(_ request: WireRequest) -> RoutedRequest {
        let parts = request.path.split(separator: "/").map(String.init)
        guard parts.count >= 4, let start = parts.lastIndex(of: "service"),
            start + 3 < parts.count, parts[start + 2] == "operation"
        else { return .unrecognised }
        let prefix = parts[start + 1]
        let service = byTargetPrefix[prefix]
        let name =
            service?.descriptor.serviceID ?? KnownServices.shared.target(prefix)?.serviceID
            ?? prefix
        return .refusal(
            .notImplemented(service: name, operation: parts[start + 3]),
            ForeignProtocol(form: .rpcV2CBOR), service?.descriptor)
    }
}
