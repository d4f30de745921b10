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
    /// The names as they were given, with semicolons between them.
    private let signedHeaderList: String
    package let signature: String

    /// Lower-cased names in the order given.
    package var signedHeaders: [String] {
        signedHeaderList.utf8.split(separator: UInt8(ascii: ";")).map {
            String(Substring($0)).lowercased()
        }
    }

    /// `date/region/service/aws4_request`.
    package var scope: String { "\(date)/\(region)/\(service)/\(terminator)" }

    /// Longer headers are refused without being looked at.
    private static let bytesMax = 8192

    package init(
        accessKeyID: String, date: String, region: String, service: String,
        terminator: String = "aws4_request", signedHeaders: [String], signature: String
    ) {
        self.init(
            accessKeyID: accessKeyID, date: date, region: region, service: service,
            terminator: terminator, signedHeaderList: signedHeaders.joined(separator: ";"),
            signature: signature)
    }

    private init(
        accessKeyID: String, date: String, region: String, service: String, terminator: String,
        signedHeaderList: String, signature: String
    ) {
        self.accessKeyID = accessKeyID
        self.date = date
        self.region = region
        self.service = service
        self.terminator = terminator
        self.signedHeaderList = signedHeaderList
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
        var text = header
        let parts = text.withUTF8 { Parts($0) }
        guard let credential = parts.credential, let signature = parts.signature,
            let signedHeaders = parts.signedHeaders, hasDate, !signedHeaders.isEmpty
        else {
            var missing: [SigningRejection.Part] = []
            if parts.credential == nil { missing.append(.credential) }
            if parts.signature == nil { missing.append(.signature) }
            if parts.signedHeaders?.isEmpty ?? true { missing.append(.signedHeaders) }
            if !hasDate { missing.append(.date) }
            throw SigningRejection.incomplete(missing: missing, header: header)
        }
        guard parts.elements.count == 5, parts.elements.allSatisfy({ !$0.isEmpty }) else {
            throw SigningRejection.malformedCredential(credential)
        }
        return SigV4Authorization(
            accessKeyID: parts.elements[0], date: parts.elements[1], region: parts.elements[2],
            service: parts.elements[3], terminator: parts.elements[4],
            signedHeaderList: signedHeaders, signature: signature)
    }

    /// What a header names, found by its bytes: every request has one, and characters cost ten
    /// times as much.
    private struct Parts {
        var credential: String?
        /// The credential's elements between its slashes.
        var elements: [String] = []
        var signedHeaders: String?
        var signature: String?

        init(_ bytes: UnsafeBufferPointer<UInt8>) {
            let mark = algorithm.utf8.count
            guard bytes.prefix(mark).elementsEqual(algorithm.utf8) else { return }
            var start = mark
            while start < bytes.count {
                let end = Self.first(UInt8(ascii: ","), in: bytes, start..<bytes.count)
                read(bytes, start..<end)
                start = end + 1
            }
        }

        private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, _ part: Range<Int>) {
            var start = part.lowerBound
            while start < part.upperBound,
                bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t")
            { start += 1 }
            let equals = Self.first(UInt8(ascii: "="), in: bytes, start..<part.upperBound)
            guard equals < part.upperBound else { return }
            let end = Self.first(UInt8(ascii: " "), in: bytes, equals + 1..<part.upperBound)
            let value = Self.text(bytes, equals + 1..<end)
            let name = UnsafeBufferPointer(rebasing: bytes[start..<equals])
            if name.elementsEqual("Credential".utf8) {
                credential = value
                elements = Self.elements(bytes, equals + 1..<end)
            } else if name.elementsEqual("SignedHeaders".utf8) {
                signedHeaders = value
            } else if name.elementsEqual("Signature".utf8) {
                signature = value
            }
        }

        private static func elements(
            _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
        ) -> [String] {
            var elements: [String] = []
            elements.reserveCapacity(5)
            var start = range.lowerBound
            while true {
                let end = first(UInt8(ascii: "/"), in: bytes, start..<range.upperBound)
                elements.append(text(bytes, start..<end))
                guard end < range.upperBound else { return elements }
                start = end + 1
            }
        }

        /// The end of the range if the byte is not in it.
        private static func first(
            _ byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
        ) -> Int {
            var position = range.lowerBound
            while position < range.upperBound, bytes[position] != byte { position += 1 }
            return position
        }

        private static func text(
            _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
        ) -> String {
            String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
        }
    }
}
