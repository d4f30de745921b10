// SPDX-License-Identifier: Apache-2.0
// The request path, as one list of steps: host and origin, reserved paths, route, caller, input,
// permission and handler (the dispatcher's), answer. Each step may end the request.

import Basics
package import HTTPFront
import IdentityAccess
import Journal
package import ServiceKit
import Signing
import WireModel
import WireProtocols

/// Paths that are Martlet's own: health, clock, journal.
package protocol ReservedPaths: Sendable {
    /// The answer, or `nil` when the path is not reserved.
    func response(to request: HTTPRequest, fromSandbox: Bool) async -> HTTPResponse?
}

/// Answers AWS clients.
package final class Gateway: HTTPApplication {
    private let hostRule: HostRule
    private let reserved: any ReservedPaths
    private let router: OperationRouter
    private let table: ServiceTable
    private let authenticator: Authenticator
    private let dispatcher: Dispatcher
    private let world: World
    /// Scheme, host and port for URLs handed out; `nil` reuses the caller's.
    private let publicEndpoint: String?

    package init(
        hostRule: HostRule, reserved: any ReservedPaths, table: ServiceTable,
        authenticator: Authenticator, dispatcher: Dispatcher, world: World,
        publicEndpoint: String?
    ) {
        self.hostRule = hostRule
        self.reserved = reserved
        self.table = table
        self.authenticator = authenticator
        self.dispatcher = dispatcher
        self.world = world
        self.publicEndpoint = publicEndpoint
        var router = OperationRouter()
        for service in table.services {
            router.register(
                service.descriptor, operations: service.operations.map(\.descriptor))
        }
        self.router = router
    }

    /// What is there, for whoever asked for something that is not.
    private var serviceList: String {
        table.services.map(\.descriptor.signingName).joined(separator: ", ")
    }

    /// Tag of listeners inside a sandbox's network.
    package static let sandboxTag = "sandbox"

    static func isSandbox(_ tag: String) -> Bool { tag.hasPrefix(sandboxTag) }

    // MARK: HTTPApplication

    package func admit(_ head: HTTPRequestHead) -> HeadDecision {
        if let refusal = hostRule.refusal(head) { return .answer(refusal) }
        return .accept(bodyBytesMax: BodyLimit.bytes(for: head))
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        // Cross-site preflights get no permission, and so no request of theirs follows.
        if case .options = request.method { return HTTPResponse(status: 403) }
        let isSandbox = Self.isSandbox(request.connection.tag)
        if request.head.rawPathBytes.starts(with: "/_".utf8)
            || request.head.rawPathBytes.elementsEqual("/metrics".utf8),
            let response = await reserved.response(to: request, fromSandbox: isSandbox)
        {
            return response
        }
        let requestID = world.entropy.uuid()
        var wireRequest = WireRequest(
            method: request.method.name, path: request.rawPath, query: request.rawQuery ?? "",
            headers: request.fields, body: request.body)
        QueuePath.complete(&wireRequest)
        switch router.route(wireRequest) {
        case .operation(let descriptor, let wire, let labels):
            wireRequest.labels = labels
            return await call(
                descriptor, wire, wireRequest, request: request, requestID: requestID)
        case .refusal(var fault, let wire, let service):
            if fault.shapeName == "NotImplemented" { fault.message += " It has: \(serviceList)." }
            return HTTPResponse(wire.response(fault: fault, of: service, requestID: requestID))
        case .unrecognised: return Self.unrecognised(requestID)
        }
    }

    private func call(
        _ descriptor: OperationDescriptor, _ wire: any WireProtocol, _ wireRequest: WireRequest,
        request: HTTPRequest, requestID: String
    ) async -> HTTPResponse {
        do {
            guard let entry = table[descriptor] else { throw ServiceFault.internalFailure }
            let caller = try await authenticator.caller(
                of: request, for: descriptor.service,
                style: Self.style(of: wire, descriptor.service))
            let prepared = try entry.operation.prepare(
                HTTPInput(wire: wire, request: wireRequest))
            let context = context(caller, request, requestID)
            let outcome = await dispatcher.run(prepared, of: entry.service, context)
            switch outcome.result {
            case .success(let output):
                return HTTPResponse(
                    Self.response(output, wire, descriptor, requestID: requestID))
            case .failure(let fault): throw fault
            }
        } catch {
            let fault = (error as? ServiceFault) ?? .internalFailure
            return HTTPResponse(
                wire.response(fault: fault, of: descriptor.service, requestID: requestID))
        }
    }

    private static func response(
        _ output: some WireStructure, _ wire: any WireProtocol, _ descriptor: OperationDescriptor,
        requestID: String
    ) -> WireResponse {
        wire.response(output, of: descriptor, requestID: requestID)
    }

    private func context(_ caller: Caller, _ request: HTTPRequest, _ requestID: String)
        -> CallContext
    {
        var context = CallContext(
            requestID: requestID, principal: caller.principal, account: caller.account,
            region: caller.region,
            endpoint: publicEndpoint ?? "http://\(request.host ?? "localhost")",
            record: world.journal.allot())
        context.traceHeader = request.header("x-amzn-trace-id")
        context.requestBytes = request.body.count
        context.sourceAddress = request.connection.peerAddress
        context.userAgent = request.header("user-agent")
        return context
    }

    private static func style(of wire: any WireProtocol, _ service: ServiceDescriptor)
        -> SigningRejection.Style
    {
        switch wire {
        case is AWSQueryProtocol: .query
        case is RestJSONProtocol: .restJSON
        default: service.isQueryCompatible ? .queryCompatibleJSON : .awsJSON
        }
    }

    private static func unrecognised(_ requestID: String) -> HTTPResponse {
        HTTPResponse(
            status: 404,
            headers: [
                ("content-type", "text/plain; charset=utf-8"), ("x-amzn-requestid", requestID),
            ],
            body: Array(
                "This is Martlet. No AWS service answers here; see /_martlet/health.\n".utf8))
    }
}

extension HTTPResponse {
    fileprivate init(_ response: WireResponse) {
        self.init(status: response.status, headers: response.headers, body: response.body)
    }
}
