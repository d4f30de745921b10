// SPDX-License-Identifier: Apache-2.0
// Documents from whoever may put a policy: damaged, deep, wide, long. Each is read or refused, and
// what is read can be judged; nothing traps, recurses or takes memory without bound.

import Basics
import IdentityAccess
import Testing

@Suite struct HostilePolicyTests {
    private static let usages: [PolicyDocument.Usage] = [
        .identity, .managed, .session, .resource, .trust,
    ]

    /// Reads a document for each place and judges requests by what was read.
    private func put(_ text: [UInt8]) -> [MalformedPolicy.Reason?] {
        Self.usages.map { usage -> MalformedPolicy.Reason? in
            do throws(MalformedPolicy) {
                let policy = NamedPolicy(
                    name: "p", document: try PolicyDocument.parse(text, as: usage))
                for row in PolicyTable.sources + PolicyTable.limits.prefix(3) {
                    _ = Evaluator.decide(
                        row.request, policies: EffectivePolicies(identity: [policy]),
                        resourcePolicy: policy)
                }
                return nil
            } catch {
                return error.reason
            }
        }
    }

    private static let seeds: [String] = [
        document([
            Statement(
                "Allow", #"["sqs:*", "sts:AssumeRole"]"#,
                on: #"["arn:aws:sqs:*:*:${aws:username}"]"#,
                if: #"{"StringLike": {"aws:userid": ["a*", "${aws:PrincipalTag/x, 'y'}${*}"]}}"#,
                sid: "One")
        ]),
        document([
            Statement(
                "Deny", to: #"!{"AWS": ["*", "000000000000"], "Service": "sns.amazonaws.com"}"#,
                if: #"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2001:db8::/32"]}}"#),
            Statement(
                "Allow", to: "*",
                if: #"{"DateLessThan": {"aws:CurrentTime": "2026-05-28T20:26:40.5+01:00"}, "#
                    + #""ForAnyValue:BinaryEquals": {"s3:k": "AQI="}, "#
                    + #""NumericLessThanIfExists": {"s3:n": [1, -2.5e3]}}"#),
        ]),
        #"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "#
            + #""arn:aws:iam::000000000000:role/a"}, "Action": "sts:AssumeRole", "Condition": "#
            + #"{"StringEquals": {"sts:ExternalId": "x"}}}}"#,
    ]

    @Test(arguments: seeds.indices) func theSeedsAreLawfulSomewhere(_ index: Int) {
        #expect(put(Array(Self.seeds[index].utf8)).contains(nil))
    }

    @Test(arguments: UInt64(0)..<24) func damagedDocumentsAreReadOrRefused(_ seed: UInt64) {
        let entropy = SeededEntropy(seed: seed)
        func below(_ bound: Int) -> Int { Int(entropy.below(UInt64(max(1, bound)))) }
        var refused = 0
        for _ in 0..<150 {
            var text = Array(Self.seeds[below(Self.seeds.count)].utf8)
            for _ in 0...below(4) where !text.isEmpty {
                let position = below(text.count)
                let length = min(below(12), text.count - position)
                switch below(5) {
                case 0: text[position] = UInt8(below(256))
                case 1: text.removeSubrange(position..<position + length)
                case 2:
                    let copy = text[position..<position + length]
                    text.insert(contentsOf: copy, at: below(text.count))
                case 3: text.insert(Array("\"{}[],:*?$'/-".utf8)[below(13)], at: position)
                default: text = Array(text.prefix(position + 1))
                }
            }
            refused += put(text).count { $0 != nil }
        }
        #expect(refused > 0)
    }

    @Test(arguments: ["[", "{\"a\":", "{\"Statement\":[", "[[[{\"Condition\":"])
    func deepDocumentsAreRefused(_ opening: String) {
        let text = Array(String(repeating: opening, count: 131_000 / opening.utf8.count).utf8)
        #expect(put(text).allSatisfy { $0 == .syntax })
    }

    @Test func documentsBeyondTheBoundAreRefusedUnread() {
        let text = Array(repeating: UInt8(ascii: "["), count: 200_000)
        #expect(put(text).allSatisfy { $0 == .tooLong(bytesMax: 131_072) })
    }

    @Test func wideDocumentsAreReadInReasonableTime() {
        let actions = Array(repeating: #""sqs:a""#, count: 14_000).joined(separator: ",")
        let list = document([Statement("Allow", "[\(actions)]")])
        #expect(put(Array(list.utf8)).first == .some(nil))
        let statements = (0..<1200).map { Statement("Allow", "sqs:a\($0)", on: Given.queue) }
        #expect(put(Array(document(statements).utf8)).first == .some(nil))
        let keys = (0..<4000).map { #""s3:k\#($0)": "v""# }.joined(separator: ",")
        let wide = document([Statement("Allow", if: #"{"StringEquals": {\#(keys)}}"#)])
        #expect(put(Array(wide.utf8)).first == .some(nil))
    }

    @Test func repeatedNamesAreRefused() {
        for text in [
            #"{"Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
            document([
                Statement(
                    "Allow", if: #"{"Bool": {"aws:SecureTransport": "true"}, "Bool": {}}"#)
            ]),
            document([
                Statement(
                    "Allow", if: #"{"StringEquals": {"aws:userid": "a", "aws:userid": "b"}}"#)
            ]),
        ] {
            #expect(put(Array(text.utf8)).first == .some(.syntax))
        }
    }

    @Test(arguments: [
        #"{"NumericLessThan": {"s3:k": "1e999"}}"#, #"{"NumericLessThan": {"s3:k": "nan"}}"#,
        #"{"NumericLessThan": {"s3:k": ""}}"#, #"{"DateLessThan": {"s3:k": "2026-13-01"}}"#,
        #"{"DateLessThan": {"s3:k": ""}}"#, #"{"IpAddress": {"s3:k": ":::"}}"#,
        #"{"IpAddress": {"s3:k": "1.2.3"}}"#, #"{"IpAddress": {"s3:k": "2001:db8::/129"}}"#,
        #"{"BinaryEquals": {"s3:k": "a"}}"#, #"{"Null": {"s3:k": "maybe"}}"#,
        #"{"Null": {"s3:k": "${s3:other}"}}"#, #"{"ArnLike": {"s3:k": "arn"}}"#,
        #"{"NumericLessThan": {"s3:k": "${s3:other}"}}"#, #"{"Bool": {"s3:k": "1"}}"#,
    ])
    func valuesThatAreNoneOfTheirKindAreRefused(_ condition: String) {
        let reason = put(Array(document([Statement("Allow", if: condition)]).utf8)).first ?? nil
        guard case .illegalValue = reason else {
            Issue.record("\(condition): \(String(describing: reason))")
            return
        }
    }

    @Test func numbersAtTheirBoundsAreJudged() throws {
        func allows(_ condition: String) throws -> Bool {
            try PolicyCase(
                "", [Statement("Allow", if: condition)], keys: [ContextKey("s3:k", "0")],
                is: .accountRoot
            ).decide().isAllowed
        }
        #expect(try allows(#"{"DateLessThan": {"aws:CurrentTime": "9223372036854775807"}}"#))
        #expect(try !allows(#"{"DateLessThan": {"aws:CurrentTime": "-9223372036854775808"}}"#))
        #expect(try allows(#"{"NumericLessThan": {"s3:k": 99999999999999999999}}"#))
        #expect(try !allows(#"{"NumericLessThan": {"s3:k": -9223372036854775808}}"#))
    }
}
