// SPDX-License-Identifier: Apache-2.0
// How many environments there are, when they end, and what they write.

import Basics
import FunctionRuntime
import Glibc
import LambdaService
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)), .enabled(if: Laboratory.pythonIsInstalled))
struct EnvironmentTests {
    @Test("The log of an invocation has AWS's lines in AWS's order", arguments: levels)
    func lines(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "talks",
            """
            import logging, sys
            print("loading")
            log = logging.getLogger()
            log.setLevel(logging.INFO)
            def handler(event, context):
                print("one\\ntwo")
                sys.stderr.write("half\\n")
                log.info("three")
            """)
        let result = await laboratory.invoke(function)
        await laboratory.close()
        let lines = laboratory.host.lines
        try #require(lines.count == 9)
        #expect(
            lines[0] == "INIT_START Runtime Version: python:3.11\tRuntime Version ARN: "
                + "arn:aws:lambda:us-east-1::runtime:martlet-python-3.11")
        #expect(lines[1] == "loading")
        #expect(lines[2] == "START RequestId: request-1 Version: $LATEST")
        #expect(Array(lines[3...5]) == ["one", "two", "half"])
        #expect(lines[6].hasPrefix("[INFO]\t"))
        #expect(lines[6].hasSuffix("Z\trequest-1\tthree"))
        #expect(lines[7] == "END RequestId: request-1")
        let fields = lines[8].split(separator: "\t", omittingEmptySubsequences: false)
        try #require(fields.count == 7)
        #expect(fields[0] == "REPORT RequestId: request-1")
        #expect(fields[1].wholeMatch(of: /Duration: \d+\.\d\d ms/) != nil)
        #expect(fields[2] == "Billed Duration: \(result.billedMilliseconds) ms")
        #expect(fields[3] == "Memory Size: 128 MB")
        #expect(fields[4].wholeMatch(of: /Max Memory Used: [1-9]\d* MB/) != nil)
        #expect(fields[5].wholeMatch(of: /Init Duration: \d+\.\d\d ms/) != nil)
        #expect(fields[6].isEmpty)
        let tail = String(decoding: result.logTail, as: UTF8.self)
        #expect(tail == lines[2...].joined(separator: "\n") + "\n")
        #expect(
            result.logStream.wholeMatch(of: /\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}/) != nil)
    }

    @Test(
        "The memory reported is the most that was held, also of what is gone again",
        arguments: [SandboxLevel.namespaces, .rlimits])
    func memory(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "remembers",
            """
            def handler(event, context):
                held = bytearray(event * 1048576)
                held[::4096] = b"x" * len(held[::4096])
            """)
        var used: [Int] = []
        for megabytes in [0, 64, 0] {
            let result = await laboratory.invoke(function, "\(megabytes)")
            try #require(result.text == "null")
            used.append(result.maxMemoryMegabytes)
        }
        await laboratory.close()
        // An interpreter alone has some seven megabytes; the large block comes on top.
        #expect((5...32).contains(used[0]), "\(used)")
        #expect((used[0] + 60...used[0] + 70).contains(used[1]), "\(used)")
        // As on AWS it is the most of all events so far.
        #expect(used[2] == used[1])
    }

    @Test("The SDK is there wherever its folder lies, under /tmp as well")
    func kit() async throws {
        let kit = "/tmp/martlet-test-kit-\(getpid())"
        let laboratory = try Laboratory { $0.pythonSDKPaths = [kit] }
        try #require(mkdir(kit, 0o755) == 0)
        defer {
            unlink("\(kit)/kit.py")
            rmdir(kit)
        }
        let descriptor = open("\(kit)/kit.py", O_CREAT | O_WRONLY, 0o644)
        try #require(write(descriptor, "ANSWER = 42\n", 12) == 12)
        close(descriptor)
        let function = try laboratory.python(
            "uses", "import kit\ndef handler(e, c):\n    return kit.ANSWER\n")
        let result = await laboratory.invoke(function)
        #expect(result.text == "42")
        await laboratory.close()
    }

    @Test("A flood of output is neither lost nor kept in memory")
    func flood() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python(
            "floods",
            """
            def handler(event, context):
                print()
                for number in range(20000):
                    print("line", number, "x" * 100)
                print("y" * 600000)
            """)
        let result = await laboratory.invoke(function)
        #expect(result.text == "null")
        #expect(result.logTail.count == 4096)
        await laboratory.close()
        let lines = laboratory.host.lines
        #expect(lines.filter { $0.hasPrefix("line ") }.count == 20_000)
        #expect(
            lines.filter { $0.hasPrefix("yyy") }.map(\.utf8.count) == [262_117, 262_117, 75_766])
        #expect(lines.last?.hasPrefix("REPORT") == true)
    }

    @Test("An environment whose credentials would expire in virtual time is replaced")
    func expiry() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python("ages", "def handler(e, c):\n    return 1\n")
        let first = await laboratory.invoke(function)
        laboratory.host.advance(seconds: 4 * 86_400)
        let second = await laboratory.invoke(function)
        #expect(second.text == "1")
        #expect(second.initMilliseconds != nil)
        #expect(first.logStream != second.logStream)
        await laboratory.close()
    }

    @Test("Beyond the memory bound one caller is refused and another waits its turn")
    func bound() async throws {
        let laboratory = try Laboratory { $0.memoryMegabytesMax = 128 }
        let slow = try laboratory.python(
            "slow", "import time\ndef handler(e, c):\n    time.sleep(0.3)\n    return 'slow'\n")
        let quick = try laboratory.python("quick", "def handler(e, c):\n    return 'quick'\n")
        async let running = laboratory.invoke(slow, admission: .wait)
        // A second copy of the slow one waits until the first is known to be under way.
        async let waiting = laboratory.invoke(slow, id: "request-2", admission: .wait)
        let refused = await eventually {
            let result = await laboratory.invoke(quick, id: "request-3")
            guard case .throttled = result.outcome else { return false }
            return true
        }
        #expect(refused)
        await laboratory.runtime.waitForCapacity(for: quick)
        #expect(await running.text == "\"slow\"")
        #expect(await waiting.text == "\"slow\"")
        // What is idle makes room.
        #expect(await laboratory.invoke(quick, id: "request-4").text == "\"quick\"")
        await laboratory.close()
    }

    @Test("A retired revision finishes what it runs and serves nothing more")
    func retirement() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python(
            "old", "import time\ndef handler(e, c):\n    time.sleep(e)\n    return 'done'\n")
        let first = await laboratory.invoke(function, "0")
        async let running = laboratory.invoke(function, "0.3", id: "request-2")
        let isUnderWay = await eventually {
            laboratory.host.lines.contains("START RequestId: request-2 Version: $LATEST")
        }
        #expect(isUnderWay)
        await laboratory.runtime.retire(functionARN: function.functionARN, revisionID: nil)
        let second = await running
        #expect(second.text == "\"done\"")
        let third = await laboratory.invoke(function, "0", id: "request-3")
        #expect(third.initMilliseconds != nil)
        #expect(third.logStream != first.logStream)
        await laboratory.close()
    }

    @Test("An idle environment ends after its time")
    func idleness() async throws {
        let laboratory = try Laboratory { $0.idleNanoseconds = 50_000_000 }
        let function = try laboratory.python("rests", "def handler(e, c):\n    return 1\n")
        _ = await laboratory.invoke(function)
        let isGone = await eventually { await laboratory.runtime.status().environments == 0 }
        #expect(isGone)
        #expect(await laboratory.invoke(function).initMilliseconds != nil)
        await laboratory.close()
    }

    @Test("A role that cannot be assumed stops the start")
    func credentials() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python("barred", "def handler(e, c):\n    return 1\n")
        laboratory.host.refuseCredentials("The role cannot be assumed by Lambda.")
        let result = await laboratory.invoke(function)
        guard case .unavailable(.credentials(let message)) = result.outcome else {
            Issue.record("started without credentials: \(result.outcome)")
            return
        }
        #expect(message == "The role cannot be assumed by Lambda.")
        await laboratory.close()
    }

    @Test("Invocations end when the runtime shuts down, and no process stays")
    func shutdown() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python(
            "hangs", timeout: 60, "import time\ndef handler(e, c):\n    time.sleep(60)\n")
        async let running = laboratory.invoke(function)
        let isRunning = await eventually {
            await laboratory.runtime.status().busyEnvironments == 1
        }
        #expect(isRunning)
        await laboratory.close()
        guard case .unavailable(.shuttingDown) = await running.outcome else {
            Issue.record("not ended by the shutdown")
            return
        }
        let late = await laboratory.invoke(function)
        guard case .unavailable(.shuttingDown) = late.outcome else {
            Issue.record("started after the shutdown")
            return
        }
    }
}
