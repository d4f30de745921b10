// SPDX-License-Identifier: Apache-2.0
// restJson1: the operation in method and path, members spread over the request.

import Basics
package import WireModel

/// restJson1.
package struct RestJSONProtocol: WireProtocol {
    package init() {}

    package func read<Input: WireStructure>(
        _ type: Input.Type, of operation: OperationDescriptor, from request: WireRequest
    ) throws(ServiceFault) -> ReadResult<Input> {
        try request.body.withUnsafeBufferPointer { bytes throws(ServiceFault) in
            let source = RestJSONShapeSource(request, body: bytes)
            return try ShapeReader(source).result(type) { () throws(WireReadError) in
                try source.finish()
            }
        }
    }

    package func response(
        _ output: some WireStructure, of operation: OperationDescriptor, requestID: String
    ) -> WireResponse {
        let writer = RestJSONShapeWriter()
        output.write(to: writer)
        let status = writer.status ?? operation.successStatus
        let hasBody = status != 204 && operation.hasOutput
        return WireResponse(
            status: status,
            headers: [requestIDHeader(requestID), ("Content-Type", "application/json")]
                + writer.headers,
            body: hasBody ? writer.body : [])
    }

    package func response(fault: ServiceFault, of service: ServiceDescriptor?, requestID: String)
        -> WireResponse
    {
        WireResponse(
            status: fault.httpStatus,
            headers: [
                requestIDHeader(requestID), ("Content-Type", "application/json"),
                ("x-amzn-ErrorType", fault.shapeName),
            ] + fault.headers,
            body: fault.jsonBody(isTyped: false))
    }
}
