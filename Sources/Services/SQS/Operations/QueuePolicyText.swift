// SPDX-License-Identifier: Apache-2.0
// A queue's policy as text that labels are added to and removed from, in the form AWS writes.
// What the policy means is IdentityAccess's business.

import Basics
import SQSWire
import WireModel

/// The `Policy` attribute of a queue while it is edited.
struct QueuePolicyText {
    private var document: JSONObject
    private var statements: [JSONValue]
    private let arn: String
    private let hadPolicy: Bool

    init(of configuration: QueueConfiguration) {
        arn = configuration.arn.description
        let stored = configuration.texts[.policy].flatMap { try? JSONValue(parsing: $0) }
        hadPolicy = stored?.objectValue != nil
        document =
            stored?.objectValue ?? [
                "Version": "2008-10-17", "Id": .string("\(arn)/SQSDefaultPolicy"),
            ]
        // A single statement may stand without a list around it.
        statements = document["Statement"].map { $0.arrayValue ?? [$0] } ?? []
    }

    /// The attribute's value, empty when no statement is left.
    var text: String {
        guard !statements.isEmpty else { return "" }
        var document = document
        document["Statement"] = .array(statements)
        return JSONValue.object(document).text
    }

    /// Adds a statement for accounts; the label must be new.
    mutating func add(label: String, accounts: [String], actions: [String]) throws {
        guard !statements.contains(where: { $0["Sid"]?.stringValue == label }) else {
            throw SQSFaults.invalidValue(label, "Label", "Already exists.")
        }
        let statement: JSONObject = [
            "Sid": .string(label), "Effect": "Allow",
            "Principal": [
                "AWS": Self.oneOrMore(accounts.map { "arn:aws:iam::\($0):root" })
            ],
            "Action": Self.oneOrMore(actions.map { "SQS:\($0)" }), "Resource": .string(arn),
        ]
        statements.append(.object(statement))
    }

    mutating func remove(label: String) throws {
        let kept = statements.filter { $0["Sid"]?.stringValue != label }
        guard kept.count < statements.count else {
            throw SQSFaults.invalidValue(
                label, "Label",
                hadPolicy ? "can't find label on existing policy." : "can't find label.")
        }
        statements = kept
    }

    private static func oneOrMore(_ texts: [String]) -> JSONValue {
        let values = texts.map { JSONValue.string($0) }
        return values.count == 1 ? values[0] : .array(values)
    }
}
