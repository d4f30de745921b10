// SPDX-License-Identifier: Apache-2.0
// `RedriveAllowPolicy`: which queues may use a queue for their dead letters.

package import Basics

/// A queue's permission to be a dead-letter queue (SQS API reference, SetQueueAttributes).
package enum RedriveAllowance: Hashable, Sendable {
    case allowAll
    case denyAll
    case byQueue(Set<String>)

    private static let sourcesMax = 10

    /// Reads the attribute's JSON.
    package init(parsing text: String) throws(AttributeRefusal) {
        let reason = "Value \(text) for parameter RedriveAllowPolicy is invalid. Reason: "
        guard let object = (try? JSONValue(parsing: text))?.objectValue else {
            throw .invalidParameter(reason + "Redrive allow policy is not a valid JSON map.")
        }
        let sources = object["sourceQueueArns"]
        switch (object["redrivePermission"]?.stringValue, sources) {
        case ("allowAll", nil): self = .allowAll
        case ("denyAll", nil): self = .denyAll
        case ("byQueue", .array(let listed)?):
            let names = listed.compactMap(\.stringValue)
            guard names.count == listed.count, (1...Self.sourcesMax).contains(names.count) else {
                throw .invalidParameter(
                    reason + "sourceQueueArns must name 1 to \(Self.sourcesMax) queues.")
            }
            self = .byQueue(Set(names))
        default:
            throw .invalidParameter(
                reason + "redrivePermission must be allowAll, denyAll, or byQueue together with "
                    + "sourceQueueArns.")
        }
    }

    /// Whether the queue `source` may send its dead letters here.
    package func admits(_ source: ARN) -> Bool {
        switch self {
        case .allowAll: true
        case .denyAll: false
        case .byQueue(let names): names.contains(source.description)
        }
    }
}
