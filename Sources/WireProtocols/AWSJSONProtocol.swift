// SPDX-License-Identifier: Apache-2.0
// awsJson 1.0 and 1.1: the operation in `X-Amz-Target`, everything else in a JSON body.

import Basics
package import WireModel

/// awsJson; the two versions differ in their content type only.
package struct AWSJSONProtocol: WireProtocol {
    private let contentType: String

    package init(version: String) { contentType = "application/x-amz-json-\(version)" }

    package func read<Input: WireStructure>(
        _ type: Input.Type, of operation: OperationDescriptor, from request: WireRequest
    ) throws(ServiceFault) -> ReadResult<Input> {
        // Clients send nothing at all for inputs without members.
        let body = request.body.isEmpty ? Array("{}".utf8) : request.body
        return try body.withUnsafeBufferPointer { bytes throws(ServiceFault) in
            let source = JSONShapeSource(bytes)
            return try ShapeReader(source).result(type) { () throws(WireReadError) in
                try source.finish()
            }
        }
    }

    package func response(
        _ output: some WireStructure, of operation: OperationDescriptor, requestID: String
    ) -> WireResponse {
        var body: [UInt8] = []
        if operation.hasOutput {
            let writer = JSONShapeWriter()
            output.write(to: writer)
            body = writer.bytes
        }
        return WireResponse(
            status: operation.successStatus,
            headers: [requestIDHeader(requestID), ("Content-Type", contentType)], body: body)
    }

    package func response(fault: ServiceFault, of service: ServiceDescriptor?, requestID: String)
        -> WireResponse
    {
        var headers = [requestIDHeader(requestID), ("Content-Type", contentType)]
        if service?.isQueryCompatible == true {
            let side = fault.isSender ? "Sender" : "Receiver"
            headers.append(
                ("x-amzn-query-error", "\(fault.queryErrorCode ?? fault.shapeName);\(side)"))
        }
        headers += fault.headers
        return WireResponse(
            status: fault.httpStatus, headers: headers, body: fault.jsonBody(isTyped: true))
    }
}

extension ServiceFault {
    /// `{"__type":…,"message":…}`, with the members of the error's structure.
    func jsonBody(isTyped: Bool) -> [UInt8] {
        var object = JSONObject()
        if isTyped {
            object["__type"] = .string(namespace.map { "\($0)#\(shapeName)" } ?? shapeName)
        }
        for member in members { object[member.name] = member.value }
        object[messageName] = .string(message)
        return JSONValue.object(object).bytes
    }
}

extension OperationDescriptor {
    /// Whether the model gives it an output structure, be it an empty one.
    var hasOutput: Bool { output.name != EmptyStructure.shape.name }
}
