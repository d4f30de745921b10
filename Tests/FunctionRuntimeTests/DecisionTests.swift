// SPDX-License-Identifier: Apache-2.0
// The runtime's pure parts: admission, requests, lines, choices.

import Basics
import Testing

@testable import FunctionRuntime

struct EnvironmentPoolTests {
    private func revision(_ name: String, _ revision: String = "1") -> FunctionRevision {
        FunctionRevision(
            functionARN: ARN(
                service: "lambda", region: .usEast1, account: .local,
                resource: "function:\(name)"), version: "$LATEST", revisionID: revision)
    }

    private func started(_ admission: EnvironmentPool.Admission) -> EnvironmentID? {
        guard case .start(let identifier, _) = admission else { return nil }
        return identifier
    }

    @Test("The warmest idle environment of the same revision is reused")
    func reuse() throws {
        var pool = EnvironmentPool(megabytesMax: 1024)
        let now = Timestamp(milliseconds: 0)
        let firstAdmission = pool.admit(revision("a"), megabytes: 128, usableUntil: now)
        let first = try #require(started(firstAdmission))
        let secondAdmission = pool.admit(revision("a"), megabytes: 128, usableUntil: now)
        let second = try #require(started(secondAdmission))
        var kept = pool.release(second, atNanoseconds: 1)
        #expect(kept)
        kept = pool.release(first, atNanoseconds: 2)
        #expect(kept)
        let third = pool.admit(revision("a"), megabytes: 128, usableUntil: now)
        #expect(third == .reuse(first))
        let fourth = pool.admit(revision("a"), megabytes: 128, usableUntil: now)
        #expect(fourth == .reuse(second))
        let fifth = pool.admit(revision("a", "2"), megabytes: 128, usableUntil: now)
        #expect(started(fifth) != nil)
    }

    @Test("The longest idle make room, the busy never do")
    func eviction() throws {
        var pool = EnvironmentPool(megabytesMax: 384)
        let now = Timestamp(milliseconds: 0)
        var identifiers: [EnvironmentID] = []
        for name in ["a", "b", "c"] {
            let admission = pool.admit(revision(name), megabytes: 128, usableUntil: now)
            identifiers.append(try #require(started(admission)))
        }
        let full1 = pool.admit(revision("d"), megabytes: 128, usableUntil: now)
        #expect(full1 == .full)
        var kept = pool.release(identifiers[1], atNanoseconds: 1)
        #expect(kept)
        kept = pool.release(identifiers[0], atNanoseconds: 2)
        #expect(kept)
        let full2 = pool.admit(revision("d"), megabytes: 512, usableUntil: now)
        #expect(full2 == .full)
        let admission = pool.admit(revision("d"), megabytes: 128, usableUntil: now)
        #expect(admission == .start(EnvironmentID(number: 4), evicting: [identifiers[1]]))
        #expect(pool.megabytesUsed == 384)
    }

    @Test("A function larger than the bound runs alone")
    func large() {
        var pool = EnvironmentPool(megabytesMax: 512)
        let now = Timestamp(milliseconds: 0)
        let alone = pool.admit(revision("a"), megabytes: 2048, usableUntil: now)
        #expect(started(alone) != nil)
        let full = pool.admit(revision("b"), megabytes: 128, usableUntil: now)
        #expect(full == .full)
    }

    @Test("Old credentials make an environment cold")
    func credentials() throws {
        var pool = EnvironmentPool(megabytesMax: 1024)
        let firstAdmission = pool.admit(
            revision("a"), megabytes: 128, usableUntil: Timestamp(milliseconds: 0))
        let first = try #require(started(firstAdmission))
        pool.setUsable(first, until: Timestamp(milliseconds: 100))
        let kept = pool.release(first, atNanoseconds: 1)
        #expect(kept)
        let late = pool.admit(
            revision("a"), megabytes: 128, usableUntil: Timestamp(milliseconds: 101))
        #expect(started(late) != nil)
        let early = pool.admit(
            revision("a"), megabytes: 128, usableUntil: Timestamp(milliseconds: 100))
        #expect(early == .reuse(first))
    }

    @Test("Retiring ends the idle now and the busy later")
    func retirement() throws {
        var pool = EnvironmentPool(megabytesMax: 1024)
        let now = Timestamp(milliseconds: 0)
        let idleAdmission = pool.admit(revision("a"), megabytes: 128, usableUntil: now)
        let idle = try #require(started(idleAdmission))
        let busyAdmission = pool.admit(revision("a"), megabytes: 128, usableUntil: now)
        let busy = try #require(started(busyAdmission))
        var kept = pool.release(idle, atNanoseconds: 1)
        #expect(kept)
        let function = revision("a").functionARN
        let other = pool.retire(function: function, revisionID: "2")
        #expect(other == [])
        let ending = pool.retire(function: function, revisionID: nil)
        #expect(ending == [idle])
        kept = pool.release(busy, atNanoseconds: 2)
        #expect(!kept)
    }
}

struct RuntimeRequestParserTests {
    /// Everything `text` comes to, fed in pieces of `size` bytes.
    private func events(
        _ text: String, size: Int
    ) throws -> [RuntimeRequestParser.Event] {
        var parser = RuntimeRequestParser()
        var events: [RuntimeRequestParser.Event] = []
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            parser.append(bytes[start..<min(start + size, bytes.count)])
            while let event = try parser.next() { events.append(event) }
        }
        return events
    }

