// SPDX-License-Identifier: Apache-2.0
// ListDeadLetterSourceQueues (SQS API reference).

import SQSWire
import ServiceKit
import Storage

extension SQSService {
    var listDeadLetterSourceQueues: Operation {
        Operation(
            SQS.ListDeadLetterSourceQueues.self, validation: Self.validation,
            authorize: { [self] in try access("ListDeadLetterSourceQueues", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let page = try page(input.maxResults, input.nextToken)
                return try await withQueue(input.queueUrl, context) { cell in
                    let found = try await registry.deadLetterSources(
                        of: cell.name, after: page.start, limit: page.limit + 1)
                    // Asked for after reading: an upper bound of what was read.
                    let version = world.store.latestVersion
                    let (names, token) = page.cut(found)
                    let urls = names.map { name in
                        url(
                            of: QueueName(
                                account: cell.name.account, region: cell.name.region, name: name),
                            context)
                    }
                    return Reply(
                        SQS.ListDeadLetterSourceQueuesResult(queueUrls: urls, nextToken: token),
                        at: version)
                }
            })
    }
}
