// SPDX-License-Identifier: Apache-2.0
// AddPermission and RemovePermission (SQS API reference): statements of the queue's policy that
// are named by a label. The rules for the policy's text are in `QueuePolicyText`.

import Basics
import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    var addPermission: Operation {
        Operation(
            SQS.AddPermission.self, validation: Self.validation,
            authorize: { [self] in try ownerAccess("AddPermission", $0.queueUrl, $1) },
            handler: { [self] input, context in
                try Self.checkLabel(input.label)
                try Self.checkAccounts(input.awsAccountIds)
                try checkActions(input.actions)
                return try await editPolicy(of: input.queueUrl, context) { policy in
                    try policy.add(
                        label: input.label, accounts: input.awsAccountIds, actions: input.actions)
                }
            })
    }

    var removePermission: Operation {
        Operation(
            SQS.RemovePermission.self, validation: Self.validation,
            authorize: { [self] in try ownerAccess("RemovePermission", $0.queueUrl, $1) },
            handler: { [self] input, context in
                guard !input.label.isEmpty else { throw SQSFaults.missingParameter("Label") }
                return try await editPolicy(of: input.queueUrl, context) { policy in
                    try policy.remove(label: input.label)
                }
            })
    }

    nonisolated(nonsending)
        private func editPolicy(
            of url: String, _ context: CallContext, _ edit: (inout QueuePolicyText) throws -> Void
        ) async throws -> Reply<EmptyStructure>
    {
        try await withQueue(url, context) { cell in
            try await world.store.admitted(bytes: 1_024)
            let committed = try cell.commit { queue, now in
                var configuration = queue.configuration
                var policy = QueuePolicyText(of: configuration)
                try edit(&policy)
                do throws(AttributeRefusal) {
                    try configuration.set(
                        ["Policy": policy.text], limits: limits, isCreating: false)
                } catch {
                    throw SQSFaults.fault(for: error)
                }
                configuration.modifiedAt = now
                return ((), [.configured(configuration)])
            }
            return Reply(EmptyStructure(), at: committed.version)
        }
    }

    private static func checkLabel(_ label: String) throws {
        guard !label.isEmpty else { throw SQSFaults.missingParameter("Label") }
        let isLegal = label.utf8.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x2D
                || $0 == 0x5F
        }
        guard isLegal, label.utf8.count <= 80 else {
            throw SQSFaults.invalidValue(
                label, "Label",
                "Can only include alphanumeric characters, hyphens, or underscores. "
                    + "1 to 80 in length.")
        }
    }

    private static func checkAccounts(_ accounts: [String]) throws {
        guard !accounts.isEmpty, accounts.allSatisfy({ AccountID($0) != nil }) else {
            throw SQSFaults.invalidValue(
                "[\(accounts.joined(separator: ", "))]", "PrincipalId", "Unable to verify.")
        }
    }

    private func checkActions(_ actions: [String]) throws {
        guard !actions.isEmpty else { throw SQSFaults.missingParameter("Actions") }
        for action in actions where !Self.sharedActions.contains(action) {
            throw SQSFaults.invalidValue(
                "SQS:\(action)", "ActionName",
                Self.ownerActions.contains(action)
                    ? "Only the queue owner is allowed to invoke this action."
                    : "Please refer to the appropriate WSDL for a list of valid actions.")
        }
        guard actions.count <= limits.policyActionsMax else {
            throw SQSFaults.fault(
                for: .overLimit(
                    "\(actions.count) Actions were found, maximum allowed is "
                        + "\(limits.policyActionsMax)."))
        }
    }

    /// What a queue's policy can give to other accounts (SQS Developer Guide, "Limitations of
    /// Amazon SQS custom policies"); a batch goes by its single action.
    private static let sharedActions: Set<String> = [
        "*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl",
        "ListDeadLetterSourceQueues", "PurgeQueue", "ReceiveMessage", "SendMessage",
    ]

    /// What only the queue's own account may do.
    private static let ownerActions: Set<String> = [
        "AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue",
        "ListMessageMoveTasks", "ListQueues", "ListQueueTags", "RemovePermission",
        "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue",
    ]
}
