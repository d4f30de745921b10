// SPDX-License-Identifier: Apache-2.0
// The request methods (RFC 9110, 9). Names are case-sensitive and kept as they were sent.

/// A request method; methods without a case of their own are kept as text.
package enum HTTPMethod: Hashable, Sendable {
    case get, head, post, put, delete, options, patch
    case other(String)

    /// The method a token names; tokens are compared byte by byte.
    package init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "PATCH": self = .patch
        default: self = .other(name)
        }
    }

    /// The token as it stands in a request line.
    package var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .other(let name): name
        }
    }
}

/// The two versions this listener speaks.
package enum HTTPVersion: Hashable, Sendable {
    case http10, http11
}
