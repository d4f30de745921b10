// SPDX-License-Identifier: Apache-2.0
// The conformance suite on the engines that need no disk.

import Basics
import Storage
import StorageTesting
import Testing

@Suite struct EngineConformanceTests {
    @Test(arguments: StoreConformance.cases.filter { !$0.needsFaults })
    func memory(_ promise: StoreCase) async throws {
        try await promise.run(StoreSubject(MemoryStore()))
    }

    @Test(arguments: StoreConformance.cases)
    func slow(_ promise: StoreCase) async throws {
        for seed in 0..<3 as Range<UInt64> {
            let store = SlowStore(entropy: SeededEntropy(seed: seed))
            try await promise.run(StoreSubject(store, faults: store))
        }
    }
}
