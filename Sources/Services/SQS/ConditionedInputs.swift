// SPDX-License-Identifier: Apache-2.0
// What SQS's inputs say to policies: the tags they set and remove.

package import IdentityAccess
package import SQSWire
import ServiceKit

extension SQS.CreateQueueRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension SQS.TagQueueRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .requestTags(tags) }
}

extension SQS.UntagQueueRequest: ConditionedInput {
    package var conditionKeys: [ContextKey] { .tagKeys(tagKeys) }
}
