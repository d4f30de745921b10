// SPDX-License-Identifier: Apache-2.0
// One implementation per wire protocol, none per service. A protocol is a stateless value.

package import WireModel

/// How requests, replies and errors of one wire protocol look.
package protocol WireProtocol: Sendable {
    /// Reads an operation's input; throws what the client is told when the bytes make no sense.
    func read<Input: WireStructure>(
        _ type: Input.Type, of operation: OperationDescriptor, from request: WireRequest
    ) throws(ServiceFault) -> ReadResult<Input>

    /// The reply of an operation that succeeded.
    func response(
        _ output: some WireStructure, of operation: OperationDescriptor, requestID: String
    ) -> WireResponse

    /// The reply that reports a fault; `service` is the one addressed, if that much is known.
    func response(fault: ServiceFault, of service: ServiceDescriptor?, requestID: String)
        -> WireResponse
}

extension ProtocolName {
    /// The implementation.
    package var implementation: any WireProtocol {
        switch self {
        case .awsJSON10: AWSJSONProtocol(version: "1.0")
        case .awsJSON11: AWSJSONProtocol(version: "1.1")
        case .awsQuery: AWSQueryProtocol()
        case .restJSON1: RestJSONProtocol()
        }
    }
}

/// Shared by all: the header that carries the request's identifier.
func requestIDHeader(_ requestID: String) -> (name: String, value: String) {
    ("x-amzn-RequestId", requestID)
}

extension ShapeReader {
    /// Reads a structure and takes what the reader collected on the way.
    func result<Input: WireStructure>(
        _ type: Input.Type, finish: () throws(WireReadError) -> Void
    ) throws(ServiceFault) -> ReadResult<Input> {
        do {
            let input = try Input(from: self)
            try finish()
            return ReadResult(
                input: input, violations: violations, presentMembers: presentMembers)
        } catch {
            throw ServiceFault.serialization(error.message)
        }
    }
}
