// SPDX-License-Identifier: Apache-2.0
// A runtime with real processes for tests, a host that keeps what it is told, and functions
// written on the spot.

import Basics
import Chronology
import Dispatch
import FunctionRuntime
import Glibc
import LambdaService
import Synchronization
import Testing

/// The machine's clocks and timers.
struct MachineTime: PhysicalTime {
    func monotonicNanoseconds() -> UInt64 {
        let now = Self.read(CLOCK_MONOTONIC)
        return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
    }

    func wall() -> Timestamp {
        let now = Self.read(CLOCK_REALTIME)
        return Timestamp(milliseconds: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }

    private static func read(_ clock: clockid_t) -> timespec {
        var now = timespec()
        clock_gettime(clock, &now)
        return now
    }

    func after(nanoseconds: UInt64, _ action: @escaping @Sendable () -> Void) -> PhysicalTimer {
        let item = DispatchWorkItem(block: action)
        let box = WorkItemBox(item: item)
        DispatchQueue.global().asyncAfter(
            deadline: .now() + .nanoseconds(Int(nanoseconds)), execute: item)
        return PhysicalTimer { box.item.cancel() }
    }
}

private struct WorkItemBox: @unchecked Sendable {
    let item: DispatchWorkItem
}

struct TaskSpawner: Spawner {
    func spawn(_ work: @escaping @Sendable () async -> Void) { Task { await work() } }
}

/// Keeps logs, serves nothing, and lets a test move the time.
final class RecordingHost: FunctionHost {
    private struct State {
        var lines: [String] = []
        var streams: [String] = []
        var listeners: [SandboxIdentity: Int32] = [:]
        var movedMilliseconds: Int64 = 0
        var refusal: String?
    }

    private let state = Mutex(State())

    var endpointPort: UInt16 { 4566 }
    var lines: [String] { state.withLock { $0.lines } }
    /// Log streams in order of first use.
    var streams: [String] { state.withLock { $0.streams } }
    var listeners: [SandboxIdentity: Int32] { state.withLock { $0.listeners } }

    func advance(seconds: Int64) { state.withLock { $0.movedMilliseconds += seconds * 1000 } }
    func refuseCredentials(_ message: String) { state.withLock { $0.refusal = message } }

    func credentials(
        for function: FunctionSpecification
    ) async throws(FunctionCredentialsRefused) -> FunctionCredentials {
        if let refusal = state.withLock({ $0.refusal }) {
            throw FunctionCredentialsRefused(message: refusal)
        }
        return FunctionCredentials(
            accessKeyID: "ASIAEXAMPLE", secretAccessKey: "secret-of-the-session",
            sessionToken: "token", expires: now().adding(seconds: 3600))
    }

    func log(_ lines: [FunctionLogLine], to stream: FunctionLogStream) async {
        #expect(lines.allSatisfy { $0.message.hasSuffix("\n") })
        #expect(lines.count <= 10_000)
        state.withLock { state in
            state.lines += lines.map { String($0.message.dropLast()) }
            if !state.streams.contains(stream.stream) { state.streams.append(stream.stream) }
        }
    }

    func now() -> Timestamp {
        MachineTime().wall().adding(milliseconds: state.withLock { $0.movedMilliseconds })
    }

    func serve(listeningDescriptor: Int32, for sandbox: SandboxIdentity) async {
        state.withLock { $0.listeners[sandbox] = listeningDescriptor }
    }

    func stopServing(_ sandbox: SandboxIdentity) async {
        if let descriptor = state.withLock({ $0.listeners.removeValue(forKey: sandbox) }) {
            close(descriptor)
        }
    }
}

/// One runtime and the functions written for it; all gone when it is closed.
struct Laboratory {
    let runtime: FunctionRuntime
    let host: RecordingHost
    let folder: String
    private let activity = Activity()
    private let entropy: SeededEntropy

    static let pythonIsInstalled =
        access("/usr/bin/python3.11", X_OK) == 0

