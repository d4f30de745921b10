// SPDX-License-Identifier: Apache-2.0
// Names of accounts, regions and resources.

/// A 12-digit AWS account number.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` unless `text` is exactly twelve ASCII digits.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count == 12, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        description = text
    }

    private init(known: String) { description = known }

    /// The account of the local profile's `test` key, LocalStack's convention.
    package static let local = AccountID(known: "000000000000")

    package static func < (left: AccountID, right: AccountID) -> Bool {
        left.description < right.description
    }
}

/// A region's name, such as `us-east-1`.
package struct Region: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` unless `text` is 1 to 32 lower-case letters, digits and hyphens.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        let isLegal = text.utf8.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D
        }
        guard (1...32).contains(text.utf8.count), isLegal else { return nil }
        description = text
    }

    private init(known: String) { description = known }

    package static let usEast1 = Region(known: "us-east-1")

    /// The partition the region's name puts it in.
    package var partition: String {
        if description.hasPrefix("cn-") { return "aws-cn" }
        if description.hasPrefix("us-gov-") { return "aws-us-gov" }
        return "aws"
    }

    package static func < (left: Region, right: Region) -> Bool {
        left.description < right.description
    }
}

/// An Amazon Resource Name, `arn:partition:service:region:account:resource`.
package struct ARN: Hashable, Sendable, CustomStringConvertible {
    package let partition: String
    package let service: String
    /// Empty for global services such as IAM.
    package let region: String
    /// Empty where the form leaves it out; `aws` for AWS managed policies.
    package let account: String
    /// Everything after the fifth colon.
    package let resource: String

    package init(
        partition: String = "aws", service: String, region: String, account: String,
        resource: String
    ) {
        self.partition = partition
        self.service = service
        self.region = region
        self.account = account
        self.resource = resource
    }

    /// A resource of a regional service.
    package init(service: String, region: Region, account: AccountID, resource: String) {
        self.init(
            partition: region.partition, service: service, region: region.description,
            account: account.description, resource: resource)
    }

    /// Parses the six-part form; `nil` when a part is missing or the resource is empty.
    package init?(parsing text: some StringProtocol) {
        // By bytes: characters cost ten times as much, and every call parses an ARN or two.
        var text = String(text)
        let parts = text.withUTF8 { Self.parts(of: $0) }
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[2].isEmpty,
            !parts[5].isEmpty
        else { return nil }
        self.init(
            partition: parts[1], service: parts[2], region: parts[3], account: parts[4],
            resource: parts[5])
    }

    /// What lies between the first five colons.
    private static func parts(of bytes: UnsafeBufferPointer<UInt8>) -> [String] {
        var parts: [String] = []
        parts.reserveCapacity(6)
        var start = 0
        for position in 0..<bytes.count
        where bytes[position] == UInt8(ascii: ":") && parts.count < 5 {
            parts.append(
                String(
                    decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]),
                    as: UTF8.self))
            start = position + 1
        }
        parts.append(
            String(decoding: UnsafeBufferPointer(rebasing: bytes[start...]), as: UTF8.self))
        return parts
    }

    /// The account in an ARN's text, empty where the form leaves it out; `nil` for no ARN.
    ///
    /// Costs no allocation.
    package static func account(in text: String) -> Substring? {
        var text = text
        guard let range = text.withUTF8({ accountRange(in: $0) }) else { return nil }
        let utf8 = text.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: range.lowerBound)
        return text[start..<utf8.index(start, offsetBy: range.count)]
    }

    private static func accountRange(in bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        guard bytes.starts(with: "arn:".utf8) else { return nil }
        var start = 4
        var colons = 1
        for position in 4..<bytes.count where bytes[position] == UInt8(ascii: ":") {
            colons += 1
            if colons == 5 { return position + 1 < bytes.count ? start..<position : nil }
            start = position + 1
        }
        return nil
    }

    package var description: String {
        var text = "arn:"
        text.reserveCapacity(
            9 + partition.utf8.count + service.utf8.count + region.utf8.count
                + account.utf8.count + resource.utf8.count)
        for part in [partition, service, region, account] {
            text += part
            text += ":"
        }
        text += resource
        return text
    }
}
