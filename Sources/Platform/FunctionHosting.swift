// SPDX-License-Identifier: Apache-2.0
// What running functions get from the platform: their role's credentials, a log group, the
// virtual time, and an endpoint on their own loopback.

import Basics
import Chronology
import FunctionRuntime
import Gateway
import HTTPFront
import IdentityAccess
import Journal
import LambdaService
import NIOCore
import ServiceKit
import Synchronization
import WireModel

/// The platform as functions see it.
final class FunctionHosting: FunctionHost {
    private struct State {
        var server: HTTPServer?
        var application: (any HTTPApplication)?
        var port: UInt16 = 4566
        var listeners: [UInt64: HTTPListener] = [:]
        /// Streams that exist already, so that a batch of lines costs one call.
        var streams: Set<FunctionLogStream> = []
    }

    private static let sessionSeconds = 6 * 3600
    private static let lambda = "lambda.amazonaws.com"

    private let world: World
    private let roles: any RoleSource
    private let caller: any ServiceCaller
    private let state = Mutex(State())

    init(world: World, roles: any RoleSource, caller: any ServiceCaller) {
        self.world = world
        self.roles = roles
        self.caller = caller
    }

    /// Gives functions the listener to talk to.
    func bind(_ server: HTTPServer, _ application: any HTTPApplication, port: UInt16) {
        state.withLock { state in
            state.server = server
            state.application = application
            state.port = port
        }
    }

    var endpointPort: UInt16 { state.withLock { $0.port } }

    func now() -> Timestamp { world.clock.now() }

    func credentials(for function: FunctionSpecification) async throws(FunctionCredentialsRefused)
        -> FunctionCredentials
    {
        do {
            let issued = try await roles.credentials(
                of: function.roleARN, for: Self.lambda, named: function.functionName,
                source: function.functionARN, seconds: Self.sessionSeconds)
            return FunctionCredentials(
                accessKeyID: issued.accessKeyID, secretAccessKey: issued.secretAccessKey,
                sessionToken: issued.sessionToken, expires: issued.expiration)
        } catch {
            let message = (error as? ServiceFault)?.message ?? "\(error)"
            throw FunctionCredentialsRefused(message: message)
        }
    }

    func log(_ lines: [FunctionLogLine], to stream: FunctionLogStream) async {
        guard !lines.isEmpty,
            var session = try? await roles.session(
                of: stream.roleARN, for: Self.lambda, named: Self.sessionName(stream),
                source: stream.function)
        else { return }
        // Of what Lambda does outside the environment, AWS lets the function show in its logs alone.
        session.sourceFunctionARN = stream.function.description
        let events = JSONValue.array(
            lines.map { line in
                .object([
                    "timestamp": .integer(line.timestamp.milliseconds),
                    "message": .string(line.message),
                ])
            })
        let isKnown = state.withLock { $0.streams.contains(stream) }
        if !isKnown { await create(stream, session) }
        let put: JSONObject = [
            "logGroupName": .string(stream.group), "logStreamName": .string(stream.stream),
            "logEvents": events,
        ]
        do throws(ServiceFault) {
            _ = try await call("PutLogEvents", put, stream, session)
            state.withLock { _ = $0.streams.insert(stream) }
        } catch {
            // Deleted meanwhile, or not permitted: as on AWS the function runs without a log.
            state.withLock { _ = $0.streams.remove(stream) }
        }
    }

    private func create(_ stream: FunctionLogStream, _ session: RoleSession) async {
        let names: JSONObject = [
            "logGroupName": .string(stream.group), "logStreamName": .string(stream.stream),
        ]
        do throws(ServiceFault) {
            _ = try await call("CreateLogStream", names, stream, session)
        } catch {
            guard error.shapeName == "ResourceNotFoundException" else { return }
            let group: JSONObject = ["logGroupName": .string(stream.group)]
            _ = try? await call("CreateLogGroup", group, stream, session)
            _ = try? await call("CreateLogStream", names, stream, session)
        }
    }

    private func call(
        _ operation: String, _ input: JSONObject, _ stream: FunctionLogStream,
        _ session: RoleSession
    ) async throws(ServiceFault) -> JSONValue {
        try await caller.call(
            InternalCall(
                service: "logs", operation: operation, input: .object(input),
                principal: .role(session), account: stream.accountID, region: stream.region,
                cause: .none, activity: nil))
    }

    private static func sessionName(_ stream: FunctionLogStream) -> String {
        String(stream.function.resource.split(separator: ":").last ?? "function")
    }

    func serve(listeningDescriptor: Int32, for sandbox: SandboxIdentity) async {
        guard
            let (server, application) = state.withLock({ state in
                state.server.flatMap { server in state.application.map { (server, $0) } }
            })
        else { return }
        let listener = try? await server.adopt(
            listeningDescriptor: listeningDescriptor,
            tag: "\(Gateway.sandboxTag):\(sandbox.environmentID)", application: application)
        guard let listener else { return }
        state.withLock { $0.listeners[sandbox.environmentID] = listener }
    }

    func stopServing(_ sandbox: SandboxIdentity) async {
        let listener = state.withLock {
            $0.listeners.removeValue(forKey: sandbox.environmentID)
        }
        await listener?.close(within: .seconds(0))
    }
}
