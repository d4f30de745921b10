// SPDX-License-Identifier: Apache-2.0
// What every operation needs: finding the queue a URL names, permissions on it, and AWS's words
// for what goes wrong.

import Basics
import IdentityAccess
import SQSWire
import ServiceKit
import Storage
import WireModel

extension SQSService {
    /// The queue a URL names, whatever host it was reached under.
    func name(inURL url: String, _ context: CallContext) throws -> QueueName {
        try address(url, context).name
    }

    private func address(_ url: String, _ context: CallContext) throws -> QueueAddresses.Entry {
        if let known = addresses[url, context.region] { return known }
        return addresses.remember(try parse(url, context), for: url)
    }

    private func parse(_ url: String, _ context: CallContext) throws -> QueueName {
        guard let found = QueueURL(parsing: url), found.region ?? context.region == context.region
        else {
            throw SQS.Faults.invalidAddress(
                message: "The address \(url) is not valid for this endpoint.")
        }
        return QueueName(account: found.account, region: context.region, name: found.name)
    }

    /// The URL of a queue as this caller reaches it.
    func url(of name: QueueName, _ context: CallContext) -> String {
        "\(context.endpoint)/\(name.account)/\(name.name)"
    }

    /// One permission on the queue of a URL.
    func access(_ action: String, _ url: String, _ context: CallContext) throws -> [Access] {
        [Access("sqs:\(action)", on: try address(url, context).arn)]
    }

    /// One permission that a queue's own policy cannot give to other accounts.
    func ownerAccess(_ action: String, _ url: String, _ context: CallContext) throws -> [Access] {
        try ownerAccess([action], try address(url, context).name, context)
    }

    /// Permissions that a queue's own policy cannot give to other accounts (SQS Developer Guide,
    /// "Limitations of Amazon SQS custom policies").
    func ownerAccess(_ actions: [String], _ name: QueueName, _ context: CallContext) throws
        -> [Access]
    {
        let resource = name.arn.description
        guard name.account == context.account else {
            let action = "sqs:\(actions.first ?? "*")"
            throw ServiceFault.accessDenied(
                "User: \(context.principal.arn) is not authorized to perform: "
                    + "\(action.lowercased()) on resource: \(resource) because no resource-based "
                    + "policy allows the \(action.lowercased()) action")
        }
        return actions.map { Access("sqs:\($0)", on: resource) }
    }

    /// Runs `body` on the cell of a queue, with refusals in AWS's words.
    ///
    /// A cell that lost its claim has stored nothing of what it refused, so `body` runs once more
    /// on the cell that follows it.
    nonisolated(nonsending)
        func withQueue<Result>(
            _ url: String, _ context: CallContext,
            _ body: nonisolated(nonsending) (QueueCell) async throws -> Result
        ) async throws -> Result
    {
        let name = try name(inURL: url, context)
        guard let cell = try await registry.cell(name) else { throw SQSFaults.noSuchQueue }
        return try await onQueue(name, cell, body)
    }

    /// The same for a queue that was found by its name.
    nonisolated(nonsending)
        func onQueue<Result>(
            _ name: QueueName, _ found: QueueCell,
            _ body: nonisolated(nonsending) (QueueCell) async throws -> Result
        ) async throws -> Result
    {
        var cell = found
        var isRepeated = false
        while true {
            do {
                return try await body(cell)
            } catch let refusal as QueueRefusal {
                throw SQSFaults.fault(for: refusal, queue: name.name)
            } catch let error as StoreError {
                registry.discard(cell, after: error)
                guard error == .fenced, !isRepeated else { throw error }
                isRepeated = true
                guard let next = try await registry.cell(name) else {
                    throw SQSFaults.noSuchQueue
                }
                cell = next
            }
        }
    }

    /// Constraint violations as SQS words them.
    static func validation(_ violations: [ConstraintViolation]) -> ServiceFault? {
        // Names of attributes are judged by the operations, which have SQS's own words for them.
        let violations = violations.filter { violation in
            if case .enumeration = violation.kind { false } else { true }
        }
        guard let first = violations.first else { return nil }
        if case .required = first.kind {
            return SQSFaults.missingParameter(SQSFaults.dotted(first.path))
        }
        return SQSFaults.invalidParameter(ConstraintViolation.summary(of: violations))
    }
}

extension QueueName {
    var arn: ARN { ARN(service: "sqs", region: region, account: account, resource: name) }
}

