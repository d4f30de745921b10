// SPDX-License-Identifier: Apache-2.0
// Refusals in the protocols that no service here is built on yet: a client's parser must meet
// its own format even when the answer is no. Reading and success replies come with the first
// service of such a protocol, as a `ProtocolName` and an implementation of its own.

package import WireModel

/// A protocol that Martlet can only say no in.
package struct ForeignProtocol: WireProtocol {
    package enum Form: Sendable { case restXML, ec2Query, rpcV2CBOR }

    let form: Form

    package init(form: Form) { self.form = form }

    package func read<Input: WireStructure>(
        _ type: Input.Type, of operation: OperationDescriptor, from request: WireRequest
    ) throws(ServiceFault) -> ReadResult<Input> {
        throw ServiceFault.notImplemented(
            service: operation.service.serviceID, operation: operation.name)
    }

    package func response(
        _ output: some WireStructure, of operation: OperationDescriptor, requestID: String
    ) -> WireResponse {
        response(
            fault: .notImplemented(
                service: operation.service.serviceID, operation: operation.name),
            of: operation.service, requestID: requestID)
    }

    package func response(fault: ServiceFault, of service: ServiceDescriptor?, requestID: String)
        -> WireResponse
    {
        switch form {
        case .restXML: restXML(fault, requestID)
        case .ec2Query: ec2Query(fault, requestID)
        case .rpcV2CBOR: rpcV2CBOR(fault, requestID)
        }
    }

    private func restXML(_ fault: ServiceFault, _ requestID: String) -> WireResponse {
        let body = xml(
            ["Error"], [("Code", fault.code), ("Message", fault.message)],
            [("RequestId", requestID), ("HostId", requestID)])
        return WireResponse(
            status: fault.httpStatus,
            headers: [
                ("x-amz-request-id", requestID), ("x-amz-id-2", requestID),
                ("Content-Type", "application/xml"),
            ], body: body)
    }

    private func ec2Query(_ fault: ServiceFault, _ requestID: String) -> WireResponse {
        var body = Array(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>".utf8)
        append("Code", fault.code, to: &body)
        append("Message", fault.message, to: &body)
        body.append(contentsOf: "</Error></Errors>".utf8)
        append("RequestID", requestID, to: &body)
        body.append(contentsOf: "</Response>".utf8)
        return WireResponse(
            status: fault.httpStatus,
            headers: [requestIDHeader(requestID), ("Content-Type", "text/xml;charset=UTF-8")],
            body: body)
    }

    private func xml(
        _ path: [String], _ inner: [(String, String)], _ outer: [(String, String)]
    ) -> [UInt8] {
        var body = Array("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".utf8)
        for name in path { body.append(contentsOf: "<\(name)>".utf8) }
        for (name, value) in inner + outer { append(name, value, to: &body) }
        for name in path.reversed() { body.append(contentsOf: "</\(name)>".utf8) }
        return body
    }

    private func append(_ name: String, _ value: String, to body: inout [UInt8]) {
        body.append(contentsOf: "<\(name)>".utf8)
        XMLText.append(value, to: &body)
        body.append(contentsOf: "</\(name)>".utf8)
    }

    /// A CBOR map of two text members, `__type` and `message`.
    private func rpcV2CBOR(_ fault: ServiceFault, _ requestID: String) -> WireResponse {
        var body: [UInt8] = [0xA2]
        for text in ["__type", fault.shapeName, "message", fault.message] {
            let utf8 = Array(text.utf8.prefix(0xFFFF))
            body += [0x79, UInt8(utf8.count >> 8), UInt8(utf8.count & 0xFF)]
            body += utf8
        }
        return WireResponse(
            status: fault.httpStatus,
            headers: [
                requestIDHeader(requestID), ("Content-Type", "application/cbor"),
                ("smithy-protocol", "rpc-v2-cbor"),
            ], body: body)
    }
}