    init(
        level: SandboxLevel? = nil,
        _ configure: (inout FunctionRuntimeConfiguration) -> Void = { _ in }
    ) throws {
        var template = Array("/tmp/martlet-test-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        // The folder's name is the only thing that tells two laboratories apart.
        entropy = SeededEntropy(
            seed: folder.utf8.reduce(UInt64(getpid())) { $0 &* 257 &+ UInt64($1) })
        var configuration = FunctionRuntimeConfiguration()
        configuration.level = level
        configure(&configuration)
        host = RecordingHost()
        runtime = try FunctionRuntime(
            configuration, host: host, time: MachineTime(),
            background: Background(spawner: TaskSpawner(), activity: activity), entropy: entropy)
    }

    /// Ends everything; afterwards the log is complete.
    func close() async {
        await runtime.shutdown()
        let rest = WakeTicket()
        activity.awaitIdle(rest)
        await rest.wait()
    }

    /// Writes a function's code and describes it.
    func function(
        _ name: String, runtime: String = "python3.11", handler: String = "main.handler",
        memory: Int = 128, timeout: Int = 10, environment: [(name: String, value: String)] = [],
        files: [String: String]
    ) throws -> FunctionSpecification {
        let code = "\(folder)/\(name)"
        try #require(mkdir(code, 0o755) == 0)
        for (file, content) in files.sorted(by: { $0.key < $1.key }) {
            let descriptor = open("\(code)/\(file)", O_CREAT | O_WRONLY, 0o755)
            try #require(descriptor >= 0)
            let bytes = Array(content.utf8)
            try #require(write(descriptor, bytes, bytes.count) == bytes.count)
            Glibc.close(descriptor)
        }
        let account = AccountID.local
        let region = Region.usEast1
        return FunctionSpecification(
            functionARN: ARN(
                service: "lambda", region: region, account: account, resource: "function:\(name)"),
            functionName: name, version: "$LATEST", revisionID: "\(name)-1", accountID: account,
            region: region, runtime: runtime, handler: handler, memoryMegabytes: memory,
            timeoutSeconds: timeout, environment: environment,
            code: FunctionCode(sizeBytes: 0) { code },
            roleARN: ARN(
                partition: "aws", service: "iam", region: "", account: account.description,
                resource: "role/\(name)"),
            logGroup: "/aws/lambda/\(name)")
    }

    func python(
        _ name: String, memory: Int = 128, timeout: Int = 10,
        environment: [(name: String, value: String)] = [], _ source: String
    ) throws -> FunctionSpecification {
        try function(
            name, memory: memory, timeout: timeout, environment: environment,
            files: ["main.py": source])
    }

    /// The failure that invoking `function` ends in.
    func failure(
        _ function: FunctionSpecification, _ payload: String = "{}", id: String = "request-1"
    ) async throws -> FunctionFailure {
        let result = await invoke(function, payload, id: id)
        return try #require(result.failure, "\(result.outcome)")
    }

    func invoke(
        _ function: FunctionSpecification, _ payload: String = "{}", id: String = "request-1",
        admission: FunctionInvocation.Admission = .refuse
    ) async -> FunctionResult {
        let result = await runtime.invoke(
            FunctionInvocation(
                requestID: id, payload: Array(payload.utf8),
                invokedFunctionARN: function.functionARN.description, admission: admission),
            on: function)
        // Seldom meant, and a test's expectation does not show it.
        if case .unavailable(let reason) = result.outcome { print("unavailable: \(reason)") }
        return result
    }
}

/// Waits until `condition` holds, for at most ten seconds; `false` when it never did.
///
/// Real processes have no event that a test could await, so it looks now and then.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = MachineTime().monotonicNanoseconds() + 10_000_000_000
    while !(await condition()) {
        guard MachineTime().monotonicNanoseconds() < deadline else { return false }
        await withCheckedContinuation { continuation in
            _ = MachineTime().after(nanoseconds: 1_000_000) { continuation.resume() }
        }
    }
    return true
}

extension FunctionResult {
    /// The payload of a success.
    var text: String? {
        guard case .success(let payload) = outcome else { return nil }
        return String(decoding: payload, as: UTF8.self)
    }

    var failure: FunctionFailure? {
        guard case .failure(let failure) = outcome else { return nil }
        return failure
    }
}
