// SPDX-License-Identifier: Apache-2.0
// The conformance suite on the durable engine.

import RocksStorage
import Storage
import StorageTesting
import Testing

@Suite struct RocksConformanceTests {
    @Test(arguments: StoreConformance.cases)
    func rocks(_ promise: StoreCase) async throws {
        let directory = try TemporaryDirectory()
        let faults = RocksFaults()
        var configuration = RocksConfiguration(directory: directory.path)
        configuration.unsyncedBytesMax = 1 << 20
        configuration.fault = { faults.answer($0) }
        let store = try RocksStore.open(configuration)
        try await promise.run(StoreSubject(store, faults: faults))
        await store.close()
    }
}
