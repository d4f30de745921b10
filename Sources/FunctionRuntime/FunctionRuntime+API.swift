// SPDX-License-Identifier: Apache-2.0
// The Runtime API of each environment: its connections, and what each call does.

import Basics
import Chronology
import Glibc
import LambdaService

extension FunctionRuntime {
    /// A function has no use for more.
    private static let connectionsMax = 64

    // MARK: Connections

    func acceptConnections(_ identifier: EnvironmentID) {
        guard let environment = environments[identifier], environment.apiListener >= 0 else {
            return
        }
        while let descriptor = LoopbackSocket.accept(environment.apiListener) {
            guard environment.connections.count < Self.connectionsMax else {
                close(descriptor)
                continue
            }
            environment.lastConnection += 1
            let connection = environment.lastConnection
            let token = watch(descriptor, Reactor.Events.readable) { runtime, events in
                runtime.connectionReady(connection, of: identifier, events)
            }
            environment.connections[connection] = RuntimeConnection(
                descriptor: descriptor, token: token)
        }
    }

    private func connectionReady(
        _ identifier: UInt64, of environmentID: EnvironmentID, _ events: UInt32
    ) {
        guard let environment = environments[environmentID] else { return }
        if events & Reactor.Events.writable != 0 { flush(identifier, of: environment) }
        guard events & (Reactor.Events.readable | Reactor.Events.broken) != 0,
            let descriptor = environment.connections[identifier]?.descriptor
        else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else {
            if count == 0 || (errno != EAGAIN && errno != EINTR) {
                closeConnection(identifier, of: environment)
            }
            return
        }
        environment.connections[identifier]?.parser.append(chunk[0..<count])
        serveRequests(identifier, of: environment)
    }

    private func serveRequests(_ identifier: UInt64, of environment: ExecutionEnvironment) {
        while environment.phase != .ended {
            do throws(RuntimeRequestMalformed) {
                guard let event = try environment.connections[identifier]?.parser.next() else {
                    return
                }
                switch event {
                case .expectsContinue: send(RuntimeReply.continues, to: identifier, of: environment)
                case .request(let request): serve(request, on: identifier, of: environment)
                }
            } catch {
                environment.connections[identifier]?.closesWhenWritten = true
                send(RuntimeReply.malformed(error), to: identifier, of: environment)
                return
            }
        }
    }

    func send(_ bytes: [UInt8], to identifier: UInt64, of environment: ExecutionEnvironment) {
        environment.connections[identifier]?.output.append(contentsOf: bytes)
        flush(identifier, of: environment)
    }

    private func flush(_ identifier: UInt64, of environment: ExecutionEnvironment) {
        guard var connection = environment.connections.removeValue(forKey: identifier) else {
            return
        }
        var isBroken = false
        while connection.hasOutput {
            let count = connection.output[connection.written...].withUnsafeBytes {
                Glibc.send(
                    connection.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                isBroken = errno != EAGAIN && errno != EINTR
                break
            }
            connection.written += count
        }
        if !connection.hasOutput { (connection.output, connection.written) = ([], 0) }
        let wanted = Reactor.Events.readable | (connection.hasOutput ? Reactor.Events.writable : 0)
        reactor.change(connection.descriptor, token: connection.token, to: wanted)
        let isDone = connection.closesWhenWritten && !connection.hasOutput
        environment.connections[identifier] = connection
        if isBroken || isDone { closeConnection(identifier, of: environment) }
    }

    func closeConnection(_ identifier: UInt64, of environment: ExecutionEnvironment) {
        guard let connection = environment.connections.removeValue(forKey: identifier) else {
            return
        }
        if environment.parked == identifier { environment.parked = nil }
        reactor.forget(connection.descriptor, token: connection.token)
        close(connection.descriptor)
    }

    // MARK: Calls

    private func serve(
        _ request: RuntimeRequest, on connection: UInt64, of environment: ExecutionEnvironment
    ) {
        switch RuntimeCall(request) {
        case .next: park(connection, of: environment)
        case .response(let requestID):
            answer(requestID, on: connection, of: environment) {
                request.isOversized
                    ? (RuntimeReply.tooLarge, .failure(.responseTooLarge))
                    : (RuntimeReply.accepted, .success(payload: request.body))
            }
        case .error(let requestID):
            answer(requestID, on: connection, of: environment) {
                (RuntimeReply.accepted, .failure(.reported(request)))
            }
        case .initError:
            guard environment.phase == .initialising else {
                send(RuntimeReply.wrongState, to: connection, of: environment)
                return
            }
            send(RuntimeReply.accepted, to: connection, of: environment)
            initFailed(environment, .reported(request))
        case .unknown: send(RuntimeReply.notFound, to: connection, of: environment)
        }
    }

    /// The runtime asks for an event.
    private func park(_ connection: UInt64, of environment: ExecutionEnvironment) {
        guard environment.parked == nil, environment.current?.deliveredNanoseconds == nil else {
            send(RuntimeReply.wrongState, to: connection, of: environment)
            return
        }
        environment.parked = connection
        // What was written before the call is not of the next event.
        drainOutput(environment)
        if environment.phase == .initialising {
            environment.phase = .serving
            environment.initTimer?.cancel()
            findInnermost(environment)
            environment.meter?.findMain()
            if !environment.countsInitAsRun {
                environment.initMilliseconds =
                    Double(time.monotonicNanoseconds() - environment.startedNanoseconds) / 1e6
            }
        }
        deliver(environment)
    }

    private func answer(
        _ requestID: String, on connection: UInt64, of environment: ExecutionEnvironment,
        _ outcome: () -> (reply: [UInt8], outcome: FunctionResult.Outcome)
    ) {
        guard let current = environment.current, current.deliveredNanoseconds != nil,
            current.invocation.requestID == requestID
        else {
            send(RuntimeReply.unknownRequest, to: connection, of: environment)
            return
        }
        let (reply, outcome) = outcome()
        finish(environment, outcome)
        send(reply, to: connection, of: environment)
    }

    /// The runtime could not load the function: this environment will serve nothing.
    private func initFailed(_ environment: ExecutionEnvironment, _ failure: FunctionFailure) {
        environment.noteUse(bytes: environment.meter?.peakBytes() ?? 0)
        write(
            InvocationReport.initReport(
                milliseconds: Double(
                    time.monotonicNanoseconds() - environment.startedNanoseconds) / 1e6,
                status: .error(type: failure.errorType)), to: environment)
        end(environment.identifier, .initError(failure))
    }
}
