// SPDX-License-Identifier: Apache-2.0
// When an asynchronous invocation is tried again and when it ends.

import Basics
import Testing

@testable import LambdaService

@Suite struct AsyncPolicyTests {
    private let start = Timestamp(seconds: 1000)
    private func policy(retries: Int? = nil, age: Int? = nil) -> AsyncPolicy {
        AsyncPolicy(
            EventInvokeConfig(
                maximumRetryAttempts: retries, maximumEventAgeSeconds: age, modifiedAt: start),
            limits: LambdaLimits())
    }

    private func step(
        _ policy: AsyncPolicy, _ attempt: AsyncAttempt, failures: Int, after seconds: Int64
    ) -> AsyncPolicy.Step {
        policy.step(
            after: attempt, failures: failures, acceptedAt: start,
            now: start.adding(seconds: seconds), pauseMilliseconds: 4000)
    }

    @Test func retriesAfterOneAndTwoMinutes() {
        let policy = policy()
        #expect(
            step(policy, .failed, failures: 0, after: 3)
                == .again(at: start.adding(seconds: 63), counts: true))
        #expect(
            step(policy, .failed, failures: 1, after: 70)
                == .again(at: start.adding(seconds: 190), counts: true))
        #expect(step(policy, .failed, failures: 2, after: 200) == .end(.retriesExhausted))
        #expect(step(policy, .succeeded, failures: 2, after: 200) == .end(.success))
    }

    @Test(arguments: [0, 1, 2]) func honoursTheNumberOfRetries(_ retries: Int) {
        let policy = policy(retries: retries)
        #expect(step(policy, .failed, failures: retries, after: 0) == .end(.retriesExhausted))
        if retries > 0 {
            #expect(
                step(policy, .failed, failures: retries - 1, after: 0)
                    != .end(.retriesExhausted))
        }
    }

    @Test func looksAgainNoLaterThanTheAge() {
        let policy = policy(age: 60)
        #expect(
            step(policy, .failed, failures: 0, after: 10)
                == .again(at: start.adding(seconds: 60), counts: true))
        #expect(!policy.isTooOld(acceptedAt: start, now: start.adding(milliseconds: 59_999)))
        #expect(policy.isTooOld(acceptedAt: start, now: start.adding(seconds: 60)))
    }

    @Test func whatDidNotRunDoesNotCount() {
        let policy = policy(retries: 0, age: 60)
        #expect(
            step(policy, .deferred, failures: 0, after: 1)
                == .again(at: start.adding(seconds: 5), counts: false))
        #expect(
            step(policy, .deferred, failures: 0, after: 58)
                == .again(at: start.adding(seconds: 60), counts: false))
        #expect(step(policy, .deferred, failures: 0, after: 60) == .end(.eventAgeExceeded))
    }

    @Test func recordHasTheDocumentedForm() {
        let record = InvocationRecord(
            timestamp: start, requestID: "r", functionARN: "arn", end: .retriesExhausted,
            invokeCount: 3, requestPayload: Array(#"{"a":1}"#.utf8),
            response: .init(
                executedVersion: "$LATEST", functionError: "Unhandled",
                payload: Array("{}".utf8)))
        #expect(
            record.json.text == #"{"version":"1.0","timestamp":"1970-01-01T00:16:40.000Z","#
                + #""requestContext":{"requestId":"r","functionArn":"arn","#
                + #""condition":"RetriesExhausted","approximateInvokeCount":3},"#
                + #""requestPayload":{"a":1},"responseContext":{"statusCode":200,"#
                + #""executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{}}"#
        )
    }
}
