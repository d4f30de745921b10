// SPDX-License-Identifier: Apache-2.0
// The `Authorization` header of Signature Version 4, taken apart. Nothing in it is believed yet.

/// The parts of an authorization header.
package struct SigV4Authorization: Sendable {
    package static let algorithm = "AWS4-HMAC-SHA256"

    package let accessKeyID: String
    /// `YYYYMMDD`.
    package let date: String
    package let region: String
    package let service: String
    package let terminator: String
    /// What holds the two longest parts, which only a key that is verified needs.
    private let text: String
    /// The names as they were given, with semicolons between them, as bytes of `text`.
    private let signedHeaderList: Range<Int>
    private let signatureBytes: Range<Int>

    package var signature: String { part(signatureBytes) }

    /// Lower-cased names in the order given.
    package var signedHeaders: [String] {
        part(signedHeaderList).utf8.split(separator: UInt8(ascii: ";")).map {
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
        let list = signedHeaders.joined(separator: ";")
        self.init(
            elements: [accessKeyID, date, region, service, terminator], text: list + signature,
            signedHeaderList: 0..<list.utf8.count,
            signatureBytes: list.utf8.count..<list.utf8.count + signature.utf8.count)
    }

    /// `elements` are the five of a credential; the ranges are bytes of `text`.
    private init(
        elements: [String], text: String, signedHeaderList: Range<Int>, signatureBytes: Range<Int>
    ) {
        accessKeyID = elements[0]
        date = elements[1]
        region = elements[2]
        service = elements[3]
        terminator = elements[4]
        self.text = text
        self.signedHeaderList = signedHeaderList
        self.signatureBytes = signatureBytes
    }

    private func part(_ range: Range<Int>) -> String {
        String(decoding: text.utf8.dropFirst(range.lowerBound).prefix(range.count), as: UTF8.self)
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
            let sent = text.utf8.dropFirst(credential.lowerBound).prefix(credential.count)
            throw SigningRejection.malformedCredential(String(decoding: sent, as: UTF8.self))
        }
        return SigV4Authorization(
            elements: parts.elements, text: text, signedHeaderList: signedHeaders,
            signatureBytes: signature)
    }

    /// What a header names, found by its bytes: every request has one, and characters cost ten
    /// times as much.
    private struct Parts {
        var credential: Range<Int>?
        /// The credential's elements between its slashes.
        var elements: [String] = []
        var signedHeaders: Range<Int>?
        var signature: Range<Int>?

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
            let value = equals + 1..<end
            let name = UnsafeBufferPointer(rebasing: bytes[start..<equals])
            if name.elementsEqual("Credential".utf8) {
                credential = value
                elements = Self.elements(bytes, value)
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
