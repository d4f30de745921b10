// SPDX-License-Identifier: Apache-2.0
// What a function writes: from its pipe to lines, and on to the log with back-pressure.

import Basics
import Chronology
import Glibc
import LambdaService

extension FunctionRuntime {
    /// Reads what lies in the pipe, up to the bound of lines under way.
    func readOutput(_ identifier: EnvironmentID) {
        guard let environment = environments[identifier], environment.output >= 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while !environment.log.isFull {
            let count = read(environment.output, &chunk, chunk.count)
            guard count > 0 else {
                // At its end the pipe would stay readable for ever.
                if count == 0 {
                    reactor.change(environment.output, token: environment.outputToken, to: 0)
                }
                return
            }
            for line in environment.splitter.append(chunk[0..<count]) {
                write(line, to: environment)
            }
        }
        // The function blocks in its next write until the log has caught up.
        guard !environment.log.isPaused else { return }
        environment.log.isPaused = true
        reactor.change(environment.output, token: environment.outputToken, to: 0)
    }

    /// Reads what is in the pipe now, whatever the bound: the lines that close an event follow.
    ///
    /// A pipe holds 64 KiB; what a process adds meanwhile is bounded too.
    func drainOutput(_ environment: ExecutionEnvironment) {
        guard environment.output >= 0 else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        for _ in 0..<4 {
            let count = read(environment.output, &chunk, chunk.count)
            guard count > 0 else { return }
            for line in environment.splitter.append(chunk[0..<count]) {
                write(line, to: environment)
            }
        }
    }

    /// Adds a line to an environment's log.
    func write(_ message: String, to environment: ExecutionEnvironment) {
        environment.current?.tail.append(message)
        environment.log.append(FunctionLogLine(timestamp: host.now(), message: message + "\n"))
        guard !environment.log.isDraining else { return }
        environment.log.isDraining = true
        // Kept by name: lines outlive the environment that wrote them.
        draining[environment.identifier] = environment
        let identifier = environment.identifier
        let stream = environment.stream
        background.run { [weak self, host] in
            while let lines = await self?.takeLines(identifier), !lines.isEmpty {
                await host.log(lines, to: stream)
            }
        }
    }

    /// The next lines to hand on; none ends the draining.
    private func takeLines(_ identifier: EnvironmentID) -> [FunctionLogLine] {
        guard let environment = draining[identifier] else { return [] }
        let lines = environment.log.take()
        if lines.isEmpty {
            environment.log.isDraining = false
            draining[identifier] = nil
        }
        if environment.log.isPaused, environment.output >= 0 {
            environment.log.isPaused = false
            reactor.change(
                environment.output, token: environment.outputToken, to: Reactor.Events.readable)
        }
        return lines
    }
}
