// SPDX-License-Identifier: Apache-2.0
// What a store counts about itself, for metrics and for tests that check its promises.

/// Counts since the store was made; one consistent reading.
package struct StoreCounters: Equatable, Sendable {
    /// Batches accepted.
    package var applies: UInt64 = 0
    /// Bytes of keys and values in them.
    package var appliedBytes: UInt64 = 0
    /// Syncs begun, successful or not.
    package var syncs: UInt64 = 0
    /// Syncs that failed.
    package var failedSyncs: UInt64 = 0
    /// Calls of `durable` that had to wait and were released.
    package var releasedWaiters: UInt64 = 0
    /// Calls of `durable` that found their version durable already.
    package var immediateWaiters: UInt64 = 0
    /// Calls of `durable` waiting now.
    package var waiters = 0
    /// Bytes accepted and not yet durable.
    package var unsyncedBytes = 0
    /// The last accepted version when the last sync began.
    package var lastSyncBegan = StoreVersion.zero
    /// The last accepted version when the last successful sync began.
    package var lastSyncEnded = StoreVersion.zero
    /// Calls of `durable` answered although no successful sync begun after the apply covers them.
    ///
    /// Always 0, unless the store was asked not to sync.
    package var acknowledgedUnsynced: UInt64 = 0
    /// Calls of `admit` answered with `overloaded`.
    package var refusedOverloaded: UInt64 = 0
    /// Calls of `admit` answered with `full`.
    package var refusedFull: UInt64 = 0
    /// Transactions that found a conflict.
    package var conflicts: UInt64 = 0
    /// Times the store was reopened after a failure.
    package var reopenings: UInt64 = 0

    package init() {}
}
