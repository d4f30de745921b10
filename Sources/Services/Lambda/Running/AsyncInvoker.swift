// SPDX-License-Identifier: Apache-2.0
// Carries out accepted `Event` invocations from the outbox, to exactly one end each: success,
// dead letter or destination, or a recorded drop.

import Basics
import Chronology
import Delivery
import Journal
import LambdaWire
import ServiceKit
import Storage
import WireModel

/// The outbox's handler for asynchronous invocations.
struct AsyncInvoker: DeliveryHandler {
    static let name = "lambda"
    /// The pauses of events that did not get to run: a second, growing to five minutes.
    static let backoff = Backoff(firstMilliseconds: 1000, ceilingMilliseconds: 300_000)

    let world: World
    let directory: FunctionDirectory
    let runner: FunctionRunner
    let ledger: ConcurrencyLedger
    let limits: LambdaLimits

    static func draft(_ event: AsyncInvocation, cause: JournalID) -> OutboxDraft {
        OutboxDraft(
            handler: name, lane: "lambda:\(event.function.arn)", content: event.record,
            cause: cause)
    }

    nonisolated(nonsending)
        func attempt(_ delivery: Delivery) async -> DeliveryVerdict
    {
        do {
            let event = try AsyncInvocation(delivery.content)
            let function = try await directory.resolve(event.function, qualifier: event.qualifier)
            guard function.function.identity == event.identity else {
                throw LambdaFaults.functionNotFound(event.function.arn.description)
            }
            let config = try await directory.invokeConfig(
                event.function, qualifier: event.qualifier, in: world.store)
            return await attempt(delivery, event, function, config)
        } catch let fault as ServiceFault {
            // The function, or the version, was deleted after it accepted the event.
            record(delivery, nil, error: fault.shapeName, detail: "dropped: \(fault.message)")
            return .done
        } catch {
            return again(delivery)
        }
    }

    nonisolated(nonsending)
        private func attempt(
            _ delivery: Delivery, _ event: AsyncInvocation, _ function: ResolvedFunction,
            _ config: EventInvokeConfig?
        ) async -> DeliveryVerdict
    {
        let policy = AsyncPolicy(config, limits: limits)
        let reserved = function.function.reservedConcurrency
        var last: FunctionResult?
        func end(_ end: AsyncEnd) -> DeliveryVerdict {
            let count = delivery.attempts + (last?.ran == true ? 1 : 0)
            return self.end(
                delivery,
                Ending(
                    event: event, function: function, config: config, end: end,
                    invokeCount: count, result: last))
        }
        if policy.isTooOld(acceptedAt: delivery.acceptedAt, now: world.clock.now()) {
            return end(.eventAgeExceeded)
        }
        guard await ledger.enter(event.function, limit: reserved, activity: delivery.activity)
        else {
            // Sent on at once if there is somewhere to send it; else it waits for better times.
            let hasTarget =
                config?.onFailure != nil || function.settings.deadLetterTarget != nil
            return hasTarget ? end(.zeroReservedConcurrency) : again(delivery)
        }
        if policy.isTooOld(acceptedAt: delivery.acceptedAt, now: world.clock.now()) {
            ledger.leave(event.function)
            return end(.eventAgeExceeded)
        }
        let run = FunctionRun(
            requestID: event.requestID, payload: event.payload, traceHeader: event.traceHeader,
            cause: delivery.cause, attempt: delivery.attempts + 1)
        let outcome: FunctionResult
        do {
            outcome = try await runner.run(run, of: function)
            ledger.leave(event.function)
        } catch {
            ledger.leave(event.function)
            return again(delivery)
        }
        last = outcome
        let step = policy.step(
            after: outcome.asyncAttempt, failures: delivery.attempts,
            acceptedAt: delivery.acceptedAt, now: world.clock.now(),
            pauseMilliseconds: pause(delivery))
        switch step {
        case .again(let time, let counts): return .again(at: time, counts: counts)
        case .end(let reason): return end(reason)
        }
    }

    private func pause(_ delivery: Delivery) -> Int64 {
        Self.backoff.milliseconds(
            afterFailures: delivery.deferrals + 1, jitter: world.entropy.next())
    }

    /// Nothing ran for a reason of the platform's own.
    private func again(_ delivery: Delivery) -> DeliveryVerdict {
        let due = world.clock.now().adding(milliseconds: pause(delivery))
        return .again(at: due, counts: false)
    }

    // MARK: Ends

    /// All that the last word on an event needs.
    private struct Ending {
        let event: AsyncInvocation
        let function: ResolvedFunction
        let config: EventInvokeConfig?
        let end: AsyncEnd
        let invokeCount: Int
        let result: FunctionResult?
    }

