// SPDX-License-Identifier: Apache-2.0
// Martlet's own paths: health, clock, journal, status, reset; and the LocalStack paths that tools
// look for. Nothing here speaks to AWS clients.

import Basics
import Chronology
import Gateway
package import HTTPFront
package import Journal

/// Answers the reserved paths.
package struct AdminAPI: ReservedPaths {
    private let version: String
    private let clock: any ClockCommands
    let platform: any PlatformCommands
    private let journal: Journal

    /// Most records one reading of the journal returns.
    private static let recordsMax = 65_536
    /// Real seconds an advance may take unless the request says otherwise.
    private static let advanceSeconds = 60

    package init(
        version: String, clock: any ClockCommands, platform: any PlatformCommands,
        journal: Journal
    ) {
        self.version = version
        self.clock = clock
        self.platform = platform
        self.journal = journal
    }

    package func response(to request: HTTPRequest, fromSandbox: Bool) async -> HTTPResponse? {
        let path = request.rawPath
        let isReserved =
            path == "/metrics"
            || ["/_martlet", "/_localstack", "/_aws"].contains {
                path == $0 || path.hasPrefix("\($0)/")
            }
        guard isReserved else { return nil }
        if path.hasPrefix(platform.functionCodePrefix) { return await functionCode(request) }
        if fromSandbox { return Self.error(403, "Functions have no access to \(path).") }
        switch (request.method, path) {
        case (.get, "/_martlet/health"), (.head, "/_martlet/health"):
            return Self.json(["status": "ok", "version": .string(version)])
        case (.get, "/_localstack/health"), (.head, "/_localstack/health"):
            return localStackHealth()
        case (.get, "/_localstack/info"):
            return Self.json(["version": .string(version), "edition": "martlet"])
        case (.get, "/_aws/sqs/messages"): return await peek(request)
        case (.get, "/metrics"): return await metrics()
        case (.get, "/_martlet/status"): return Self.json(await platform.status())
        case (.get, "/_martlet/coverage"): return Self.json(platform.coverage)
        case (.get, "/_martlet/journal"): return readJournal(request)
        case (.get, "/_martlet/clock"): return Self.json(Self.describe(clock.setting))
        case (.post, "/_martlet/clock"), (.post, "/_martlet/reset"):
            return await change(request, path)
        case (_, "/_martlet/clock"), (_, "/_martlet/reset"), (_, "/_martlet/health"),
            (_, "/_martlet/journal"):
            return Self.error(405, "\(request.method.name) is not for \(path).")
        default: return Self.error(404, "There is nothing at \(path).")
        }
    }

    // MARK: Changes

    private func change(_ request: HTTPRequest, _ path: String) async -> HTTPResponse {
        // A header of our own makes a browser ask first, and it gets no permission.
        guard request.header("x-martlet-request") != nil else {
            return Self.error(403, "Changes need the header X-Martlet-Request: 1.")
        }
        do {
            if path == "/_martlet/reset" {
                try await platform.reset()
                return Self.json(["reset": true])
            }
            return try await changeClock(request)
        } catch {
            return Self.error(503, "The change could not be stored: \(error)")
        }
    }

    private func changeClock(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let body = (try? JSONValue(parsing: request.body))?.objectValue,
            let action = body["action"]?.stringValue
        else {
            return Self.error(
                400, "Give {\"action\": \"freeze\" | \"resume\" | \"advance\" | \"scale\"}.")
        }
        switch action {
        case "freeze": try await clock.set(mode: .frozen)
        case "resume": try await clock.set(mode: .real)
        case "scale":
            guard let rate = body["rate"]?.doubleValue, rate > 0, rate <= 1_000_000 else {
                return Self.error(400, "\"rate\" is virtual seconds a second, above 0.")
            }
            try await clock.set(mode: .scaled(ratePerThousand: Int64(rate * 1000)))
        case "advance":
            guard let text = body["duration"]?.stringValue,
                let milliseconds = DurationText.milliseconds(text)
            else { return Self.error(400, "\"duration\" is such as 90s, 15m, 12h or 4d.") }
            let seconds = body["timeoutSeconds"]?.integerValue ?? Int64(Self.advanceSeconds)
            guard (1...3600).contains(seconds) else {
                return Self.error(400, "\"timeoutSeconds\" is 1 to 3600.")
            }
            let done = try await clock.advance(
                milliseconds: milliseconds, realSecondsMax: Int(seconds))
            var answer = Self.describe(clock.setting)
            answer["fired"] = .integer(Int64(done.fired))
            answer["stillRunning"] = .integer(Int64(done.stillRunning))
            answer["complete"] = .bool(!done.isCutShort)
            return Self.json(answer)
        default: return Self.error(400, "There is no action \"\(action.prefix(40))\".")
        }
        return Self.json(Self.describe(clock.setting))
    }

    private static func describe(_ setting: ClockSetting) -> JSONObject {
        var object: JSONObject = ["now": .string(setting.now.iso8601(fraction: true))]
        switch setting.mode {
        case .real: object["mode"] = "real"
        case .frozen: object["mode"] = "frozen"
        case .scaled(let rate):
            object["mode"] = "scaled"
            object["rate"] = .double(Double(rate) / 1000)
        }
        object["offsetMilliseconds"] = .integer(setting.offsetMilliseconds)
        return object
    }

    // MARK: Readings

    /// Open to functions too: the address, which is not to be guessed, is the permission.
    private func functionCode(_ request: HTTPRequest) async -> HTTPResponse {
        guard [.get, .head].contains(request.method) else {
            return Self.error(405, "\(request.method.name) is not for \(request.rawPath).")
        }
        do {
            let file = String(request.rawPath.dropFirst(platform.functionCodePrefix.count))
            guard let archive = try await platform.functionCode(file) else {
                return Self.error(
                    403,
                    "This address has expired or was never given out; GetFunction gives a "
                        + "new one.")
            }
            return HTTPResponse(
                status: 200, headers: [("content-type", "application/zip")], body: archive)
        } catch {
            return Self.error(503, "The archive could not be read: \(error)")
        }
    }

    private func localStackHealth() -> HTTPResponse {
        var services = JSONObject()
        for name in platform.serviceNames { services[name] = "running" }
        return Self.json([
            "services": .object(services), "edition": "martlet", "version": .string(version),
        ])
    }

    private func metrics() async -> HTTPResponse {
        var text = ""
        var described: Set<String> = []
        for (name, value) in await platform.metrics() {
            let family = String(name.prefix { $0 != "{" })
            if described.insert(family).inserted {
                text += "# TYPE \(family) \(family.hasSuffix("_total") ? "counter" : "gauge")\n"
            }
            let isWhole = value == value.rounded() && abs(value) < 1e15
            text += "\(name) \(isWhole ? String(Int64(value)) : String(value))\n"
        }
        return HTTPResponse(
            status: 200, headers: [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
            body: Array(text.utf8))
    }

    private func readJournal(_ request: HTTPRequest) -> HTTPResponse {
        let query = QueryText(request.rawQuery ?? "")
        let limit = query["limit"].flatMap { Int($0) } ?? Self.recordsMax
        let headers = [("content-type", "application/x-ndjson")]
        let records = journal.records(limit: max(0, min(limit, Self.recordsMax)))
        guard query["follow"] == "true" else {
            return HTTPResponse(
                status: 200, headers: headers, body: records.flatMap { Self.line($0) })
        }
        let follower = JournalFollower(journal: journal)
        return HTTPResponse(
            status: 200, headers: headers,
            body: .stream { writer in try await follower.run(writer) })
    }

    static func line(_ record: JournalRecord) -> [UInt8] {
        record.json.bytes + [UInt8(ascii: "\n")]
    }

    // MARK: Answers

    static func json(_ object: JSONObject, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: [("content-type", "application/json")],
            body: JSONValue.object(object).bytes)
    }

    static func error(_ status: Int, _ message: String) -> HTTPResponse {
        json(["error": .string(message)], status: status)
    }
}