    @Test("Requests are read whatever pieces they come in", arguments: [1, 2, 7, 1000])
    func pieces(size: Int) throws {
        let text =
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
            + "POST /a HTTP/1.1\r\nContent-Length: 5\r\nX-Y:  z \r\n\r\nhello"
            + "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n"
            + "POST /c HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n!"
        let found = try events(text, size: size)
        try #require(found.count == 5)
        let requests = found.compactMap { event -> RuntimeRequest? in
            guard case .request(let request) = event else { return nil }
            return request
        }
        #expect(requests.map(\.path) == ["/2018-06-01/runtime/invocation/next", "/a", "/b", "/c"])
        #expect(
            requests.map { String(decoding: $0.body, as: UTF8.self) } == [
                "", "hello", "abcde", "!",
            ])
        #expect(requests[1].header("x-y") == "z")
        #expect(found[3] == .expectsContinue)
        #expect(RuntimeCall(requests[0]) == .next)
        #expect(RuntimeCall(requests[1]) == .unknown)
    }

    @Test(
        "What is not a request is refused",
        arguments: [
            "GET /\r\n\r\n", "GET x HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n",
            "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\n: v\r\n\r\n",
            "GET / HTTP/1.1\r\nA b: v\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
            "GET / HTTP/1.1\r\nA: " + String(repeating: "x", count: 70_000),
        ])
    func malformed(text: String) {
        #expect(throws: RuntimeRequestMalformed.self) { try events(text, size: 4096) }
    }

    @Test("A body past the limit is read to its end and dropped")
    func oversized() throws {
        let size = RuntimeRequestParser.bodyBytesMax + 1
        var parser = RuntimeRequestParser()
        parser.append("POST /x HTTP/1.1\r\nContent-Length: \(size)\r\n\r\n".utf8)
        let early = try parser.next()
        #expect(early == nil)
        parser.append([UInt8](repeating: 1, count: size))
        guard case .request(let request) = try parser.next() else {
            Issue.record("no request")
            return
        }
        #expect(request.isOversized)
        #expect(request.body.isEmpty)
    }
}

struct ChoiceTests {
    private let found = [
        Interpreter(path: "/usr/bin/python3.11", version: 11, prefix: nil),
        Interpreter(path: "/opt/a/bin/python3.9", version: 9, prefix: "/opt/a"),
        Interpreter(path: "/opt/b/bin/python3.11", version: 11, prefix: "/opt/b"),
    ]

