// SPDX-License-Identifier: Apache-2.0
// A request and a reply as the protocols see them: plain values, whatever carried them.

package import WireModel

/// Read access to header fields; the gateway adapts its own type.
package protocol WireHeaders: Sendable {
    /// The value of the first field of that name, which is given in lower case.
    func first(_ name: String) -> String?
    /// Every field in order, for members that bind a prefix of names.
    var all: [(name: String, value: String)] { get }
}

/// Header fields as a plain list.
package struct HeaderList: WireHeaders {
    package let all: [(name: String, value: String)]

    package init(_ fields: [(name: String, value: String)] = []) { all = fields }

    package func first(_ name: String) -> String? {
        all.first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name }?.value
    }
}

/// A request whose body has arrived.
package struct WireRequest: Sendable {
    package var method: String
    /// The path as it was sent, still percent-encoded, without the query.
    package var path: String
    /// What follows `?`, still percent-encoded; empty if nothing does.
    package var query: String
    package var headers: any WireHeaders
    package var body: [UInt8]
    /// Values of the URI template's labels, decoded; set from the router's answer.
    package var labels: [String: String]

    package init(
        method: String = "POST", path: String = "/", query: String = "",
        headers: any WireHeaders = HeaderList(), body: [UInt8] = [],
        labels: [String: String] = [:]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.labels = labels
    }
}

/// A reply ready to be sent; the gateway adds `Date`, `Content-Length` and connection fields.
package struct WireResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// An input with what the runtime must know beside its values.
package struct ReadResult<Input: WireStructure>: Sendable {
    package let input: Input
    /// Constraints of the model that the input breaks; the handler must not see such an input.
    package let violations: [ConstraintViolation]
    /// Which members of the input the request carried.
    package let presentMembers: MemberSet

    package init(
        input: Input, violations: [ConstraintViolation], presentMembers: MemberSet
    ) {
        self.input = input
        self.violations = violations
        self.presentMembers = presentMembers
    }
}
