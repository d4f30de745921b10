// SPDX-License-Identifier: Apache-2.0
// What a store may answer instead of doing what it was asked.

/// Why a store refused or failed.
///
/// Nothing was changed by the call that throws it.
///
/// The exception is `failed` and `fenced` thrown by `durable`: there the change was accepted
/// before and is not known to have survived, so its owner must be dropped and loaded again.
package enum StoreError: Error, Equatable, Sendable {
    /// Too much waits to become durable; the caller may retry later.
    case overloaded
    /// Space is below the reserve; calls that add data are refused, others go on.
    case full
    /// Another owner, or a reopened store, has taken over; drop the cell and load it again.
    case fenced
    /// A key or range that the transaction read has changed since.
    case conflict
    /// The store has lost the ability to write; it refuses everything until it is reopened.
    case failed(reason: String)
    /// The stored bytes under `key` are not what was written.
    case damaged(key: StoreKey, reason: String)
    /// The record under `key` was written by a newer release.
    case newerFormat(key: StoreKey, found: UInt8, newestKnown: UInt8)
    /// The whole store was written by a newer release.
    case newerStore(found: UInt64, newestKnown: UInt64)
    /// Another process owns the data directory.
    case locked(path: String, owner: Int32?)
    /// Commits known to have been durable are missing from what could be read back.
    case missingCommits(recovered: StoreVersion, expected: StoreVersion)
    /// The engine could not read; writing may go on.
    case unreadable(reason: String)
    /// The store was closed by its owner.
    case closed
}

extension StoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .overloaded: "the store is overloaded; try again later"
        case .full: "the disk is full; only reads and deletions are accepted"
        case .fenced: "this owner was replaced by another"
        case .conflict: "what the transaction read has changed"
        case .failed(let reason): "the store has failed: \(reason)"
        case .damaged(let key, let reason): "the record under \(key) is damaged: \(reason)"
        case .newerFormat(let key, let found, let newest):
            "the record under \(key) has format \(found); this release reads up to \(newest)"
        case .newerStore(let found, let newest):
            "the data directory has format \(found); this release reads up to \(newest)"
        case .locked(let path, let owner):
            "\(path) is in use by \(owner.map { "process \($0)" } ?? "another process")"
        case .missingCommits(let recovered, let expected):
            "durable commits are missing: version \(expected.rawValue) was synced, "
                + "only \(recovered.rawValue) could be read back"
        case .unreadable(let reason): "the store could not be read: \(reason)"
        case .closed: "the store is closed"
        }
    }
}
