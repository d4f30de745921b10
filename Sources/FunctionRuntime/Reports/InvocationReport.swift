// SPDX-License-Identifier: Apache-2.0
// The lines that Lambda itself writes into a function's log, tabs and all.

import Basics

/// The platform's lines around an invocation.
enum InvocationReport {
    /// `version` is what runs, such as `python:3.11`.
    ///
    /// The ARN has the form AWS documents for runtime versions and says whose version it is:
    /// AWS's own end in a digest of an image that is not in use here.
    static func initStart(version: String, region: Region) -> String {
        let name = version.split(separator: ":").joined(separator: "-")
        return "INIT_START Runtime Version: \(version)\tRuntime Version ARN: "
            + "arn:\(region.partition):lambda:\(region)::runtime:martlet-\(name)"
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
        // AWS ends the line with a tab, and puts the status after it.
        case nil: line += "\t"
        }
        return line
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
