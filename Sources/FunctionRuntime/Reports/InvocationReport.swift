// SPDX-License-Identifier: Apache-2.0
// The lines that Lambda itself writes into a function's log, tabs and all.

import Basics

/// The platform's lines around an invocation.
enum InvocationReport {
    static func initStart(runtime: String) -> String {
        "INIT_START Runtime Version: \(runtime)\tRuntime Version ARN: "
    }

    static func start(requestID: String, version: String) -> String {
        "START RequestId: \(requestID) Version: \(version)"
    }

    static func end(requestID: String) -> String { "END RequestId: \(requestID)" }

    /// How an invocation that failed in the runtime's eyes is marked.
    enum Status: Equatable, Sendable {
        case error(type: String)
        case timeout
    }

    static func report(
        requestID: String, durationMilliseconds: Double, billedMilliseconds: Int,
        memoryMegabytes: Int, usedMegabytes: Int, initMilliseconds: Double?, status: Status?
    ) -> String {
        var line =
            "REPORT RequestId: \(requestID)\tDuration: \(hundredths(durationMilliseconds)) ms"
        line += "\tBilled Duration: \(billedMilliseconds) ms\tMemory Size: \(memoryMegabytes) MB"
        line += "\tMax Memory Used: \(usedMegabytes) MB"
        if let initMilliseconds { line += "\tInit Duration: \(hundredths(initMilliseconds)) ms" }
        switch status {
        case .error(let type): line += "\tStatus: error\tError Type: \(type)"
        case .timeout: line += "\tStatus: timeout"
        case nil: break
        }
        // AWS ends the line with a tab.
        return line + "\t"
    }

    static func initReport(milliseconds: Double, status: Status?) -> String {
        var line = "INIT_REPORT Init Duration: \(hundredths(milliseconds)) ms\tPhase: init"
        switch status {
        case .error(let type): line += "\tStatus: error\tError Type: \(type)"
        case .timeout: line += "\tStatus: timeout"
        case nil: break
        }
        return line
    }

    static func timedOut(at now: Timestamp, requestID: String, seconds: Double) -> String {
        "\(now.iso8601(fraction: true)) \(requestID) Task timed out after "
            + "\(hundredths(seconds)) seconds"
    }

    /// `2026/11/24/[$LATEST]` and 32 hexadecimal digits.
    static func streamName(at now: Timestamp, version: String, nonce: [UInt8]) -> String {
        let day = now.iso8601().prefix(10).split(separator: "-").joined(separator: "/")
        return "\(day)/[\(version)]\(Hex.encode(nonce))"
    }

    /// Two digits after the point.
    static func hundredths(_ value: Double) -> String {
        let clamped = min(max(0, value), 1e15)
        let total = Int64((clamped * 100).rounded())
        let fraction = total % 100
        return "\(total / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
