// SPDX-License-Identifier: Apache-2.0
// The faults that the conformance suite puts into an engine, whichever it is.

package import Basics
package import Storage
import Synchronization

/// Switches of an engine under test.
package protocol StoreFaults: Sendable {
    /// The next sync fails, as a disk that lost a page would make it.
    func failNextSync()
    /// The next apply fails in the engine.
    func failNextWrite()
    /// Syncs do not end until `releaseSyncs`.
    func holdSyncs()
    func releaseSyncs()
    /// Space falls below the reserve, or comes back.
    func setFull(_ full: Bool)
}

extension SlowStore: StoreFaults {
    package func failNextSync() { shared.withLock { $0.failsNextSync = true } }

    package func failNextWrite() { shared.withLock { $0.failsNextWrite = true } }

    package func holdSyncs() { shared.withLock { $0.holdsSyncs = true } }

    package func releaseSyncs() {
        let held = shared.withLock { state in
            state.holdsSyncs = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    package func setFull(_ full: Bool) { shared.withLock { $0.full = full } }

    /// Another owner takes the cell: what it had not synced is gone.
    package func fence(_ cell: CellID) {
        shared.withLock { state in
            _ = state.claims.claim(cell)
            let gone = state.pending.filter { $0.batch.cell == cell }
            state.fenced.formUnion(gone.map(\.version))
            state.pending.removeAll { $0.batch.cell == cell }
            state.visible = state.committed
            for commit in state.pending { state.visible.apply(commit.batch) }
        }
    }

    /// What a power cut would leave, as a new store.
    package func powerCut(entropy: any Entropy) -> SlowStore {
        let (tree, version) = shared.withLock { ($0.committed, $0.durable) }
        let survivor = SlowStore(
            entropy: entropy, turnsMax: turnsMax, unsyncedBytesMax: unsyncedBytesMax)
        survivor.shared.withLock { state in
            state.committed = tree
            state.visible = tree
            state.version = version
            state.durable = version
            state.log.reset(to: version)
        }
        return survivor
    }
}
