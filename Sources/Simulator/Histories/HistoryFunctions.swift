// SPDX-License-Identifier: Apache-2.0
// The functions of a history: a message's body says how often and how they fail on it.

import Basics
import LambdaService
import Synchronization

/// Runs messages and invocations as their bodies tell.
///
/// It lives outside the worlds: a crash does not make it forget its attempts.
final class HistoryFunctions: Sendable {
    private struct State {
        var attempts: [String: Int] = [:]
        var runs = 0
        var numbers: [String: Int] = [:]
    }

    private enum Failure { case error, timeout, partial }

    private let state = Mutex(State())
    private let record: @Sendable (HistoryEvent) -> Void

    init(record: @escaping @Sendable (HistoryEvent) -> Void) { self.record = record }

    func bind(to functions: ScriptedFunctions) {
        for name in ["work", "work-fifo", "task"] {
            functions.script(
                name,
                ScriptedFunctions.Script(
                    begin: { [self] in begin($0, name) }, end: { [self] in end($0, $1) }))
        }
    }

    private static func bodies(_ invocation: FunctionInvocation)
        -> [(body: String, messageID: JSONValue)]
    {
        let event = (try? JSONValue(parsing: invocation.payload)) ?? .null
        if let key = event["key"]?.stringValue { return [(key, .null)] }
        return (event["Records"]?.arrayValue ?? []).map {
            ($0["body"]?.stringValue ?? "", $0["messageId"] ?? .null)
        }
    }

    private func begin(_ invocation: FunctionInvocation, _ name: String)
        -> ScriptedFunctions.Answer
    {
        let events = Self.bodies(invocation)
        let (run, failures) = state.withLock { state in
            state.runs += 1
            state.numbers[invocation.requestID] = state.runs
            let failures = events.map { event in
                state.attempts[event.body, default: 0] += 1
                return Self.failure(event.body, attempt: state.attempts[event.body] ?? 0)
            }
            return (state.runs, failures)
        }
        record(.runBegan(run: run, function: name, bodies: events.map(\.body)))
        if failures.contains(.error) {
            record(.fault(.functionError))
            return .init(.error)
        }
        if failures.contains(.timeout) {
            record(.fault(.functionTimeout))
            return .init(.timeout)
        }
        var failed = zip(events, failures).filter { $0.1 != nil }.map(\.0.messageID)
        guard name != "task" else { return .init(.success, .object(["done": .bool(true)])) }
        if let first = failures.firstIndex(where: { $0 != nil }) {
            record(.fault(.partialFailure))
            // Of a FIFO batch nothing is done that lies behind a failure.
            if name == "work-fifo" { failed = events[first...].map(\.messageID) }
        }
        let items = failed.map { JSONValue.object(["itemIdentifier": $0]) }
        return .init(.success, .object(["batchItemFailures": .array(items)]))
    }

    private func end(_ invocation: FunctionInvocation, _ answer: ScriptedFunctions.Answer) {
        let run = state.withLock { $0.numbers[invocation.requestID] ?? 0 }
        var done: [String] = []
        if answer.end == .success {
            let failed = (answer.payload["batchItemFailures"]?.arrayValue ?? []).compactMap {
                $0["itemIdentifier"]?.stringValue
            }
            done = Self.bodies(invocation).filter { event in
                !failed.contains { $0 == event.messageID.stringValue }
            }.map(\.body)
        }
        record(.runEnded(run: run, done: done))
    }

    /// `"w12 error 2"` fails twice and then never again.
    private static func failure(_ body: String, attempt: Int) -> Failure? {
        let words = body.split(separator: " ")
        guard words.count == 3, let times = Int(words[2]), attempt <= times else { return nil }
        switch words[1] {
        case "error": return .error
        case "timeout": return .timeout
        default: return .partial
        }
    }
}
