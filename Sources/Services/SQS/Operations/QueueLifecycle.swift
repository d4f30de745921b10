// SPDX-License-Identifier: Apache-2.0
// DeleteQueue, ListQueues, GetQueueUrl and PurgeQueue (SQS API reference).

import Basics
import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    var deleteQueue: Operation {
        Operation(
            SQS.DeleteQueue.self, validation: Self.validation,
            authorize: { [self] in try ownerAccess("DeleteQueue", $0.queueUrl, $1) },
            handler: { [self] input, context in
                let name = try name(inURL: input.queueUrl, context)
                guard let version = try await registry.delete(name) else {
                    throw SQSFaults.noSuchQueue
                }
                return Reply(EmptyStructure(), at: version)
            })
    }

    var getQueueUrl: Operation {
        Operation(
            SQS.GetQueueUrl.self, validation: Self.validation,
            authorize: { [self] input, context in
                let name = try queueName(input, context)
                return [Access("sqs:GetQueueUrl", on: name.arn.description)]
            },
            handler: { [self] input, context in
                let name = try queueName(input, context)
                guard let cell = try await registry.cell(name) else {
                    throw SQSFaults.noSuchQueue
                }
                let version = try cell.look { _, _ in () }.version
                return Reply(
                    SQS.GetQueueUrlResult(queueUrl: url(of: name, context)), at: version)
            })
    }

    private func queueName(_ input: SQS.GetQueueUrlRequest, _ context: CallContext) throws
        -> QueueName
    {
        guard let owner = input.queueOwnerAWSAccountId else {
            return QueueName(
                account: context.account, region: context.region, name: input.queueName)
        }
        guard let account = AccountID(owner) else {
            throw SQSFaults.invalidValue(
                owner, "QueueOwnerAWSAccountId", "Must be a 12-digit account number.")
        }
        return QueueName(account: account, region: context.region, name: input.queueName)
    }

    var listQueues: Operation {
        Operation(
            SQS.ListQueues.self, validation: Self.validation,
            authorize: { _, context in
                let arn = ARN(
                    service: "sqs", region: context.region, account: context.account,
                    resource: "*")
                return [Access("sqs:ListQueues", on: arn.description)]
            },
            handler: { [self] input, context in
                let page = try page(input.maxResults, input.nextToken)
                let found = try await registry.names(
                    account: context.account, region: context.region,
                    prefix: input.queueNamePrefix ?? "", after: page.start, limit: page.limit + 1)
                // Asked for after reading: an upper bound of what was read.
                let version = world.store.latestVersion
                let (names, token) = page.cut(found)
                let urls = names.map { name in
                    url(
                        of: QueueName(
                            account: context.account, region: context.region, name: name), context)
                }
                return Reply(
                    SQS.ListQueuesResult(
                        queueUrls: urls.isEmpty ? nil : urls, nextToken: token), at: version)
            })
    }

    var purgeQueue: Operation {
        Operation(
            SQS.PurgeQueue.self, validation: Self.validation,
            authorize: { [self] in try access("PurgeQueue", $0.queueUrl, $1) },
            handler: { [self] input, context in
                try await withQueue(input.queueUrl, context) { cell in
                    let committed = try cell.commit { queue, now in
                        ((), try queue.decidePurge(now: now))
                    }
                    return Reply(EmptyStructure(), at: committed.version)
                }
            })
    }
}
