// SPDX-License-Identifier: Apache-2.0
// Laws that hold for every policy and every request, tried on generated ones; and documents made
// to break the reader. A failing case prints its seed.

import Basics
import IdentityAccess
import Testing

/// Draws policies and requests from a seed.
private struct Generator {
    private let entropy: SeededEntropy

    init(seed: UInt64) { entropy = SeededEntropy(seed: seed) }

    func below(_ bound: Int) -> Int { Int(entropy.below(UInt64(bound))) }

    func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    func chance(_ percent: Int) -> Bool { below(100) < percent }

    private static let conditions = [
        #""Bool": {"aws:SecureTransport": "true"}"#, #""StringNotLike": {"aws:username": "a*"}"#,
        #""StringEquals": {"s3:k": ["a", "${aws:username, 'b'}"]}"#,
        #""StringNotEqualsIfExists": {"s3:k": "${aws:PrincipalTag/team}"}"#,
        #""ForAllValues:StringLike": {"s3:k": ["a*", "b"]}"#,
        #""ForAnyValue:StringNotEquals": {"s3:k": "a"}"#, #""Null": {"aws:SourceArn": "true"}"#,
        #""ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}"#,
        #""IpAddressIfExists": {"aws:SourceIp": ["192.0.2.0/25", "2001:db8::/48"]}"#,
        #""DateLessThan": {"aws:CurrentTime": "2026-06-01"}"#,
        #""NumericGreaterThan": {"s3:k": "3"}"#, #""BinaryEquals": {"s3:k": "AQ=="}"#,
        #""StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}"#,
    ]

    private static let principals = [
        "*", #"{"AWS": "*"}"#, #"{"AWS": "000000000000"}"#, #"{"AWS": "222222222222"}"#,
        "{\"AWS\": \"\(Given.annARN)\"}", "{\"AWS\": \"\(Given.roleARN)\"}",
        "{\"AWS\": \"\(Given.sessionARN)\"}", "!{\"AWS\": \"\(Given.annARN)\"}",
        "!{\"AWS\": [\"\(Given.annARN)\", \"000000000000\"]}",
        #"{"Service": "sns.amazonaws.com"}"#, #"!{"Service": "sns.amazonaws.com"}"#,
        #"{"Federated": "accounts.google.com"}"#,
    ]

    func statement(_ effect: String? = nil, onResource: Bool = false) -> Statement {
        let condition = (0..<below(3)).map { _ in pick(Self.conditions) }
        let isSingle = condition.count == 2 && condition[0].prefix(12) == condition[1].prefix(12)
        let parts = isSingle ? Array(condition.prefix(1)) : condition
        return Statement(
            effect ?? (chance(75) ? "Allow" : "Deny"),
            pick(["*", "sqs:*", "sqs:SendMessage", "!sqs:SendMessage", "sns:*", "sqs:*Message"]),
            on: pick([
                "*", Given.queue, "!\(Given.queue)", "arn:aws:sqs:*:*:o*", "arn:aws:sns",
                "arn:aws:sqs:*:*:${aws:username}", "!arn:aws:sqs:*:*:${aws:PrincipalTag/team}",
            ]), to: onResource ? pick(Self.principals) : nil,
            if: parts.isEmpty ? nil : "{" + parts.joined(separator: ", ") + "}")
    }

    func statements(onResource: Bool = false) -> [Statement] {
        (0..<1 + below(4)).map { _ in statement(onResource: onResource) }
    }

    func row(_ name: String) -> PolicyCase {
        let principal = pick([
            Given.ann, Given.ann, Given.worker, Given.worker, Given.foreigner, Given.sns,
            .root(.local), .root(Given.other), .anonymous,
        ])
        let keys = [
            [], [ContextKey("s3:k", "a")], [ContextKey("s3:k", ["a", "b", "c"])],
            [ContextKey("s3:k", "4"), ContextKey("aws:SourceArn", Given.queue)],
            [ContextKey("s3:k", "")], [ContextKey("s3:k", [])],
        ]
        // The others have no policies of their own.
        let hasPolicies =
            switch principal {
            case .user, .role: true
            case .root, .service, .anonymous: false
            }
        return PolicyCase(
            name, as: principal, hasPolicies && chance(80) ? statements() : [],
            does: pick(["sqs:SendMessage", "sqs:ReceiveMessage", "sns:Publish"]),
            on: pick([Given.queue, "*", "arn:aws:sqs:us-east-1:000000000000:ann"]),
            resourcePolicy: chance(60) ? statements(onResource: true) : nil,
            boundary: hasPolicies && chance(25) ? statements() : nil,
            session: hasPolicies && chance(25) ? statements() : nil, keys: pick(keys),
            tags: chance(50) ? [AccessTag("team", pick(["a", "b"]))] : [],
            resourceTags: chance(50) ? [AccessTag("Team", pick(["a", "b"]))] : [],
            from: pick(["192.0.2.7", "192.0.2.200", "2001:db8::1", "not an address"]),
            rule: chance(15) ? .required : .optional,
            version: chance(90) ? "2012-10-17" : "2008-10-17", is: .accountRoot)
    }
}

