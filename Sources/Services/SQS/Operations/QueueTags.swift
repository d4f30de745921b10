// SPDX-License-Identifier: Apache-2.0
// TagQueue, UntagQueue and ListQueueTags (SQS API reference).

import SQSWire
import ServiceKit
import WireModel

extension SQSService {
    var tagQueue: Operation {
        Operation(
            SQS.TagQueue.self, validation: Self.validation,
            authorize: { [self] in try ownerAccess("TagQueue", $0.queueUrl, $1) },
            handler: { [self] input, context in
                try await withQueue(input.queueUrl, context) { cell in
                    let committed = try cell.commit { queue, _ in
                        var configuration = queue.configuration
                        configuration.tags = try checkedTags(
                            input.tags, existing: configuration.tags)
                        return ((), [.configured(configuration)])
                    }
                    return Reply(EmptyStructure(), at: committed.version)
                }
            })
    }

    var untagQueue: Operation {
        Operation(
            SQS.UntagQueue.self, validation: Self.validation,
            authorize: { [self] in try ownerAccess("UntagQueue", $0.queueUrl, $1) },
            handler: { [self] input, context in
                try await withQueue(input.queueUrl, context) { cell in
                    let committed = try cell.commit { queue, _ in
                        var configuration = queue.configuration
                        for key in input.tagKeys { configuration.tags[key] = nil }
                        return ((), [.configured(configuration)])
                    }
                    return Reply(EmptyStructure(), at: committed.version)
                }
            })
    }

    var listQueueTags: Operation {
        Operation(
            SQS.ListQueueTags.self, validation: Self.validation,
            authorize: { [self] in try ownerAccess("ListQueueTags", $0.queueUrl, $1) },
            handler: { [self] input, context in
                try await withQueue(input.queueUrl, context) { cell in
                    let (tags, version) = try cell.look { queue, _ in queue.configuration.tags }
                    return Reply(
                        SQS.ListQueueTagsResult(tags: tags.isEmpty ? nil : tags), at: version)
                }
            })
    }

    /// Tags after adding `added`, within the limits every tagged resource has.
    func checkedTags(_ added: [String: String], existing: [String: String]) throws
        -> [String: String]
    {
        var tags = existing
        for key in added.keys.sorted() {
            guard (1...128).contains(key.unicodeScalars.count), !key.hasPrefix("aws:") else {
                throw SQSFaults.invalidParameter(
                    "Tag keys must be between 1 and 128 characters in length and must not start "
                        + "with aws:.")
            }
            let value = added[key] ?? ""
            guard value.unicodeScalars.count <= 256 else {
                throw SQSFaults.invalidParameter(
                    "Tag values must be between 0 and 256 characters in length.")
            }
            tags[key] = value
        }
        guard tags.count <= limits.tagsMax else {
            throw SQSFaults.invalidParameter("Too many tags added for queue: the limit is 50.")
        }
        return tags
    }
}
