// SPDX-License-Identifier: Apache-2.0
// The way out of a function's network: opened when its first frame shows that it is wanted, so
// that a function without need of it starts no slower.

import Basics
import CSandbox
import Chronology
import Glibc

/// What an environment has beyond its loopback.
struct EnvironmentNetwork {
    /// The server's end of the interface.
    let frames: Int32
    var token: UInt64 = 0
    var relay: FrameRelay?
    var channelToken: UInt64 = 0
    var program: LaunchedProcess?
    /// How often the program was started; one that keeps ending is left alone.
    var starts = 0
}

extension FunctionRuntime {
    private static let startsMax = 3
    private static let connectAttemptsMax = 1000

    /// Begins to listen for a function's first frame.
    func watchNetwork(_ environment: ExecutionEnvironment, frames: Int32) {
        guard frames >= 0 else { return }
        environment.network = EnvironmentNetwork(frames: frames)
        let identifier = environment.identifier
        environment.network?.token = watch(frames, Reactor.Events.readable) { runtime, _ in
            runtime.framesWait(identifier)
        }
    }

    private func framesWait(_ identifier: EnvironmentID) {
        guard let environment = environments[identifier], let network = environment.network else {
            return
        }
        guard let relay = network.relay else {
            reactor.change(network.frames, token: network.token, to: 0)
            guard network.starts < Self.startsMax else { return }
            environment.network?.starts += 1
            background.run { [weak self] in await self?.openWayOut(identifier) }
            return
        }
        switch relay.carryOut() {
        case .done: return
        case .blocked:
            reactor.change(network.frames, token: network.token, to: 0)
            reactor.change(
                relay.channel, token: network.channelToken,
                to: Reactor.Events.readable | Reactor.Events.writable)
        case .broken: closeChannel(environment)
        }
    }

    private func channelReady(_ identifier: EnvironmentID, _ events: UInt32) {
        guard let environment = environments[identifier], let network = environment.network,
            let relay = network.relay
        else { return }
        if events & Reactor.Events.writable != 0 {
            reactor.change(relay.channel, token: network.channelToken, to: Reactor.Events.readable)
            reactor.change(network.frames, token: network.token, to: Reactor.Events.readable)
        }
        guard events & (Reactor.Events.readable | Reactor.Events.broken) != 0 else { return }
        if relay.carryIn() == .broken { closeChannel(environment) }
    }

    // MARK: Program

    private func openWayOut(_ identifier: EnvironmentID) async {
        guard let sandbox = try? await machine(), let program = sandbox.outgoing,
            let starts = environments[identifier]?.network?.starts
        else { return }
        let name = "e\(identifier.number)-\(starts)"
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        var ends: [Int32] = [-1, -1]
        if case .passt = program, csandbox_stream_pair(&ends) != 0 { ends = [-1, -1] }
        let plan = sandbox.plan(program, socket: name, null: null, channel: ends[1])
        let process = try? await launcher.launch(plan)
        for descriptor in [null, ends[1]] where descriptor >= 0 { close(descriptor) }
        guard let process else {
            if ends[0] >= 0 { close(ends[0]) }
            return
        }
        watchProgram(process, of: identifier)
        var channel = ends[0]
        if case .slirp4netns = program {
            channel = await connect("\(sandbox.state.network)/\(name)")
        }
        guard channel >= 0, let environment = environments[identifier],
            let network = environment.network, environment.phase != .ended
        else {
            csandbox_kill(process.exitDescriptor)
            if channel >= 0 { close(channel) }
            return
        }
        environment.network?.program = process
        environment.network?.relay = FrameRelay(
            interface: network.frames, channel: channel, framing: program.framing)
        environment.network?.channelToken = watch(channel, Reactor.Events.readable) {
            runtime, events in
            runtime.channelReady(identifier, events)
        }
        reactor.change(network.frames, token: network.token, to: Reactor.Events.readable)
    }

    /// Waits for the program to listen, for a second or two at most; -1 when it never does.
    private func connect(_ path: String) async -> Int32 {
        for _ in 0..<Self.connectAttemptsMax {
            let channel = csandbox_connect_packets(path)
            if channel >= 0 { return channel }
            await withCheckedContinuation { waiter in
                _ = after(2_000_000) { _ in waiter.resume() }
            }
        }
        return -1
    }

    /// Collects the program when it ends, whatever has become of its environment.
    private func watchProgram(_ process: LaunchedProcess, of identifier: EnvironmentID) {
        let token = ProgramToken()
        token.value = watch(process.exitDescriptor, Reactor.Events.readable) { runtime, _ in
            guard ProcessExit.collect(process.exitDescriptor) != nil else { return }
            runtime.reactor.forget(process.exitDescriptor, token: token.value)
            close(process.exitDescriptor)
            guard let environment = runtime.environments[identifier],
                environment.network?.program?.exitDescriptor == process.exitDescriptor
            else { return }
            environment.network?.program = nil
            runtime.closeChannel(environment)
        }
    }

    /// Leaves the interface without a program; the next frame starts another.
    private func closeChannel(_ environment: ExecutionEnvironment) {
        guard let network = environment.network else { return }
        if let program = network.program { csandbox_kill(program.exitDescriptor) }
        environment.network?.program = nil
        if let relay = network.relay {
            reactor.forget(relay.channel, token: network.channelToken)
            close(relay.channel)
            environment.network?.relay = nil
        }
        reactor.change(network.frames, token: network.token, to: Reactor.Events.readable)
    }

    /// The environment ends, and its way out with it.
    func closeNetwork(_ environment: ExecutionEnvironment) {
        guard let network = environment.network else { return }
        closeChannel(environment)
        reactor.forget(network.frames, token: network.token)
        close(network.frames)
        environment.network = nil
    }
}

/// The token of a watch, for the watch's own handler.
///
/// Only touched on the functions thread, which runs the handler after the token is there.
private final class ProgramToken: @unchecked Sendable {
    var value: UInt64 = 0
}

extension OutgoingProgram {
    var framing: FrameRelay.Framing {
        switch self {
        case .slirp4netns: .packets
        case .passt: .lengths
        }
    }
}