@Suite struct PolicyPropertyTests {
    /// The places where a statement may be added.
    private static var places: [(String, WritableKeyPath<PolicyCase, [Statement]>)] {
        [
            ("identity", \.identity), ("resource", \.resourceStatements),
            ("boundary", \.boundaryStatements), ("session", \.sessionStatements),
        ]
    }

    private func isThere(_ place: String, _ row: PolicyCase) -> Bool {
        switch place {
        case "boundary": row.boundary != nil
        case "session": row.session != nil
        default: true
        }
    }

    /// The seeds of one part of a test's run.
    private static func seeds(_ part: UInt64) -> Range<UInt64> { part * 40..<(part + 1) * 40 }

    @Test(arguments: UInt64(0)..<10) func addingADenyNeverAllows(_ part: UInt64) throws {
        for seed in Self.seeds(part) { try addADeny(seed) }
    }

    private func addADeny(_ seed: UInt64) throws {
        let generator = Generator(seed: seed)
        let row = generator.row("seed \(seed)")
        let before = try row.decide()
        for (name, place) in Self.places where isThere(name, row) {
            var changed = row
            let deny = generator.statement("Deny", onResource: name == "resource")
            changed[keyPath: place].insert(deny, at: generator.below(row[keyPath: place].count + 1))
            let after = try changed.decide()
            #expect(before.isAllowed || !after.isAllowed, "seed \(seed), \(name): \(deny.text)")
        }
    }

    @Test(arguments: UInt64(20)..<30) func addingAnAllowNeverDenies(_ part: UInt64) throws {
        for seed in Self.seeds(part) { try addAnAllow(seed) }
    }

    private func addAnAllow(_ seed: UInt64) throws {
        let generator = Generator(seed: seed)
        let row = generator.row("seed \(seed)")
        let before = try row.decide()
        for (name, place) in Self.places where isThere(name, row) {
            var changed = row
            let allow = generator.statement("Allow", onResource: name == "resource")
            changed[keyPath: place].insert(
                allow, at: generator.below(row[keyPath: place].count + 1))
            let after = try changed.decide()
            #expect(!before.isAllowed || after.isAllowed, "seed \(seed), \(name): \(allow.text)")
        }
    }

    @Test(arguments: UInt64(40)..<45) func theOrderOfStatementsDoesNotMatter(
        _ part: UInt64
    ) throws {
        for seed in Self.seeds(part) {
            let row = Generator(seed: seed).row("seed \(seed)")
            var turned = row
            turned.identity.reverse()
            turned.resourcePolicy?.reverse()
            turned.boundary?.reverse()
            turned.session?.reverse()
            #expect(try row.decide().reason == turned.decide().reason, "seed \(seed)")
        }
    }

    @Test func theGeneratorReachesEveryKindOfDecision() throws {
        var seen: Set<Decision.Reason> = []
        for seed in UInt64(0)..<600 {
            seen.insert(try Generator(seed: seed).row("").decide().reason)
        }
        let kinds: [PolicyKind] = [.identity, .resource, .boundary, .session]
        for kind in kinds {
            #expect(seen.contains(.implicitDeny(kind)), "\(kind)")
            #expect(seen.contains(.explicitDeny(kind)), "\(kind)")
        }
        #expect(seen.contains(.accountRoot))
        #expect(seen.contains(.allow(.identity)))
        #expect(seen.contains(.allow(.resource)))
    }

    @Test(arguments: UInt64(0)..<20) func wildcardsMatchAsTheSlowMatcherSays(
        _ seed: UInt64
    ) throws {
        let generator = Generator(seed: seed)
        func text(_ alphabet: [String], _ count: Int) -> String {
            (0..<generator.below(count)).map { _ in generator.pick(alphabet) }.joined()
        }
        for _ in 0..<50 {
            let pattern = text(["a", "b", "*", "?", "é"], 9)
            let value = "x" + text(["a", "b", "é"], 9)
            let row = PolicyCase(
                "", [Statement("Allow", if: #"{"StringLike": {"s3:k": "x\#(pattern)"}}"#)],
                keys: [ContextKey("s3:k", value)], is: .accountRoot)
            let expected = Self.matches(Array("x" + pattern), Array(value))
            #expect(try row.decide().isAllowed == expected, "\(pattern) on \(value)")
        }
    }

    /// Matching by the definition, a table of prefixes.
    private static func matches(_ pattern: [Character], _ text: [Character]) -> Bool {
        var row = [true] + Array(repeating: false, count: text.count)
        for mark in pattern {
            var next = [mark == "*" && row[0]]
            for (position, character) in text.enumerated() {
                switch mark {
                case "*": next.append(next[position] || row[position + 1])
                case "?": next.append(row[position])
                default: next.append(row[position] && mark == character)
                }
            }
            row = next
        }
        return row[text.count]
    }
}

extension PolicyCase {
    fileprivate var resourceStatements: [Statement] {
        get { resourcePolicy ?? [] }
        set { resourcePolicy = newValue }
    }

    fileprivate var boundaryStatements: [Statement] {
        get { boundary ?? [] }
        set { boundary = newValue }
    }

    fileprivate var sessionStatements: [Statement] {
        get { session ?? [] }
        set { session = newValue }
    }
}
