// SPDX-License-Identifier: Apache-2.0
// Invoke: at once, later through the outbox, or only the permission to.

import Basics
import Chronology
import Delivery
import IdentityAccess
import Journal
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    var invoke: Operation {
        Operation(
            Lambda.Invoke.self,
            rules: MemberRules(
                refused: [
                    "DurableExecutionName": "durable functions are not built.",
                    "TenantId": "tenant isolation is not built.",
                ]),
            validation: LambdaFaults.validation,
            authorize: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                return [Access("lambda:InvokeFunction", on: name.arn(qualifier: qualifier))]
            },
            handler: { [self] input, context in
                let (name, qualifier) = try directory.name(
                    input.functionName, qualifier: input.qualifier, context)
                let isEvent = input.invocationType == .event
                let payload = try payload(input.payload, isEvent: isEvent)
                let function = try await directory.resolve(name, qualifier: qualifier)
                switch input.invocationType {
                case .dryRun:
                    return Reply(
                        Lambda.InvocationResponse(statusCode: 204), at: function.version)
                case .event: return try await accept(payload, function, input, context)
                default: return try await run(payload, function, input, context)
                }
            })
    }

    /// The event, checked; no payload counts as an empty object.
    private func payload(_ bytes: [UInt8]?, isEvent: Bool) throws(ServiceFault) -> [UInt8] {
        guard let bytes, !bytes.isEmpty else { return Array("{}".utf8) }
        let limit = isEvent ? limits.asyncPayloadBytesMax : limits.syncPayloadBytesMax
        guard bytes.count <= limit else {
            throw LambdaFaults.requestTooLarge(limit, operation: "InvokeFunction")
        }
        do {
            _ = try JSONValue(parsing: bytes)
        } catch {
            throw Lambda.Faults.invalidRequestContentException(
                message: "Could not parse request body into json: \(error.words)")
        }
        return bytes
    }

    // MARK: RequestResponse

    nonisolated(nonsending)
        private func run(
            _ payload: [UInt8], _ function: ResolvedFunction, _ input: Lambda.InvocationRequest,
            _ context: CallContext
        ) async throws -> Reply<Lambda.InvocationResponse>
    {
        let reserved = function.function.reservedConcurrency
        guard ledger.tryEnter(function.name, limit: reserved) else {
            throw LambdaFaults.throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        }
        var run = FunctionRun(
            requestID: context.requestID, payload: payload, traceHeader: context.traceHeader,
            admission: .refuse, cause: context.record)
        run.principal = context.principal.arn
        // An advancing clock lets a running function come to its end.
        world.background.activity.begin()
        defer {
            world.background.activity.end()
            ledger.leave(function.name)
        }
        run.clientContext = try clientContext(input.clientContext)
        let result = try await runner.run(run, of: function)
        var reply = Lambda.InvocationResponse(
            statusCode: 200, executedVersion: function.settings.version)
        if input.logType == .tail {
            reply.logResult = Base64.encode(result.logTail)
        }
        switch result.outcome {
        case .success(let answer): reply.payload = answer
        case .failure(let failure):
            reply.functionError = failure.kind.rawValue
            reply.payload = failure.payload
        case .throttled: throw LambdaFaults.throttled("ConcurrentInvocationLimitExceeded")
        case .unavailable(let reason): throw Self.fault(for: reason)
        }
        return Reply(reply, at: function.version, subjects: [context.requestID])
    }

    /// JSON text from the header's Base64.
    private func clientContext(_ header: String?) throws(ServiceFault) -> String? {
        guard let header, !header.isEmpty else { return nil }
        guard header.utf8.count <= limits.clientContextBytesMax,
            let bytes = Base64.decode(header), (try? JSONValue(parsing: bytes)) != nil
        else {
            throw Lambda.Faults.invalidRequestContentException(
                message: "Client context must be a valid Base64-encoded JSON object.")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func fault(for reason: FunctionUnavailable) -> ServiceFault {
        switch reason {
        case .runtimeMissing(let message):
            Lambda.Faults.invalidRuntimeException(message: message)
        case .credentials(let message): ServiceFault.accessDenied(message)
        case .startFailed(let message): Lambda.Faults.serviceException(message: message)
        case .shuttingDown:
            Lambda.Faults.serviceException(message: "The server is ending; try again.")
        }
    }

    // MARK: Event

    /// Stores the event; it is run once that is durable.
    nonisolated(nonsending)
        private func accept(
            _ payload: [UInt8], _ function: ResolvedFunction, _ input: Lambda.InvocationRequest,
            _ context: CallContext
        ) async throws -> Reply<Lambda.InvocationResponse>
    {
        guard outbox.hasRoom else {
            throw LambdaFaults.throttled("CallerRateLimitExceeded")
        }
        let event = AsyncInvocation(
            requestID: context.requestID, function: function.name,
            identity: function.function.identity, qualifier: function.qualifier,
            payload: payload, traceHeader: context.traceHeader)
        var batch = WriteBatch()
        let entry = outbox.prepare(
            AsyncInvoker.draft(event, cause: context.record), into: &batch)
        try await world.store.admitted(bytes: batch.byteCount)
        let version = try world.store.apply(batch)
        outbox.accept(entry)
        return Reply(
            Lambda.InvocationResponse(statusCode: 202), at: max(version, function.version),
            subjects: [context.requestID])
    }
}

extension JSONSyntaxError {
    /// What a client is told.
    fileprivate var words: String {
        let what: String =
            switch reason {
            case .unexpectedEnd: "Unexpected end-of-input"
            case .unexpectedByte: "Unexpected character"
            case .tooDeep: "Nesting is too deep"
            case .badString: "Invalid string"
            case .badNumber: "Invalid number"
            case .trailingBytes: "Unexpected content after the value"
            case .repeatedName: "Duplicate member name"
            }
        return "\(what) at offset \(offset)"
    }
}
