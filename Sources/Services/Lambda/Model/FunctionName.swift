// SPDX-License-Identifier: Apache-2.0
// What names a function: its place in an account and region, and the forms a caller may write.

package import Basics

/// A function's full name.
package struct FunctionName: Hashable, Sendable {
    package let account: AccountID
    package let region: Region
    package let name: String

    package init(account: AccountID, region: Region, name: String) {
        self.account = account
        self.region = region
        self.name = name
    }

    /// The ARN without a qualifier.
    package var arn: ARN {
        ARN(service: "lambda", region: region, account: account, resource: "function:\(name)")
    }

    /// The ARN as text, with the qualifier if there is one.
    package func arn(qualifier: String?) -> String {
        qualifier.map { "\(arn):\($0)" } ?? arn.description
    }
}

/// A function as a caller wrote it: a name, a partial or a whole ARN, each with or without a
/// qualifier.
package struct FunctionReference: Hashable, Sendable {
    package var name: String
    package var qualifier: String?
    /// Given by an ARN or partial ARN.
    package var account: AccountID?
    package var region: Region?

    /// Reads `[arn:partition:lambda:][region:][account:][function:]name[:qualifier]`.
    ///
    /// `nil` for what no function can be called.
    package init?(parsing text: String) {
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
        if parts.count >= 7, parts[0] == "arn", parts[2] == "lambda" { parts = parts.dropFirst(3) }
        if parts.count > 2, let region = Self.region(parts.first) {
            self.region = region
            parts = parts.dropFirst()
        }
        if parts.count > 1, let account = parts.first.flatMap({ AccountID($0) }) {
            self.account = account
            parts = parts.dropFirst()
        }
        if parts.count > 1, parts.first == "function" { parts = parts.dropFirst() }
        guard let name = parts.first, Self.isName(name), parts.count <= 2 else { return nil }
        self.name = String(name)
        if parts.count == 2, let qualifier = parts.last {
            guard Self.isQualifier(qualifier) else { return nil }
            self.qualifier = String(qualifier)
        }
    }

    /// A region has a digit after its last hyphen, which tells it from a function's name.
    private static func region(_ part: Substring?) -> Region? {
        guard let part, let last = part.split(separator: "-").last, part.contains("-"),
            last.utf8.count == 1, last.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return nil }
        return Region(part)
    }

    private static func isName(_ text: Substring) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
    }

    private static func isQualifier(_ text: Substring) -> Bool {
        text == "$LATEST"
            || (1...128).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
