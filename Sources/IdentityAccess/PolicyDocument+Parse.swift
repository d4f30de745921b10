// SPDX-License-Identifier: Apache-2.0
// From the text of a policy to its compiled form. Whatever cannot be judged is refused here, so
// that evaluation never has to ignore anything.

import Basics

extension PolicyDocument {
    /// Nesting that no policy reaches.
    private static let depthMax = 16
    /// The longest document that IAM's model lets in; services hold theirs to less.
    private static let bytesMax = 131_072

    /// Reads and compiles a policy for its place.
    package static func parse(
        _ text: some Collection<UInt8>, as usage: Usage
    ) throws(MalformedPolicy) -> PolicyDocument {
        guard text.count <= bytesMax else { throw MalformedPolicy(.tooLong(bytesMax: bytesMax)) }
        let json: JSONValue
        do {
            // Of two readers of a repeated name, one may have seen the other value.
            json = try JSONValue(parsing: text, depthMax: depthMax, refusesRepeatedNames: true)
        } catch {
            throw MalformedPolicy(.syntax)
        }
        return try parse(json, as: usage)
    }

    /// Reads and compiles a policy for its place.
    package static func parse(
        _ text: String, as usage: Usage
    ) throws(MalformedPolicy) -> PolicyDocument {
        try parse(text.utf8, as: usage)
    }

    private static func parse(
        _ json: JSONValue, as usage: Usage
    ) throws(MalformedPolicy) -> PolicyDocument {
        guard case .object(let root) = json,
            root.members.allSatisfy({ ["Version", "Id", "Statement"].contains($0.name) }),
            let body = root["Statement"]
        else { throw MalformedPolicy(.syntax) }
        let id = try optionalString(root["Id"])
        let isCurrent = try isCurrentVersion(root["Version"])
        if usage == .managed, !isCurrent { throw MalformedPolicy(.oldVersion) }
        let items = body.arrayValue ?? [body]
        guard !items.isEmpty else { throw MalformedPolicy(.syntax) }
        let parser = StatementParser(usage: usage, variables: isCurrent ? .variables : [])
        var statements: [PolicyStatement] = []
        var sids: Set<String> = []
        for item in items {
            guard case .object(let object) = item else { throw MalformedPolicy(.syntax) }
            let statement = try parser.statement(object)
            if let sid = statement.sid, !sid.isEmpty, !sids.insert(sid).inserted {
                throw MalformedPolicy(.duplicateStatementID)
            }
            statements.append(statement)
        }
        return PolicyDocument(id: id, statements: statements)
    }

    private static func isCurrentVersion(_ value: JSONValue?) throws(MalformedPolicy) -> Bool {
        switch try optionalString(value) {
        case "2012-10-17": return true
        case "2008-10-17", nil: return false
        default: throw MalformedPolicy(.syntax)
        }
    }

    private static func optionalString(_ value: JSONValue?) throws(MalformedPolicy) -> String? {
        guard let value else { return nil }
        guard let text = value.stringValue else { throw MalformedPolicy(.syntax) }
        return text
    }
}

/// Reads statements of one policy.
private struct StatementParser {
    let usage: PolicyDocument.Usage
    /// Policy variables exist from version 2012-10-17 on; before, `${` is plain text.
    let variables: PolicyText.Syntax

    private static let elements: Set<String> = [
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
        "NotResource", "Condition",
    ]

    func statement(_ object: JSONObject) throws(MalformedPolicy) -> PolicyStatement {
        for member in object.members where !Self.elements.contains(member.name) {
            throw MalformedPolicy(.syntax)
        }
        return PolicyStatement(
            sid: try sid(object), effect: try effect(object),
            principals: try principals(object), actions: try actions(object),
            resources: try resources(object),
            conditions: try conditions(object["Condition"]))
    }