    @Test("The exact version comes first, then the nearest, then the newer")
    func choice() {
        #expect(
            InterpreterChoice.choose("python3.11", among: found, strict: true) == .exact(found[0]))
        guard
            case .substitute(let nearest, _) = InterpreterChoice.choose(
                "python3.10", among: found, strict: false)
        else {
            Issue.record("no substitute")
            return
        }
        #expect(nearest == found[0])
        guard
            case .missing(let text) = InterpreterChoice.choose(
                "nodejs20.x", among: [], strict: false)
        else {
            Issue.record("something for nothing")
            return
        }
        #expect(text.hasSuffix("apt-get install nodejs"))
    }

    @Test(
        "Runtime identifiers are told apart",
        arguments: [
            ("python3.13", RuntimeFamily.python(minor: 13)), ("nodejs20.x", .node(major: 20)),
            ("provided.al2023", .provided), ("provided", .provided), ("java17", .unknown),
            ("python2.7", .unknown), ("nodejs.x", .unknown), ("providedx", .unknown),
        ])
    func families(identifier: String, family: RuntimeFamily) {
        #expect(RuntimeFamily(identifier) == family)
    }
}

struct ReportTests {
    @Test("Report lines have AWS's form")
    func report() {
        let line = InvocationReport.report(
            requestID: "r", durationMilliseconds: 1.234, billedMilliseconds: 2,
            memoryMegabytes: 128, usedMegabytes: 30, initMilliseconds: 99.999, status: nil)
        #expect(
            line == "REPORT RequestId: r\tDuration: 1.23 ms\tBilled Duration: 2 ms\t"
                + "Memory Size: 128 MB\tMax Memory Used: 30 MB\tInit Duration: 100.00 ms\t")
        let timeout = InvocationReport.report(
            requestID: "r", durationMilliseconds: 3000, billedMilliseconds: 3000,
            memoryMegabytes: 128, usedMegabytes: 30, initMilliseconds: nil, status: .timeout)
        #expect(timeout.hasSuffix("\tMax Memory Used: 30 MB\tStatus: timeout"))
        #expect(InvocationReport.hundredths(0.005) == "0.01")
        #expect(InvocationReport.hundredths(.infinity) == "1000000000000000.00")
    }

    @Test("The stream's name holds the day, the version and a nonce")
    func stream() throws {
        let now = try #require(Timestamp(year: 2026, month: 11, day: 24, hour: 7))
        #expect(
            InvocationReport.streamName(at: now, version: "$LATEST", nonce: [0xAB, 1])
                == "2026/11/24/[$LATEST]ab01")
    }

    @Test("A process's peak is told apart into its own memory and what it shares")
    func peak() {
        let peak = MemoryMeter.Peak(
            status: "Name:\tpython\nVmHWM:\t    9000 kB\nVmRSS:\t    8000 kB\n"
                + "RssAnon:\t    3000 kB\nRssFile:\t    4900 kB\nRssShmem:\t     100 kB\n")
        #expect(peak.ownBytes == 4000 << 10)
        #expect(peak.sharedBytes == 5000 << 10)
        #expect(MemoryMeter.Peak(status: "").ownBytes == 0)
    }

    @Test("What a runtime posts is passed on, or named when it is no JSON")
    func reported() {
        var request = RuntimeRequest(method: "POST", path: "/")
        request.body = Array(#"{"errorType":"A","errorMessage":"b"}"#.utf8)
        #expect(FunctionFailureReading.read(request) == ["A", "b"])
        request.body = Array("not json".utf8)
        #expect(FunctionFailureReading.read(request) == ["Runtime.Unknown", ""])
        request.headers = [
            .init(name: "lambda-runtime-function-error-type", value: "My.Error\t")
        ]
        #expect(FunctionFailureReading.read(request) == ["Runtime.Unknown", ""])
        request.headers = [.init(name: "lambda-runtime-function-error-type", value: "My.Error")]
        #expect(FunctionFailureReading.read(request) == ["My.Error", ""])
    }
}
