// SPDX-License-Identifier: Apache-2.0
// Plays one simulated history of the main job and prints its trace: `simulate SEED [ORDERS]`.
// Not part of the product.

import Basics
import Chronology
import ServiceKit
import Simulator

@main
enum Simulate {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) }
        guard let seed = arguments.first ?? 1, let orders = arguments.dropFirst().first ?? 30 else {
            print("usage: simulate SEED [ORDERS]")
            return
        }
        let simulated = SimulatedWorld(seed: seed, start: Timestamp(seconds: 1_800_000_000))
        let history = OrderHistory(simulated, orders: Int(clamping: orders))
        let ending = try simulated.drive { try await history.play() }
        for line in simulated.trace.lines { print(line) }
        print("seed \(seed) jobs \(simulated.executor.ran) time \(simulated.world.clock.now())")
        print("done \(ending.done.count) dead \(ending.dead.count)")
        print("hash \(String(simulated.trace.hash, radix: 16))")
    }
}