    private func sid(_ object: JSONObject) throws(MalformedPolicy) -> String? {
        guard let value = object["Sid"] else { return nil }
        guard let sid = value.stringValue else { throw MalformedPolicy(.syntax) }
        let isPlain = sid.utf8.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A)
        }
        // Services other than IAM admit spaces and punctuation in the ids of their policies.
        guard isPlain || usage == .resource else { throw MalformedPolicy(.illegalStatementID) }
        return sid
    }

    private func effect(_ object: JSONObject) throws(MalformedPolicy) -> Effect {
        guard let value = object["Effect"] else {
            throw MalformedPolicy(.missing(element: "Effect"))
        }
        switch value.stringValue {
        case "Allow": return .allow
        case "Deny": return .deny
        default: throw MalformedPolicy(.syntax)
        }
    }

    /// The value of one of two elements that exclude each other.
    private func either(
        _ name: String, in object: JSONObject
    ) throws(MalformedPolicy) -> (value: JSONValue, isNegated: Bool)? {
        switch (object[name], object["Not\(name)"]) {
        case (let value?, nil): (value, false)
        case (nil, let value?): (value, true)
        case (nil, nil): nil
        default: throw MalformedPolicy(.syntax)
        }
    }

    private func strings(_ value: JSONValue) throws(MalformedPolicy) -> [String] {
        var strings: [String] = []
        for item in value.arrayValue ?? [value] {
            guard let text = item.stringValue else { throw MalformedPolicy(.syntax) }
            strings.append(text)
        }
        return strings
    }
}

extension StatementParser {
    private func actions(_ object: JSONObject) throws(MalformedPolicy) -> ActionMatcher {
        guard let (value, isNegated) = try either("Action", in: object) else {
            throw usage == .trust || usage == .resource
                ? MalformedPolicy(.missing(element: "Action")) : MalformedPolicy(.noActions)
        }
        let names = try strings(value)
        guard !names.isEmpty else { throw MalformedPolicy(.noActions) }
        var patterns: [WildcardPattern] = []
        for name in names { patterns.append(try action(name)) }
        return ActionMatcher(patterns: patterns, isNegated: isNegated)
    }

    private func action(_ name: String) throws(MalformedPolicy) -> WildcardPattern {
        if name != "*" {
            let parts = name.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 2 else { throw MalformedPolicy(.actionWithoutVendor) }
            guard parts.count == 2 else { throw MalformedPolicy(.actionWithManyColons) }
            let isVendor = parts[0].utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D
            }
            guard isVendor, !parts[0].isEmpty else {
                throw MalformedPolicy(.illegalVendor(String(parts[0])))
            }
            guard !parts[1].isEmpty else { throw MalformedPolicy(.syntax) }
            if usage == .trust, parts[0].lowercased() != "sts" {
                throw MalformedPolicy(.trustActions)
            }
        } else if usage == .trust {
            throw MalformedPolicy(.trustActions)
        }
        var pattern = WildcardPattern()
        for byte in name.lowercased().utf8 {
            switch byte {
            case UInt8(ascii: "*"): pattern.appendStar()
            case UInt8(ascii: "?"): pattern.appendQuestion()
            default: pattern.append(literal: CollectionOfOne(byte))
            }
        }
        return pattern
    }

    private func resources(_ object: JSONObject) throws(MalformedPolicy) -> ResourceMatcher {
        guard let (value, isNegated) = try either("Resource", in: object) else {
            guard usage == .trust || usage == .resource else { throw MalformedPolicy(.noResources) }
            return ResourceMatcher(patterns: [], isNegated: false)
        }
        if usage == .trust {
            throw MalformedPolicy(.prohibited(element: isNegated ? "NotResource" : "Resource"))
        }
        var patterns: [ARNPattern] = []
        for text in try strings(value) {
            guard let pattern = try ARNPattern(text, syntax: [variables, .wildcards]),
                !pattern.hasEarlyVariable
            else { throw MalformedPolicy(.resourceNotARN(text)) }
            patterns.append(pattern)
        }
        guard !patterns.isEmpty else { throw MalformedPolicy(.noResources) }
        return ResourceMatcher(patterns: patterns, isNegated: isNegated)
    }

    private func conditions(_ value: JSONValue?) throws(MalformedPolicy) -> [PolicyCondition] {
        guard let value else { return [] }
        guard case .object(let operators) = value else { throw MalformedPolicy(.syntax) }
        var conditions: [PolicyCondition] = []
        for member in operators.members {
            guard let comparison = ConditionOperator(member.name) else {
                throw MalformedPolicy(.unknownOperator(member.name))
            }
            guard case .object(let keys) = member.value else { throw MalformedPolicy(.syntax) }
            for key in keys.members {
                let resolved = try ConditionKey(key.name)
                var values: [PolicyCondition.Value] = []
                for text in try conditionValues(key.value) {
                    values.append(
                        try PolicyCondition.value(
                            text, for: comparison, named: member.name, variables: variables))
                }
                conditions.append(
                    PolicyCondition(comparison: comparison, key: resolved, values: values))
            }
        }
        return conditions
    }

    /// Values may be written as strings, numbers or booleans.
    private func conditionValues(_ value: JSONValue) throws(MalformedPolicy) -> [String] {
        var texts: [String] = []
        for item in value.arrayValue ?? [value] {
            switch item {
            case .string(let text): texts.append(text)
            case .bool, .integer, .double: texts.append(item.text)
            case .null, .array, .object: throw MalformedPolicy(.syntax)
            }
        }
        return texts
    }
}

