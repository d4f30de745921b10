// SPDX-License-Identifier: Apache-2.0
// Nothing that a hostile function tries gets it out of level namespaces. The same probes find
// open doors at level rlimits: they can fail.

import Basics
import FunctionRuntime
import Glibc
import LambdaService
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)), .enabled(if: Laboratory.pythonIsInstalled))
struct EscapeTests {
    static let probes = [
        "data_directory", "other_code", "other_processes", "other_runtime_api",
        "machine_network", "signals", "fork_bomb", "fill_temporary", "write_outside",
        "raw_sockets", "privileges", "system_calls", "devices", "descriptors", "limits",
    ]

    @Test("No probe escapes from level namespaces", arguments: probes)
    func sealed(probe: String) async throws {
        let laboratory = try Laboratory(level: .namespaces)
        let report = try await laboratory.runtime.prepare().get()
        #expect(report.level == .namespaces, "\(report.text)")
        print("probe \(probe) runs at level \(report.level.rawValue)")
        let ground = try HuntingGround(laboratory)
        defer { ground.close() }
        let neighbour = try laboratory.python(
            "neighbour", environment: [("MARK_OF_ANOTHER", "1")],
            "def handler(event, context):\n    return 'quiet'\n")
        #expect(await laboratory.invoke(neighbour).text == "\"quiet\"")
        let result = try await ground.run(probe, level: .namespaces)
        #expect(result == "[]")
        // The neighbour and the runtime are as they were.
        let after = await laboratory.invoke(neighbour, id: "request-9")
        #expect(after.text == "\"quiet\"")
        #expect(after.initMilliseconds == nil)
        await laboratory.close()
    }

    @Test(
        "The probes find the doors that level rlimits leaves open",
        arguments: ["data_directory", "other_code", "signals", "other_runtime_api"])
    func open(probe: String) async throws {
        let laboratory = try Laboratory(level: .rlimits)
        let report = try await laboratory.runtime.prepare().get()
        #expect(report.text.contains("does NOT stop"))
        let ground = try HuntingGround(laboratory)
        defer { ground.close() }
        let result = try await ground.run(probe, level: .rlimits)
        #expect(result != "[]")
        await laboratory.close()
    }

    @Test("Nothing survives its environment", arguments: levels)
    func survival(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let report = try await laboratory.runtime.prepare().get()
        let ground = try HuntingGround(laboratory)
        defer { ground.close() }
        let mark = "survivor-\(laboratory.folder)"
        let result = try await ground.run("survive", level: level, more: ["mark": .string(mark)])
        #expect(result == "[]")
        #expect(HuntingGround.processes(with: mark) > 0, "the probe started nothing")
        await laboratory.close()
        if level == .namespaces || report.memoryControl.hasPrefix("cgroup") {
            #expect(HuntingGround.processes(with: mark) == 0)
        }
    }

    @Test("The server's own user is not the sandbox's", .enabled(if: geteuid() == 0))
    func user() async throws {
        let laboratory = try Laboratory(level: .namespaces)
        let report = try await laboratory.runtime.prepare().get()
        #expect(report.dropsUser)
        await laboratory.close()
    }
}

/// What a hostile function might look for: a secret file, a listener, a socket by name.
private struct HuntingGround {
    let laboratory: Laboratory
    private let listener: Int32
    private let port: Int
    private let named: Int32
    private let abstractName: String

    init(_ laboratory: Laboratory) throws {
        self.laboratory = laboratory
        let folder = "\(laboratory.folder)/data"
        try #require(mkdir(folder, 0o700) == 0)
        let secret = Glibc.open("\(folder)/secret", O_CREAT | O_WRONLY, 0o600)
        try #require(write(secret, "hush", 4) == 4)
        Glibc.close(secret)
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
        abstractName = "martlet-\(port)"
        named = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var local = sockaddr_un()
        local.sun_family = sa_family_t(AF_UNIX)
        let name = abstractName
        withUnsafeMutableBytes(of: &local.sun_path) { room in
            for (offset, byte) in name.utf8.enumerated() { room[offset + 1] = byte }
        }
        let length = socklen_t(
            MemoryLayout<sa_family_t>.size + 1 + name.utf8.count)
        let holder = named
        let isNamed = withUnsafePointer(to: &local) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(holder, $0, length) == 0 && listen(holder, 8) == 0
            }
        }
        try #require(isNamed)
    }

    func close() {
        Glibc.close(listener)
        Glibc.close(named)
    }

    func run(
        _ probe: String, level: SandboxLevel, more: JSONObject = [:]
    ) async throws -> String? {
        var function = try laboratory.python(
            "hostile", memory: 2048, timeout: 60, EscapeProbes.source)
        function.ephemeralStorageMegabytes = 8
        var event = more
        event["probe"] = .string(probe)
        event["secret"] = .string("\(laboratory.folder)/data/secret")
        event["other"] = .string("\(laboratory.folder)/hostile")
        event["outside"] = .string(laboratory.folder)
        event["ports"] = .array([.integer(Int64(port))])
        event["abstract"] = .string(abstractName)
        event["server"] = .integer(Int64(getpid()))
        event["temporary"] = .integer(8 << 20)
        event["numbers"] = Self.numbers
        let result = await laboratory.invoke(function, JSONValue.object(event).text, id: "hunt")
        // To be ended for its memory is one of the ways for a fork bomb to fail.
        if probe == "fork_bomb", result.failure?.errorType == "Runtime.OutOfMemory" {
            return "[]"
        }
        if let failure = result.failure {
            Issue.record("the probe itself failed: \(failure.errorType) \(failure.errorMessage)")
        }
        return result.text
    }

    /// System-call numbers of this machine's kind.
    private static var numbers: JSONValue {
        #if arch(x86_64)
            let table: [(String, Int64)] = [
                ("unshare", 272), ("clone", 56), ("mount", 165), ("ptrace", 101),
                ("keyctl", 250), ("bpf", 321), ("perf_event_open", 298),
                ("io_uring_setup", 425), ("userfaultfd", 323),
            ]
        #else
            let table: [(String, Int64)] = [
                ("unshare", 97), ("clone", 220), ("mount", 40), ("ptrace", 117),
                ("keyctl", 219), ("bpf", 280), ("perf_event_open", 241),
                ("io_uring_setup", 425), ("userfaultfd", 282),
            ]
        #endif
        var object = JSONObject()
        for (name, number) in table { object[name] = .integer(number) }
        return .object(object)
    }

    /// How many processes of this machine have `mark` on their command line.
    static func processes(with mark: String) -> Int {
        var count = 0
        guard let stream = opendir("/proc") else { return 0 }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let file = Glibc.open("/proc/\(name)/cmdline", O_RDONLY)
            guard file >= 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 8192)
            let length = read(file, &bytes, bytes.count)
            Glibc.close(file)
            if String(decoding: bytes.prefix(max(0, length)), as: UTF8.self).contains(mark) {
                count += 1
            }
        }
        return count
    }
}
