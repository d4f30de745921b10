// SPDX-License-Identifier: Apache-2.0
// A modelled or general error that a client is told about. How it looks in a protocol is that
// protocol's business; which words a service uses is generated or the service's own.

package import Basics

/// An error reply of a service.
package struct ServiceFault: Error, Sendable {
    /// A further member of the error's structure.
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSONValue

        package init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Name of the error shape, what SDKs of JSON services match: `QueueDoesNotExist`.
    package var shapeName: String
    /// Put before `#` in `__type`; `nil` where the service writes the bare name.
    package var namespace: String?
    /// `<Code>` in query and XML replies.
    package var code: String
    /// The code of the service's former query protocol, for `x-amzn-query-error`.
    package var queryErrorCode: String?
    /// What query clients are told where a service's former protocol worded it otherwise.
    package var queryMessage: String?
    package var httpStatus: Int
    /// Whether the client is to blame.
    package var isSender: Bool
    package var message: String
    /// Name of the message member in JSON: `message` or `Message`.
    package var messageName: String
    /// Members beyond the message, in reply order.
    package var members: [Member]
    /// Headers the error shape binds, such as `Retry-After`.
    package var headers: [(name: String, value: String)]

    package init(
        shapeName: String, namespace: String? = nil, code: String? = nil,
        queryErrorCode: String? = nil, httpStatus: Int = 400, isSender: Bool? = nil,
        message: String = "", messageName: String = "message", members: [Member] = [],
        headers: [(name: String, value: String)] = []
    ) {
        self.shapeName = shapeName
        self.namespace = namespace
        self.code = code ?? shapeName
        self.queryErrorCode = queryErrorCode
        self.httpStatus = httpStatus
        self.isSender = isSender ?? (httpStatus < 500)
        self.message = message
        self.messageName = messageName
        self.members = members
        self.headers = headers
    }
}