extension StatementParser {
    private func principals(_ object: JSONObject) throws(MalformedPolicy) -> PrincipalMatcher? {
        guard let (value, isNegated) = try either("Principal", in: object) else {
            guard usage == .trust || usage == .resource else { return nil }
            throw MalformedPolicy(.missing(element: "Principal"))
        }
        guard usage == .trust || usage == .resource else {
            throw MalformedPolicy(.identityPolicyWithPrincipal)
        }
        if usage == .trust, isNegated {
            throw MalformedPolicy(.prohibited(element: "NotPrincipal"))
        }
        if value.stringValue == "*" {
            return PrincipalMatcher(entries: [.everyone], isNegated: isNegated)
        }
        guard case .object(let kinds) = value, !kinds.isEmpty else {
            throw MalformedPolicy(.syntax)
        }
        var entries: [PrincipalMatcher.Entry] = []
        for kind in kinds.members {
            for text in try strings(kind.value) {
                guard let entry = entry(text, kind: kind.name) else {
                    throw MalformedPolicy(.illegalPrincipal(kind: kind.name, value: text))
                }
                entries.append(entry)
            }
        }
        guard !entries.isEmpty else { throw MalformedPolicy(.syntax) }
        return PrincipalMatcher(entries: entries, isNegated: isNegated)
    }

    private func entry(_ text: String, kind: String) -> PrincipalMatcher.Entry? {
        switch kind {
        case "AWS": awsEntry(text)
        case "Service":
            text.contains(".") && !text.contains("*") ? .service(text) : nil
        case "Federated": text.isEmpty || text == "*" ? nil : .nobody
        case "CanonicalUser": usage == .resource && !text.isEmpty ? .nobody : nil
        default: nil
        }
    }

    private func awsEntry(_ text: String) -> PrincipalMatcher.Entry? {
        if text == "*" { return .everyone }
        if let account = AccountID(text) { return .account(account) }
        if text.hasPrefix("AIDA") || text.hasPrefix("AROA") {
            return text.utf8.count >= 16 ? .uniqueID(text) : nil
        }
        guard let arn = ARN(parsing: text), let account = AccountID(arn.account),
            arn.region.isEmpty, !text.contains("*"), !text.contains("?")
        else { return nil }
        switch arn.service {
        case "iam" where arn.resource == "root": return .account(account)
        case "iam" where arn.resource.hasPrefix("user/") || arn.resource.hasPrefix("role/"):
            return .arn(text)
        case "sts" where arn.resource.hasPrefix("assumed-role/"): return .arn(text)
        // Sessions of federated users are not built, so that nobody is one.
        case "sts" where arn.resource.hasPrefix("federated-user/"): return .nobody
        default: return nil
        }
    }
}