/// SQS's errors that the model does not name, and its sentences for those it does.
enum SQSFaults {
    static let noSuchQueue: ServiceFault = {
        var fault = SQS.Faults.queueDoesNotExist(message: "The specified queue does not exist.")
        fault.queryMessage = "The specified queue does not exist for this wsdl version."
        return fault
    }()

    static func missingParameter(_ name: String) -> ServiceFault {
        var fault = unmodelled(
            "MissingParameter", "The request must contain the parameter \(name).")
        fault.shapeName = "MissingRequiredParameterException"
        return fault
    }

    static func invalidParameter(_ message: String) -> ServiceFault {
        unmodelled("InvalidParameterValue", message)
    }

    /// `InvalidParameterValue` with the value, the parameter and the reason.
    static func invalidValue(
        _ value: some CustomStringConvertible, _ name: String, _ reason: String
    )
        -> ServiceFault
    {
        invalidParameter("Value \(value) for parameter \(name) is invalid. Reason: \(reason)")
    }

    private static func unmodelled(_ code: String, _ message: String) -> ServiceFault {
        ServiceFault(
            shapeName: "\(code)Exception", namespace: "com.amazon.coral.service", code: code,
            queryErrorCode: code, message: message)
    }

    /// A member path of the model (`entries.1.member.id`) as a Query parameter is named.
    static func dotted(_ path: String) -> String {
        path.split(separator: ".").filter { $0 != "member" }
            .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: ".")
    }

    static func fault(for refusal: QueueRefusal, queue: String) -> ServiceFault {
        switch refusal {
        case .receiptHandleInvalid: receiptHandleInvalid("")
        case .receiptHandleExpired:
            invalidParameter(
                "Value for parameter ReceiptHandle is invalid. "
                    + "Reason: The receipt handle has expired.")
        case .messageNotInFlight:
            SQS.Faults.messageNotInflight(
                message: "The specified message isn't in flight.")
        case .visibilityBeyondLimit(let seconds):
            invalidParameter(
                "Value \(seconds) for parameter VisibilityTimeout is invalid. Reason: Total "
                    + "VisibilityTimeout for the message is beyond the limit [43200 seconds]")
        case .messageGone:
            invalidParameter(
                "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or "
                    + "is not available for visibility timeout change.")
        case .tooManyInFlight:
            SQS.Faults.overLimit(
                message: "The number of in-flight messages is over the queue's limit.")
        case .purgeInProgress:
            SQS.Faults.purgeQueueInProgress(
                message: "Only one PurgeQueue operation on \(queue) is allowed every 60 seconds.")
        case .moveActive:
            invalidParameter(
                "There is already a task running. Only one active task is allowed for a source "
                    + "queue arn at a given time.")
        case .moveUnknown:
            SQS.Faults.resourceNotFoundException(message: "Task does not exist.")
        case .moveEnded:
            invalidParameter(
                "Value for parameter TaskHandle is invalid. Reason: Only tasks in RUNNING status "
                    + "can be cancelled.")
        case .queueDeleted: noSuchQueue
        }
    }

    static func receiptHandleInvalid(_ handle: String) -> ServiceFault {
        SQS.Faults.receiptHandleIsInvalid(
            message: "The input receipt handle \"\(handle)\" is not a valid receipt handle.")
    }

    static func fault(for refusal: AttributeRefusal) -> ServiceFault {
        switch refusal {
        case .unknownName(let name):
            SQS.Faults.invalidAttributeName(message: "Unknown Attribute \(name).")
        case .invalidValue(let name):
            SQS.Faults.invalidAttributeValue(
                message: "Invalid value for the parameter \(name).")
        case .queueTypeChange:
            SQS.Faults.invalidAttributeValue(
                message: "Invalid value for the parameter FifoQueue. Reason: Modifying queue type "
                    + "is not supported.")
        case .twoEncryptions:
            SQS.Faults.invalidAttributeName(
                message: "You can use one type of server-side encryption (SSE) at one time. You "
                    + "can either enable KMS SSE or SQS SSE.")
        case .invalidParameter(let message): invalidParameter(message)
        case .invalidPolicy(let reason):
            SQS.Faults.invalidAttributeValue(
                message: "Invalid value for the parameter Policy. Reason: \(reason)")
        case .overLimit(let message): SQS.Faults.overLimit(message: message)
        }
    }
}
