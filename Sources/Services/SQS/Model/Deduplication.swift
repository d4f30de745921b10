// SPDX-License-Identifier: Apache-2.0
// What a FIFO queue remembers of a recent deduplication id.

package import Basics

/// A deduplication id in its scope: the queue, or one message group.
package struct DeduplicationKey: Hashable, Sendable {
    package let group: String?
    package let identifier: String

    package init(group: String?, identifier: String) {
        self.group = group
        self.identifier = identifier
    }
}

/// The answer a repeated send gets, and until when.
package struct DeduplicationEntry: Hashable, Expiring {
    package let messageID: String
    package let position: MessagePosition
    package let expiresAt: Timestamp

    package init(messageID: String, position: MessagePosition, expiresAt: Timestamp) {
        self.messageID = messageID
        self.position = position
        self.expiresAt = expiresAt
    }
}
