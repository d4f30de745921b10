// SPDX-License-Identifier: Apache-2.0
// A test door, not part of the product: one JSON command a line on standard input, one JSON
// answer a line on standard output. Contract/wire drives it with botocore as the oracle.

import Basics
import IAMWire
import LambdaWire
import LogsWire
import SQSWire
import STSWire
import WireModel
import WireProtocols

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@main
enum WireEcho {
    static func main() {
        let echo = Echo()
        while let line = readLine() {
            print(echo.answer(line).text)
            // Into a pipe, output waits for a full buffer otherwise.
            fflush(nil)
        }
    }
}

/// A service as the door knows it.
private struct EchoService {
    let descriptor: ServiceDescriptor
    let operations: [any WireOperation.Type]
    let fault: @Sendable (String, String) -> ServiceFault?
}

/// Decodes requests and encodes replies by name.
private struct Echo {
    private let services: [EchoService] = [
        EchoService(
            descriptor: SQS.service, operations: SQS.operations,
            fault: { SQS.Faults.named($0, message: $1) }),
        EchoService(
            descriptor: Lambda.service, operations: Lambda.operations,
            fault: { Lambda.Faults.named($0, message: $1) }),
        EchoService(
            descriptor: CloudWatchLogs.service, operations: CloudWatchLogs.operations,
            fault: { CloudWatchLogs.Faults.named($0, message: $1) }),
        EchoService(
            descriptor: STS.service, operations: STS.operations,
            fault: { STS.Faults.named($0, message: $1) }),
        EchoService(
            descriptor: IAM.service, operations: IAM.operations,
            fault: { IAM.Faults.named($0, message: $1) }),
    ]
    private let router: OperationRouter

    init() {
        var router = OperationRouter()
        for service in services {
            router.register(
                service.descriptor, operations: service.operations.map { $0.descriptor })
        }
        self.router = router
    }

    func answer(_ line: String) -> JSONValue {
        guard let command = try? JSONValue(parsing: line) else { return failure("not JSON") }
        return switch command["do"]?.stringValue {
        case "list": list()
        case "request": request(command)
        case "reply": reply(command)
        case "fault": fault(command)
        default: failure("unknown command")
        }
    }

    private func failure(_ text: String) -> JSONValue { .object(["failure": .string(text)]) }

    /// Every generated operation and error.
    private func list() -> JSONValue {
        var object = JSONObject()
        for service in services {
            let operations = service.operations.map { JSONValue.string($0.descriptor.name) }
            let protocols = service.descriptor.protocols.map { JSONValue.string($0.rawValue) }
            object[service.descriptor.name] = .object([
                "operations": .array(operations), "protocols": .array(protocols),
            ])
        }
        return .object(object)
    }

    private func operation(_ descriptor: OperationDescriptor) -> (any WireOperation.Type)? {
        services.first { $0.descriptor === descriptor.service }?
            .operations.first { $0.descriptor === descriptor }
    }

    // MARK: Requests

    private func request(_ command: JSONValue) -> JSONValue {
        var request = WireRequest(
            method: command["method"]?.stringValue ?? "POST",
            path: command["path"]?.stringValue ?? "/",
            query: command["query"]?.stringValue ?? "",
            headers: HeaderList(
                (command["headers"]?.arrayValue ?? []).compactMap { field in
                    guard let pair = field.arrayValue, pair.count == 2,
                        let name = pair[0].stringValue, let value = pair[1].stringValue
                    else { return nil }
                    return (name, value)
                }),
            body: Base64.decode(command["body"]?.stringValue ?? "") ?? [])
        switch router.route(request) {
        case .operation(let descriptor, let wire, let labels):
            request.labels = labels
            guard let type = operation(descriptor) else { return failure("no such type") }
            return read(type, wire, request)
        case .refusal(let fault, let wire, let service):
            return response(wire.response(fault: fault, of: service, requestID: "echo-request"))
        case .unrecognised: return failure("unrecognised")
        }
    }

    private func read<Operation: WireOperation>(
        _ type: Operation.Type, _ wire: any WireProtocol, _ request: WireRequest
    ) -> JSONValue {
        let descriptor = Operation.descriptor
        do {
            let result = try wire.read(Operation.Input.self, of: descriptor, from: request)
            let names = descriptor.input.names(of: result.presentMembers)
            return .object([
                "service": .string(descriptor.service.name),
                "operation": .string(descriptor.name),
                "input": JSONValue(writing: result.input),
                "present": .array(names.map(JSONValue.string)),
                "violations": .array(result.violations.map { .string($0.sentence) }),
            ])
        } catch {
            return response(
                wire.response(
                    fault: error, of: descriptor.service, requestID: "echo-request"))
        }
    }

    // MARK: Replies

    private func reply(_ command: JSONValue) -> JSONValue {
        let service = services.first { $0.descriptor.name == command["service"]?.stringValue }
        let name = command["operation"]?.stringValue
        guard let type = service?.operations.first(where: { $0.descriptor.name == name }),
            let wire = command["protocol"]?.stringValue.flatMap(ProtocolName.init)?.implementation
        else { return failure("no such operation or protocol") }
        return write(type, wire, command["output"] ?? .null)
    }

    private func write<Operation: WireOperation>(
        _ type: Operation.Type, _ wire: any WireProtocol, _ output: JSONValue
    ) -> JSONValue {
        do {
            let result = try Operation.Output.read(from: output)
            return response(
                wire.response(
                    result.input, of: Operation.descriptor, requestID: "echo-request"))
        } catch {
            return failure(error.message)
        }
    }

    private func fault(_ command: JSONValue) -> JSONValue {
        let service = services.first { $0.descriptor.name == command["service"]?.stringValue }
        guard let service,
            let wire = command["protocol"]?.stringValue.flatMap(ProtocolName.init)?.implementation,
            let fault = service.fault(
                command["name"]?.stringValue ?? "", command["message"]?.stringValue ?? "")
        else { return failure("no such fault") }
        return response(
            wire.response(fault: fault, of: service.descriptor, requestID: "echo-request"))
    }

    private func response(_ response: WireResponse) -> JSONValue {
        .object([
            "status": .integer(Int64(response.status)),
            "headers": .array(
                response.headers.map { .array([.string($0.name), .string($0.value)]) }),
            "body": .string(Base64.encode(response.body)),
        ])
    }
}
