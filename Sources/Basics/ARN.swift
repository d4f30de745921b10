// SPDX-License-Identifier: Apache-2.0
// Names of accounts, regions and resources.

/// A 12-digit AWS account number.
package struct AccountID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    /// `nil` unless `text` is exactly twelve ASCII digits.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 12, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        description = String(text)
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
        let isLegal = text.utf8.allSatisfy {
            ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D
        }
        guard (1...32).contains(text.utf8.count), isLegal else { return nil }
        description = String(text)
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
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0] == "arn", !parts[1].isEmpty, !parts[2].isEmpty,
            !parts[5].isEmpty
        else { return nil }
        self.init(
            partition: String(parts[1]), service: String(parts[2]), region: String(parts[3]),
            account: String(parts[4]), resource: String(parts[5]))
    }

    package var description: String {
        "arn:\(partition):\(service):\(region):\(account):\(resource)"
    }
}