    private func end(_ delivery: Delivery, _ ending: Ending) -> DeliveryVerdict {
        var drafts: [OutboxDraft?] = []
        let isSuccess = ending.end == .success
        let target = isSuccess ? ending.config?.onSuccess : ending.config?.onFailure
        if let target, let queue = ARN(parsing: target) {
            let message = QueueMessage(body: invocationRecord(ending).text)
            drafts.append(
                draft(
                    message, to: queue, isSuccess ? "OnSuccess" : "OnFailure", ending,
                    cause: delivery.cause))
        }
        if !isSuccess,
            let queue = ending.function.settings.deadLetterTarget.flatMap({
                ARN(parsing: $0)
            })
        {
            drafts.append(
                draft(deadLetter(ending), to: queue, "DeadLetter", ending, cause: delivery.cause))
        }
        if !isSuccess, drafts.isEmpty {
            record(
                delivery, ending.event, error: ending.end.rawValue,
                detail: "dropped: no dead-letter queue and no destination")
        }
        return .done(followedBy: drafts.compactMap { $0 })
    }

    private func invocationRecord(_ ending: Ending) -> JSONValue {
        InvocationRecord(
            timestamp: world.clock.now(), requestID: ending.event.requestID,
            functionARN: ending.function.name.arn(
                qualifier: ending.event.qualifier ?? FunctionSettings.latestVersion),
            end: ending.end, invokeCount: ending.invokeCount,
            requestPayload: ending.event.payload,
            response: ending.result?.response(version: ending.function.settings.version)
        ).json
    }

    private func deadLetter(_ ending: Ending) -> QueueMessage {
        let (code, message) = ending.result?.deadLetterError ?? ("500", ending.end.rawValue)
        return QueueMessage(
            body: String(decoding: ending.event.payload, as: UTF8.self),
            attributes: [
                QueueMessage.Attribute("RequestID", "String", ending.event.requestID),
                QueueMessage.Attribute("ErrorCode", "Number", code),
                QueueMessage.Attribute("ErrorMessage", "String", message),
            ])
    }

    private func draft(
        _ message: QueueMessage, to queue: ARN, _ purpose: String, _ ending: Ending,
        cause: JournalID
    ) -> OutboxDraft? {
        guard let role = ARN(parsing: ending.function.settings.role) else { return nil }
        return QueueDeliveryContent(
            queue: queue, message: message, role: role, service: LambdaService.principal,
            sessionName: ending.event.function.name, source: ending.event.function.arn,
            purpose: purpose, subject: ending.event.requestID
        ).draft(cause: cause)
    }

    private func record(
        _ delivery: Delivery, _ event: AsyncInvocation?, error: String, detail: String
    ) {
        var record = JournalRecord(
            id: world.journal.allot(), cause: delivery.cause, kind: .delivery,
            time: world.clock.now(), service: "lambda", operation: "AsyncInvoke")
        record.resource = event?.function.arn.description ?? delivery.lane
        record.requestID = event?.requestID ?? ""
        record.attempt = delivery.attempts + 1
        record.error = error
        record.detail = detail
        if let event { record.subjects = [event.requestID] }
        world.journal.append(record)
    }
}

extension FunctionResult {
    /// Whether the function's code was run.
    var ran: Bool {
        switch outcome {
        case .success, .failure: true
        case .throttled, .unavailable: false
        }
    }

    var asyncAttempt: AsyncAttempt {
        switch outcome {
        case .success: .succeeded
        case .failure: .failed
        case .throttled, .unavailable: .deferred
        }
    }

    /// What a destination is told of the run; `nil` when nothing ran.
    func response(version: String) -> InvocationRecord.Response? {
        switch outcome {
        case .success(let payload):
            InvocationRecord.Response(
                executedVersion: version, functionError: nil, payload: payload)
        case .failure(let failure):
            InvocationRecord.Response(
                executedVersion: version, functionError: failure.kind.rawValue,
                payload: failure.payload)
        case .throttled, .unavailable: nil
        }
    }

    /// `ErrorCode` and `ErrorMessage` of a dead letter, the message cut at 1 KiB.
    var deadLetterError: (code: String, message: String)? {
        switch outcome {
        case .success: nil
        case .failure(let failure):
            (
                "200",
                failure.errorMessage.isEmpty
                    ? failure.errorType : String(failure.errorMessage.prefix(1024))
            )
        case .throttled(let reason): ("429", reason.isEmpty ? "Rate Exceeded." : reason)
        case .unavailable(let reason): ("500", reason.words.detail)
        }
    }
}
