// SPDX-License-Identifier: Apache-2.0
// What a signature covers, as an edge or a client has it, and how paths are prepared for it.

/// A request that can be signed or verified, seen as the bytes on the wire.
package protocol SignableRequest {
    var method: String { get }
    /// The path as sent, before any decoding, without the query.
    var rawPath: String { get }
    /// The query as sent, without the question mark; empty where there is none.
    var rawQuery: String { get }
    /// All values of a header in their order; `name` is lower-cased.
    func values(ofHeader name: String) -> [String]
    /// The first value of a header; `name` is lower-cased.
    func firstValue(ofHeader name: String) -> String?
    /// Whether there is such a header; `name` is lower-cased.
    func has(header name: String) -> Bool
    var body: [UInt8] { get }
}

extension SignableRequest {
    package func firstValue(ofHeader name: String) -> String? { values(ofHeader: name).first }
    package func has(header name: String) -> Bool { firstValue(ofHeader: name) != nil }
}

/// How a service's signers treat the path.
package struct SigningPathRules: Hashable, Sendable {
    /// Dot segments and repeated slashes are resolved first.
    package let isNormalized: Bool
    /// The path as sent is encoded once more.
    package let isEncodedTwice: Bool

    package init(isNormalized: Bool, isEncodedTwice: Bool) {
        self.isNormalized = isNormalized
        self.isEncodedTwice = isEncodedTwice
    }

    /// All services but S3.
    package static let standard = SigningPathRules(isNormalized: true, isEncodedTwice: true)
    /// S3, whose keys may hold `//` and `..`.
    package static let s3 = SigningPathRules(isNormalized: false, isEncodedTwice: false)

    /// The rules of the service named in a credential scope.
    package static func rules(for service: String) -> SigningPathRules {
        service == "s3" ? .s3 : .standard
    }
}
