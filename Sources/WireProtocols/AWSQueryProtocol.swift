// SPDX-License-Identifier: Apache-2.0
// awsQuery: form parameters in, XML out.

import Basics
package import WireModel

/// awsQuery, over POST bodies and over the query of a GET.
package struct AWSQueryProtocol: WireProtocol {
    package init() {}

    package func read<Input: WireStructure>(
        _ type: Input.Type, of operation: OperationDescriptor, from request: WireRequest
    ) throws(ServiceFault) -> ReadResult<Input> {
        let tree: QueryTree
        do {
            tree = try QueryTree([Array(request.query.utf8), request.body])
        } catch {
            throw ServiceFault.serialization(error.message)
        }
        let reader = ShapeReader(QueryShapeSource(tree))
        return try reader.result(type) { () throws(WireReadError) in }
    }

    package func response(
        _ output: some WireStructure, of operation: OperationDescriptor, requestID: String
    ) -> WireResponse {
        let root = "\(operation.name)Response"
        var body = Array("<?xml version=\"1.0\"?>\n".utf8)
        body.append(contentsOf: "<\(root)\(namespace(of: operation.service))>".utf8)
        if let wrapper = operation.resultWrapper {
            let writer = XMLShapeWriter()
            output.write(to: writer)
            body.append(contentsOf: "<\(wrapper)>".utf8)
            body.append(contentsOf: writer.bytes)
            body.append(contentsOf: "</\(wrapper)>".utf8)
        }
        body.append(contentsOf: "<ResponseMetadata><RequestId>".utf8)
        XMLText.append(requestID, to: &body)
        body.append(contentsOf: "</RequestId></ResponseMetadata></\(root)>\n".utf8)
        return reply(operation.successStatus, body, requestID)
    }

    package func response(fault: ServiceFault, of service: ServiceDescriptor?, requestID: String)
        -> WireResponse
    {
        var body = Array("<?xml version=\"1.0\"?>\n<ErrorResponse\(namespace(of: service))>".utf8)
        body.append(
            contentsOf: "<Error><Type>\(fault.isSender ? "Sender" : "Receiver")</Type>".utf8)
        body.append(contentsOf: "<Code>".utf8)
        XMLText.append(fault.code, to: &body)
        body.append(contentsOf: "</Code><Message>".utf8)
        XMLText.append(fault.queryMessage ?? fault.message, to: &body)
        body.append(contentsOf: "</Message>".utf8)
        for member in fault.members {
            body.append(contentsOf: "<\(member.name)>".utf8)
            XMLText.append(member.value.stringValue ?? member.value.text, to: &body)
            body.append(contentsOf: "</\(member.name)>".utf8)
        }
        body.append(contentsOf: "<Detail/></Error><RequestId>".utf8)
        XMLText.append(requestID, to: &body)
        body.append(contentsOf: "</RequestId></ErrorResponse>\n".utf8)
        var response = reply(fault.httpStatus, body, requestID)
        response.headers += fault.headers
        return response
    }

    private func namespace(of service: ServiceDescriptor?) -> String {
        service?.xmlNamespace.map { " xmlns=\"\($0)\"" } ?? ""
    }

    private func reply(_ status: Int, _ body: [UInt8], _ requestID: String) -> WireResponse {
        WireResponse(
            status: status, headers: [requestIDHeader(requestID), ("Content-Type", "text/xml")],
            body: body)
    }
}
