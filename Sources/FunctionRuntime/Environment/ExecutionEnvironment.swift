// SPDX-License-Identifier: Apache-2.0
// What the runtime holds of one environment: its process, its connections, the event it works
// on and its log. Data only; FunctionRuntime's extensions say what happens to it.

import Basics
import LambdaService

/// One running copy of a function.
///
/// Only ever touched on the functions thread.
final class ExecutionEnvironment {
    enum Phase: Equatable {
        /// Started, has not asked for an event yet.
        case initialising
        /// Between a response and the next request for an event, or at rest.
        case serving
        case ended
    }

    let identifier: EnvironmentID
    let function: FunctionSpecification
    let stream: FunctionLogStream
    let identity: SandboxIdentity
    let startedNanoseconds: UInt64

    var phase = Phase.initialising
    var process: LaunchedProcess?
    var exitToken: UInt64 = 0
    /// The first process inside the sandbox, whose end is the end of all in it.
    var innermost: Int32 = -1
    var innermostToken: UInt64 = 0
    var group: ControlGroup?
    var meter: MemoryMeter?
    var temporaryFolder: String?
    var apiListener: Int32 = -1
    var apiToken: UInt64 = 0
    var output: Int32 = -1
    var outputToken: UInt64 = 0

    var connections: [UInt64: RuntimeConnection] = [:]
    var lastConnection: UInt64 = 0
    /// The connection that waits for an event.
    var parked: UInt64?

    var current: CurrentInvocation?
    var initTimer: Cancellation?
    var initMilliseconds: Double?
    /// Set when the init phase's own time ran out and the function's timeout counts instead.
    var countsInitAsRun = false
    /// Why we ended the process, when we did.
    var ending: Ending?
    /// The most memory found in use so far, as AWS reports it: over all events.
    private(set) var usedMegabytes = 0

    var splitter = LineSplitter()
    var log = PendingLog()

    init(
        identifier: EnvironmentID, function: FunctionSpecification, stream: FunctionLogStream,
        identity: SandboxIdentity, startedNanoseconds: UInt64
    ) {
        self.identifier = identifier
        self.function = function
        self.stream = stream
        self.identity = identity
        self.startedNanoseconds = startedNanoseconds
    }

    /// Takes note of memory in use; more than there is to have is not reported.
    func noteUse(bytes: Int) {
        guard bytes > 0 else { return }
        let megabytes = min(bytes / 1_048_576 + 1, function.memoryMegabytes)
        usedMegabytes = max(usedMegabytes, megabytes)
    }

    /// Why the runtime ended a process.
    enum Ending {
        case timeout
        case memory
        case initTimeout
        case initError(FunctionFailure)
        case retired
        case shutdown
    }
}

/// Something to be called off.
struct Cancellation {
    let cancel: @Sendable () -> Void
}

/// The event an environment has been given.
struct CurrentInvocation {
    let invocation: FunctionInvocation
    let answer: CheckedContinuation<EnvironmentAnswer, Never>
    /// Set once the runtime has fetched it.
    var deliveredNanoseconds: UInt64?
    var timer: Cancellation?
    var tail = LogTail()
}

/// What came of handing an event to an environment.
enum EnvironmentAnswer: Sendable {
    case result(FunctionResult)
    /// The environment ended before it fetched the event; another one may take it.
    case notTaken
    /// The init phase ran out of time; once more, within the function's own timeout.
    case initTimedOut
}

/// The last few kilobytes of an invocation's log.
struct LogTail {
    static let bytesMax = 4096

    private(set) var bytes: [UInt8] = []

    mutating func append(_ line: String) {
        bytes.append(contentsOf: line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        if bytes.count > 4 * Self.bytesMax { bytes.removeFirst(bytes.count - Self.bytesMax) }
    }

    var last: [UInt8] { Array(bytes.suffix(Self.bytesMax)) }
}

/// Lines on their way to the log, bounded: past the bound the function's pipe is not read.
struct PendingLog {
    static let bytesMax = 262_144
    /// PutLogEvents' limits.
    static let batchLinesMax = 10_000
    static let batchBytesMax = 1_048_576

    private(set) var lines: [FunctionLogLine] = []
    private(set) var bytes = 0
    var isDraining = false
    var isPaused = false

    var isFull: Bool { bytes >= Self.bytesMax }

    mutating func append(_ line: FunctionLogLine) {
        lines.append(line)
        bytes += Self.size(line)
    }

    /// Takes lines from the front, as many as one call of the log service accepts.
    mutating func take() -> [FunctionLogLine] {
        var count = 0
        var taken = 0
        while count < lines.count, count < Self.batchLinesMax {
            let size = Self.size(lines[count])
            guard count == 0 || taken + size <= Self.batchBytesMax else { break }
            taken += size
            count += 1
        }
        defer {
            lines.removeFirst(count)
            bytes -= taken
        }
        return Array(lines.prefix(count))
    }

    private static func size(_ line: FunctionLogLine) -> Int { line.message.utf8.count + 26 }
}

/// One connection to an environment's Runtime API.
struct RuntimeConnection {
    let descriptor: Int32
    var token: UInt64 = 0
    var parser = RuntimeRequestParser()
    var output: [UInt8] = []
    var written = 0
    var closesWhenWritten = false

    var hasOutput: Bool { written < output.count }
}
