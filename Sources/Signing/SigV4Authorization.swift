// SPDX-License-Identifier: Apache-2.0
// The `Authorization` header of Signature Version 4, taken apart. Nothing in it is believed yet.

/// The parts of an authorization header.
package struct SigV4Authorization: Hashable, Sendable {
    package static let algorithm = "AWS4-HMAC-SHA256"

    package let accessKeyID: String
    /// `YYYYMMDD`.
    package let date: String
    package let region: String
    package let service: String
    package let terminator: String
    /// Lower-cased names in the order given.
    package let signedHeaders: [String]
    package let signature: String

    /// `date/region/service/aws4_request`.
    package var scope: String { "\(date)/\(region)/\(service)/\(terminator)" }

    /// Longer headers are refused without being looked at.
    private static let bytesMax = 8192

    package init(
        accessKeyID: String, date: String, region: String, service: String,
        terminator: String = "aws4_request", signedHeaders: [String], signature: String
    ) {
        self.accessKeyID = accessKeyID
        self.date = date
        self.region = region
        self.service = service
        self.terminator = terminator
        self.signedHeaders = signedHeaders
        self.signature = signature
    }

    /// Reads the value of an `Authorization` header.
    ///
    /// `hasDate` says whether the request has a date header, since AWS reports all that is
    /// missing at once.
    package static func parse(
        _ header: String, hasDate: Bool
    ) throws(SigningRejection) -> SigV4Authorization {
        guard header.utf8.count <= bytesMax else {
            throw SigningRejection.incomplete(missing: [.credential], header: "")
        }
        // By bytes: every request has this header, and characters cost ten times as much.
        let utf8 = header.utf8
        var credential: Substring.UTF8View?
        var signedHeaders: Substring.UTF8View?
        var signature: Substring.UTF8View?
        if utf8.starts(with: algorithm.utf8) {
            for part in utf8.dropFirst(algorithm.utf8.count).split(separator: UInt8(ascii: ",")) {
                let text = part.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
                guard let equals = text.firstIndex(of: UInt8(ascii: "=")) else { continue }
                let value = text[text.index(after: equals)...].prefix { $0 != UInt8(ascii: " ") }
                let name = text[..<equals]
                if name.elementsEqual("Credential".utf8) {
                    credential = value
                } else if name.elementsEqual("SignedHeaders".utf8) {
                    signedHeaders = value
                } else if name.elementsEqual("Signature".utf8) {
                    signature = value
                }
            }
        }
        guard let credential, let signature, let signedHeaders, hasDate, !signedHeaders.isEmpty
        else {
            var missing: [SigningRejection.Part] = []
            if credential == nil { missing.append(.credential) }
            if signature == nil { missing.append(.signature) }
            if signedHeaders?.isEmpty ?? true { missing.append(.signedHeaders) }
            if !hasDate { missing.append(.date) }
            throw SigningRejection.incomplete(missing: missing, header: header)
        }
        let elements = credential.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
        ).map { String(Substring($0)) }
        guard elements.count == 5, elements.allSatisfy({ !$0.isEmpty }) else {
            throw SigningRejection.malformedCredential(String(Substring(credential)))
        }
        return SigV4Authorization(
            accessKeyID: elements[0], date: elements[1], region: elements[2],
            service: elements[3], terminator: elements[4],
            signedHeaders: signedHeaders.split(separator: UInt8(ascii: ";")).map {
                String(Substring($0)).lowercased()
            },
            signature: String(Substring(signature)))
    }
}
