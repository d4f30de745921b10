// SPDX-License-Identifier: Apache-2.0
// The rules of asynchronous invocations: when one is tried again, when it is given up, and what
// its destinations are told.

package import Basics

/// An accepted `Event` invocation, as it is stored in the outbox.
package struct AsyncInvocation: Hashable, Sendable {
    package var requestID: String
    package var function: FunctionName
    /// The function's identity when the event was accepted.
    package var identity: String
    /// As the caller wrote it; `nil` for `$LATEST`.
    package var qualifier: String?
    package var payload: [UInt8]
    package var traceHeader: String?

    package init(
        requestID: String, function: FunctionName, identity: String, qualifier: String?,
        payload: [UInt8], traceHeader: String?
    ) {
        self.requestID = requestID
        self.function = function
        self.identity = identity
        self.qualifier = qualifier
        self.payload = payload
        self.traceHeader = traceHeader
    }
}

/// What `PutFunctionEventInvokeConfig` says about a version's asynchronous invocations.
package struct EventInvokeConfig: Hashable, Sendable {
    package var maximumRetryAttempts: Int?
    package var maximumEventAgeSeconds: Int?
    package var onSuccess: String?
    package var onFailure: String?
    package var modifiedAt: Timestamp

    package init(
        maximumRetryAttempts: Int? = nil, maximumEventAgeSeconds: Int? = nil,
        onSuccess: String? = nil, onFailure: String? = nil, modifiedAt: Timestamp
    ) {
        self.maximumRetryAttempts = maximumRetryAttempts
        self.maximumEventAgeSeconds = maximumEventAgeSeconds
        self.onSuccess = onSuccess
        self.onFailure = onFailure
        self.modifiedAt = modifiedAt
    }
}

/// How one attempt at an asynchronous invocation ended.
package enum AsyncAttempt: Hashable, Sendable {
    case succeeded
    /// The function ran and failed.
    case failed
    /// It did not get to run: no capacity, or no environment.
    case deferred
}

/// Why an event was given up.
package enum AsyncEnd: String, Hashable, Sendable {
    case success = "Success"
    case retriesExhausted = "RetriesExhausted"
    case eventAgeExceeded = "EventAgeExceeded"
    case zeroReservedConcurrency = "ZeroReservedConcurrency"
}

/// The retry rules of one event.
package struct AsyncPolicy: Hashable, Sendable {
    package let retriesMax: Int
    package let ageMillisecondsMax: Int64

    package init(_ config: EventInvokeConfig?, limits: LambdaLimits) {
        retriesMax = config?.maximumRetryAttempts ?? limits.asyncRetriesDefault
        let seconds = config?.maximumEventAgeSeconds ?? limits.asyncAgeSecondsDefault
        ageMillisecondsMax = Int64(seconds) * 1000
    }

    /// What is to be done after an attempt.
    package enum Step: Hashable, Sendable {
        case end(AsyncEnd)
        case again(at: Timestamp, counts: Bool)
    }

    /// Whether the event is too old to be tried at `now`.
    package func isTooOld(acceptedAt: Timestamp, now: Timestamp) -> Bool {
        now.milliseconds(since: acceptedAt) >= ageMillisecondsMax
    }

    /// Decides after an attempt that began with `failures` earlier failures of the function.
    ///
    /// `pause` is the growing pause for attempts that did not get to run. An event is looked at
    /// again no later than when it grows too old, so that it ends at that moment.
    package func step(
        after attempt: AsyncAttempt, failures: Int, acceptedAt: Timestamp, now: Timestamp,
        pauseMilliseconds: Int64
    ) -> Step {
        let oldAt = acceptedAt.adding(milliseconds: ageMillisecondsMax)
        switch attempt {
        case .succeeded: return .end(.success)
        case .failed:
            guard failures < retriesMax else { return .end(.retriesExhausted) }
            // A minute after the first failure, two after the second.
            let due = now.adding(seconds: failures == 0 ? 60 : 120)
            return .again(at: min(due, max(oldAt, now)), counts: true)
        case .deferred:
            guard now < oldAt else { return .end(.eventAgeExceeded) }
            return .again(
                at: min(now.adding(milliseconds: pauseMilliseconds), oldAt), counts: false)
        }
    }
}

/// The document a destination receives.
package struct InvocationRecord: Sendable {
    package let timestamp: Timestamp
    package let requestID: String
    /// With the qualifier.
    package let functionARN: String
    package let end: AsyncEnd
    package let invokeCount: Int
    package let requestPayload: [UInt8]
    /// `nil` when the function never ran.
    package let response: Response?

    /// What the last run answered.
    package struct Response: Sendable {
        package let executedVersion: String
        /// `Handled`, `Unhandled` or `nil`.
        package let functionError: String?
        package let payload: [UInt8]

        package init(executedVersion: String, functionError: String?, payload: [UInt8]) {
            self.executedVersion = executedVersion
            self.functionError = functionError
            self.payload = payload
        }
    }

    package init(
        timestamp: Timestamp, requestID: String, functionARN: String, end: AsyncEnd,
        invokeCount: Int, requestPayload: [UInt8], response: Response?
    ) {
        self.timestamp = timestamp
        self.requestID = requestID
        self.functionARN = functionARN
        self.end = end
        self.invokeCount = invokeCount
        self.requestPayload = requestPayload
        self.response = response
    }

    package var json: JSONValue {
        var document: JSONObject = [
            "version": .string("1.0"),
            "timestamp": .string(timestamp.iso8601(fraction: true)),
            "requestContext": .object([
                "requestId": .string(requestID),
                "functionArn": .string(functionARN),
                "condition": .string(end.rawValue),
                "approximateInvokeCount": .integer(Int64(invokeCount)),
            ]),
            "requestPayload": Self.embedded(requestPayload),
        ]
        guard let response else { return .object(document) }
        var context: JSONObject = [
            "statusCode": .integer(200),
            "executedVersion": .string(response.executedVersion),
        ]
        if let error = response.functionError { context["functionError"] = .string(error) }
        document["responseContext"] = .object(context)
        document["responsePayload"] = Self.embedded(response.payload)
        return .object(document)
    }

    /// A payload as a JSON value; what is not JSON becomes a string.
    private static func embedded(_ payload: [UInt8]) -> JSONValue {
        if payload.isEmpty { return .null }
        return (try? JSONValue(parsing: payload))
            ?? .string(String(decoding: payload, as: UTF8.self))
    }
}
