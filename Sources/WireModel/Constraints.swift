// SPDX-License-Identifier: Apache-2.0
// Violations of a model's constraints, and AWS's general words for them. Services that word
// them otherwise map `[ConstraintViolation]` themselves.

/// One value that does not satisfy its model.
package struct ConstraintViolation: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case required
        case lengthMin(Int64), lengthMax(Int64)
        case rangeMin(Double), rangeMax(Double)
        case pattern(String)
        case enumeration([String])
        /// A union with no or several members set.
        case union
    }

    /// Dotted path with AWS's spelling: `entries.1.member.id`.
    package let path: String
    /// Model name of the member at the top of the path.
    package let topMember: String
    /// Model name of the innermost member.
    package let member: String
    package let kind: Kind
    /// The value as AWS quotes it, cut at 1 KiB; `nil` for an absent one.
    package let value: String?

    package init(
        path: String, topMember: String, member: String, kind: Kind, value: String?
    ) {
        self.path = path
        self.topMember = topMember
        self.member = member
        self.kind = kind
        self.value = value
    }

    /// One sentence of AWS's message.
    package var sentence: String {
        let subject = value.map { "Value '\($0)'" } ?? "Value null"
        return "\(subject) at '\(path)' failed to satisfy constraint: \(constraint)"
    }

    private var constraint: String {
        switch kind {
        case .required: "Member must not be null"
        case .lengthMin(let bound): "Member must have length greater than or equal to \(bound)"
        case .lengthMax(let bound): "Member must have length less than or equal to \(bound)"
        case .rangeMin(let bound): "Member must have value greater than or equal to \(plain(bound))"
        case .rangeMax(let bound): "Member must have value less than or equal to \(plain(bound))"
        case .pattern(let pattern):
            "Member must satisfy regular expression pattern: \(pattern)"
        case .enumeration(let values):
            "Member must satisfy enum value set: [\(values.joined(separator: ", "))]"
        case .union: "Member must have exactly one of its members set"
        }
    }

    private func plain(_ bound: Double) -> String {
        bound == bound.rounded() && abs(bound) < 1e18 ? String(Int64(bound)) : String(bound)
    }

    /// AWS's message for all of them.
    package static func summary(of violations: [ConstraintViolation]) -> String {
        let noun = violations.count == 1 ? "error" : "errors"
        return "\(violations.count) validation \(noun) detected: "
            + violations.map(\.sentence).joined(separator: "; ")
    }
}
