// SPDX-License-Identifier: Apache-2.0
// An operation as it is registered: its wire description, what it needs permission for, what
// becomes of each input member, and the handler.

import Basics
package import IdentityAccess
package import Storage
package import WireModel

/// What a handler answers, and the state its answer rests on.
package struct Reply<Output: Sendable>: Sendable {
    package let output: Output
    /// The highest version the decision read or wrote; the reply waits until it is durable.
    package let version: StoreVersion
    /// What the call was about, for the journal: message ids and the like.
    package var subjects: [String]
    /// Requests that AWS bills for the call.
    package var billedRequests: Int

    package init(
        _ output: Output, at version: StoreVersion, subjects: [String] = [],
        billedRequests: Int = 1
    ) {
        self.output = output
        self.version = version
        self.subjects = subjects
        self.billedRequests = billedRequests
    }
}

/// One permission a call needs.
package struct Access: Sendable {
    /// `sqs:SendMessage`.
    package let action: String
    /// The resource's ARN, or `*`.
    package let resource: String
    /// Condition keys of the service for this call.
    package let keys: [ContextKey]

    package init(_ action: String, on resource: String, keys: [ContextKey] = []) {
        self.action = action
        self.resource = resource
        self.keys = keys
    }

    /// The same with further condition keys.
    fileprivate func adding(_ more: [ContextKey]) -> Access {
        Access(action, on: resource, keys: keys + more)
    }
}

/// An input that says something policies may ask for: the tags it sets, the policy it attaches.
package protocol ConditionedInput: WireStructure {
    /// Condition keys of the call; empty where this input says nothing of the kind.
    var conditionKeys: [ContextKey] { get }
}

/// An input as it was read.
package struct ReadInput<Input: WireStructure>: Sendable {
    package let input: Input
    /// Constraints of the model that the input breaks.
    package let violations: [ConstraintViolation]
    package let presentMembers: MemberSet

    package init(input: Input, violations: [ConstraintViolation], presentMembers: MemberSet) {
        self.input = input
        self.violations = violations
        self.presentMembers = presentMembers
    }
}

/// A request whose input can be read, whatever carried it: HTTP in some protocol, or a value.
package protocol InputSource {
    func read<Input: WireStructure>(_ type: Input.Type, of operation: OperationDescriptor) throws
        -> ReadInput<Input>
}

/// A call whose input has been read and validated.
package struct PreparedCall: Sendable {
    package let operation: Operation
    /// The permissions it needs.
    package let accesses: nonisolated(nonsending) @Sendable (CallContext) async throws -> [Access]
    package let run:
        nonisolated(nonsending) @Sendable (CallContext) async throws -> Reply<any WireStructure>
}

/// A registered operation.
package final class Operation: Sendable {
    package let descriptor: OperationDescriptor
    package let rules: MemberRules
    private let prepareCall: @Sendable (any InputSource, Operation) throws -> PreparedCall

    /// Registers a handler.
    ///
    /// `authorize` names the permissions a call needs; an operation that needs none says so
    /// with an empty list, and states why in a comment. It may read the store where a name
    /// alone does not give the ARN. `validation` turns constraint violations into the service's
    /// own fault, or `nil` where the handler judges them itself.
    package init<Op: WireOperation>(
        _ type: Op.Type, rules: MemberRules = .allHonoured,
        validation: @escaping @Sendable ([ConstraintViolation]) -> ServiceFault?,
        authorize:
            nonisolated(nonsending) @escaping @Sendable (Op.Input, CallContext) async throws
            -> [Access],
        handler:
            nonisolated(nonsending) @escaping @Sendable (Op.Input, CallContext) async throws
            -> Reply<Op.Output>
    ) {
        descriptor = type.descriptor
        self.rules = rules
        let refused = RefusedMembers(rules, of: type.descriptor.input)
        // Asked of the type, once: most inputs say nothing, and a cast has its price.
        let isConditioned = Op.Input.self is any ConditionedInput.Type
        let own = type.descriptor.service.signingName + ":"
        prepareCall = { source, operation in
            let read = try source.read(Op.Input.self, of: operation.descriptor)
            if !read.violations.isEmpty, let fault = validation(read.violations) { throw fault }
            let input = read.input
            try refused.check(input, present: read.presentMembers)
            return PreparedCall(
                operation: operation,
                accesses: { context in
                    let accesses = try await authorize(input, context)
                    guard isConditioned, let keys = (input as? any ConditionedInput)?.conditionKeys
                    else { return accesses }
                    // What a call needs of another service (`iam:PassRole`) has no part in them.
                    return accesses.map { $0.action.hasPrefix(own) ? $0.adding(keys) : $0 }
                },
                run: { context in
                    let reply = try await handler(input, context)
                    return Reply(
                        reply.output, at: reply.version, subjects: reply.subjects,
                        billedRequests: reply.billedRequests)
                })
        }
    }

    /// Reads and validates an input; throws the fault the client is to see.
    package func prepare(_ source: some InputSource) throws -> PreparedCall {
        try prepareCall(source, self)
    }
}

/// A service as it is registered.
package struct ServiceRegistration: Sendable {
    package let descriptor: ServiceDescriptor
    package let operations: [Operation]
    /// The policy attached to a resource of the service, for services that have such.
    package let resourcePolicy: @Sendable (String) async throws -> NamedPolicy?
    /// The tags of a resource of the service, asked for only where a policy does.
    package let resourceTags: @Sendable (String) async throws -> [AccessTag]
    /// Forgets what the service holds in memory of stored state: the store was reopened after a
    /// failure, so memory may know of changes that did not survive.
    package let dropResidentState: @Sendable () -> Void

    package init(
        _ descriptor: ServiceDescriptor, operations: [Operation],
        resourcePolicy: @escaping @Sendable (String) async throws -> NamedPolicy? = { _ in nil },
        resourceTags: @escaping @Sendable (String) async throws -> [AccessTag] = { _ in [] },
        dropResidentState: @escaping @Sendable () -> Void = {}
    ) {
        self.descriptor = descriptor
        self.operations = operations
        self.resourcePolicy = resourcePolicy
        self.resourceTags = resourceTags
        self.dropResidentState = dropResidentState
    }
}
