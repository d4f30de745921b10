// SPDX-License-Identifier: Apache-2.0
// Failures in AWS's words: what a caller reads when a function did not answer.

import Basics
import LambdaService

extension FunctionFailure {
    /// A failure that the platform reports rather than the function's runtime.
    static func platform(_ type: String, _ message: String) -> FunctionFailure {
        let document = JSONValue.object([
            "errorType": .string(type), "errorMessage": .string(message),
        ])
        return FunctionFailure(
            kind: .unhandled, errorType: type, errorMessage: message, payload: document.bytes)
    }

    static func timedOut(requestID: String, seconds: Double) -> FunctionFailure {
        platform(
            "Sandbox.Timedout",
            "RequestId: \(requestID) Error: Task timed out after "
                + "\(InvocationReport.hundredths(seconds)) seconds")
    }

    static func exited(requestID: String, exit: ProcessExit) -> FunctionFailure {
        let reason =
            exit == .status(0)
            ? "Runtime exited without providing a reason"
            : "Runtime exited with error: \(exit.text)"
        return platform("Runtime.ExitError", "RequestId: \(requestID) Error: \(reason)")
    }

    static func outOfMemory(requestID: String) -> FunctionFailure {
        platform(
            "Runtime.OutOfMemory",
            "RequestId: \(requestID) Error: Runtime exited with error: signal: killed")
    }

    static let responseTooLarge = platform(
        "Function.ResponseSizeTooLarge",
        "Response payload size exceeded maximum allowed payload size "
            + "(\(RuntimeRequestParser.bodyBytesMax) bytes).")

    static func noBootstrap(requestID: String) -> FunctionFailure {
        platform(
            "Runtime.InvalidEntrypoint",
            "RequestId: \(requestID) Error: Couldn't find valid bootstrap(s): "
                + "[/var/task/bootstrap /opt/bootstrap]")
    }

    /// What a runtime posted about an error, passed on as it is when it is JSON.
    static func reported(_ request: RuntimeRequest) -> FunctionFailure {
        let header = request.header("lambda-runtime-function-error-type")
            .flatMap { isErrorType($0) ? $0 : nil }
        guard let document = try? JSONValue(parsing: request.body) else {
            let type = header ?? "Runtime.Unknown"
            return FunctionFailure(
                kind: .unhandled, errorType: type, errorMessage: "",
                payload: JSONValue.object(["errorType": .string(type)]).bytes)
        }
        return FunctionFailure(
            kind: .unhandled,
            errorType: document["errorType"]?.stringValue ?? header ?? "Runtime.Unknown",
            errorMessage: document["errorMessage"]?.stringValue ?? "",
            payload: request.body)
    }

    /// A name such as `Runtime.ImportModuleError`: it goes into a tab-separated log line.
    private static func isErrorType(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 256
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == 0x2E || byte == 0x5F
            }
    }
}
