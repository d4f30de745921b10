// SPDX-License-Identifier: Apache-2.0
// How long starts and warm invocations take, against a bare interpreter in the same minute.
// Off by default: a busy machine says nothing. `MARTLET_BENCHMARK=1` turns it on.

import Basics
import FunctionRuntime
import Glibc
import LambdaService
import Testing

@Suite(.serialized, .enabled(if: getenv("MARTLET_BENCHMARK") != nil))
struct SpeedTests {
    @Test("The first invocation takes at most two or three bare interpreter starts")
    func start() async throws {
        var unconfined = 0.0
        for (level, factor) in [(SandboxLevel.rlimits, 2.0), (.namespaces, 3.0)] {
            let laboratory = try Laboratory(level: level)
            _ = await laboratory.runtime.prepare()
            let function = try laboratory.python("f", "def handler(e, c):\n    return e\n")
            var bare: [Double] = []
            var first: [Double] = []
            var warm: [Double] = []
            for round in 0..<20 {
                bare.append(try Self.milliseconds { try Self.runBare() })
                var copy = function
                copy.revisionID = "r\(round)"
                let cold = copy
                first.append(
                    try await Self.milliseconds {
                        let result = await laboratory.invoke(cold, "1")
                        try #require(result.text == "1")
                    })
                for _ in 0..<10 {
                    warm.append(
                        try await Self.milliseconds {
                            let result = await laboratory.invoke(cold, "1")
                            try #require(result.text == "1")
                        })
                }
                await laboratory.runtime.retire(functionARN: cold.functionARN, revisionID: nil)
            }
            let (b, f, w) = (Self.median(bare), Self.median(first), Self.median(warm))
            print(
                "\(level.rawValue): bare python \(b) ms, first invoke \(f) ms (\(f / b) times), "
                    + "warm invoke \(w) ms")
            if level == .rlimits { unconfined = f }
            if level == .namespaces { print("the sandbox's share: \(f - unconfined) ms") }
            #expect(f <= factor * b)
            #expect(w <= 2)
            await laboratory.close()
        }
    }

    private static func median(_ values: [Double]) -> Double {
        values.sorted()[values.count / 2]
    }

    private static func milliseconds(_ work: () throws -> Void) rethrows -> Double {
        let start = MachineTime().monotonicNanoseconds()
        try work()
        return Double(MachineTime().monotonicNanoseconds() - start) / 1e6
    }

    private static func milliseconds(_ work: () async throws -> Void) async rethrows -> Double {
        let start = MachineTime().monotonicNanoseconds()
        try await work()
        return Double(MachineTime().monotonicNanoseconds() - start) / 1e6
    }

    private static func runBare() throws {
        var process = pid_t()
        let words = ["python3", "-c", "pass"]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        try #require(
            posix_spawn(&process, "/usr/bin/python3.11", nil, nil, &arguments, environ) == 0)
        var status: Int32 = 0
        try #require(waitpid(process, &status, 0) == process)
    }
}
