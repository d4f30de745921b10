// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Basics

@Suite struct TimestampTests {
    @Test func formatsAndParsesBack() {
        let time = Timestamp(milliseconds: 1_795_505_085_123)
        #expect(time.iso8601(fraction: true) == "2026-11-24T07:24:45.123Z")
        #expect(time.basicISO8601 == "20261124T072445Z")
        #expect(time.httpDate == "Tue, 24 Nov 2026 07:24:45 GMT")
        #expect(Timestamp(iso8601: "2026-11-24T07:24:45.123456Z") == time)
        #expect(Timestamp(iso8601: "2026-11-24T08:24:45.123+01:00") == time)
        #expect(Timestamp(iso8601: "20261124T072445Z") == Timestamp(seconds: time.seconds))
    }

    @Test(arguments: ["2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "x", "2026-01-01T00:00:00"])
    func refuses(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func saturates() {
        #expect(Timestamp.distantFuture.adding(seconds: 1) == .distantFuture)
        #expect(Timestamp(seconds: .max) == .distantFuture)
    }
}

@Suite struct TextFormTests {
    @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"])
    func base64RoundTrips(_ text: String) {
        let bytes = Array(text.utf8)
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }

    @Test func base64KnownAnswers() {
        #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
        #expect(Base64.encode(Array("fooba".utf8)) == "Zm9vYmE=")
        #expect(Base64.decode("Zg=") == nil)
        #expect(Base64.decode("Zh==") == nil)
    }

    @Test func crc32cKnownAnswers() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    /// Whichever of the two this processor takes, the other gives the same.
    @Test func crc32cByTableIsTheProcessors() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ 13) }
        for count in 0..<bytes.count {
            bytes.prefix(count).withUnsafeBytes { whole in
                let cut = count / 3
                let head = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: whole[..<cut]))
                let tail = UnsafeRawBufferPointer(rebasing: whole[cut...])
                #expect(
                    CRC32C.checksum(tail, continuing: head)
                        == CRC32C.tabled(whole, continuing: 0))
            }
        }
    }

    @Test func arnRoundTrips() {
        let text = "arn:aws:sqs:us-east-1:000000000000:orders"
        #expect(ARN(parsing: text)?.description == text)
        #expect(ARN(parsing: "arn:aws:sqs:us-east-1:1") == nil)
    }

    @Test(arguments: [
        ("arn:aws:sqs:us-east-1:000000000000:orders", "000000000000"),
        ("arn:aws:s3:::bucket:with:colons", ""),
        ("arn:aws:sqs:us-east-1:000000000000:", nil),
        ("arn:aws:sqs:us-east-1:000000000000", nil), ("*", nil), ("", nil), ("arn", nil),
    ])
    func accountOfAnARN(text: String, account: String?) {
        #expect(ARN.account(in: text).map(String.init) == account)
        #expect(ARN(parsing: text)?.account == account)
    }

    @Test func uuidIsVersionFour() {
        let uuid = SeededEntropy(seed: 1).uuid()
        #expect(uuid.utf8.count == 36)
        #expect(Array(uuid.utf8)[14] == UInt8(ascii: "4"))
    }
}
