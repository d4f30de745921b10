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
        var credential: Substring?
        var signedHeaders: Substring?
        var signature: Substring?
        if header.hasPrefix(algorithm) {
            for part in header.dropFirst(algorithm.count).split(separator: ",") {
                let text = part.drop { $0 == " " || $0 == "\t" }
                guard let equals = text.firstIndex(of: "=") else { continue }
                let value = text[text.index(after: equals)...].prefix { $0 != " " }
                switch text[..<equals] {
                case "Credential": credential = value
                case "SignedHeaders": signedHeaders = value
                case "Signature": signature = value
                default: continue
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
        let elements = credential.split(separator: "/", omittingEmptySubsequences: false)
        guard elements.count == 5, elements.allSatisfy({ !$0.isEmpty }) else {
            throw SigningRejection.malformedCredential(String(credential))
        }
        return SigV4Authorization(
            accessKeyID: String(elements[0]), date: String(elements[1]),
            region: String(elements[2]), service: String(elements[3]),
            terminator: String(elements[4]),
            signedHeaders: signedHeaders.split(separator: ";").map { $0.lowercased() },
            signature: String(signature))
    }
}
