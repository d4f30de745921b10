// SPDX-License-Identifier: Apache-2.0
// Who may write a cell: the fence of engines that live in one process.

/// The claims of one store.
///
/// Guarded by the lock that orders its commits.
package struct ClaimTable: Sendable {
    private var last: UInt64 = 0
    private var owners: [CellID: UInt64] = [:]

    package init() {}

    /// A new claim on `cell`, which ends the one before.
    package mutating func claim(_ cell: CellID) -> UInt64 {
        last += 1
        owners[cell] = last
        return last
    }

    /// Ends every claim.
    package mutating func endAll() { owners = [:] }

    /// Whether a batch's claim, if it names one, is still the cell's.
    package func admits(_ batch: WriteBatch) -> Bool {
        guard let cell = batch.cell, batch.epoch != 0 else { return true }
        return owners[cell] == batch.epoch
    }
}
