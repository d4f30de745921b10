// SPDX-License-Identifier: Apache-2.0
// Which messages of a batch are done with, by what the function answered.

import Basics

/// Reads `batchItemFailures` and keeps the order of FIFO groups.
package enum BatchOutcome {
    /// The ids that the function names as failed; `nil` when its answer counts as a failure of
    /// the whole batch.
    ///
    /// Nothing, `null`, `{}`, and an empty or null list say that all succeeded. An answer that is
    /// no JSON object, a list of something else, or an empty or unknown id fails the batch.
    package static func failures(
        in payload: [UInt8], of messageIDs: [String]
    ) -> Set<String>? {
        if payload.isEmpty { return [] }
        guard let answer = try? JSONValue(parsing: payload) else { return nil }
        if answer == .null { return [] }
        guard let object = answer.objectValue else { return nil }
        guard let member = object["batchItemFailures"], member != .null else { return [] }
        guard let items = member.arrayValue else { return nil }
        let known = Set(messageIDs)
        var failures: Set<String> = []
        for item in items {
            guard let id = item["itemIdentifier"]?.stringValue, known.contains(id) else {
                return nil
            }
            failures.insert(id)
        }
        return failures
    }

    /// The positions of the messages that may be deleted.
    ///
    /// In a FIFO queue nothing after the first failed message of its group, so that the group is
    /// read again from there.
    package static func done(_ messages: [QueueEventMessage], failed: Set<String>) -> [Int] {
        var blocked: Set<String> = []
        var done: [Int] = []
        for (index, message) in messages.enumerated() {
            if let group = message.groupID, blocked.contains(group) { continue }
            if failed.contains(message.messageID) {
                if let group = message.groupID { blocked.insert(group) }
                continue
            }
            done.append(index)
        }
        return done
    }
}
