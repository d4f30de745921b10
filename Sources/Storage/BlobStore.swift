// SPDX-License-Identifier: Apache-2.0
// Large payloads outside the ordered store: immutable and named by their content.

import Basics

/// The SHA-256 of a blob's bytes: its name.
package struct BlobHash: Hashable, Comparable, Sendable {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// `nil` unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    package var hex: String { Hex.encode(bytes) }

    package static func < (left: BlobHash, right: BlobHash) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

/// Why a blob could not be kept or read.
package enum BlobError: Error, Equatable, Sendable {
    case missing(BlobHash)
    /// The bytes found do not have this hash; they are set aside, not served.
    case damaged(BlobHash)
    case full
    case failed(reason: String)
}

/// Immutable byte strings by content hash.
///
/// A blob is durable when `put` returns; the commit that names it comes after.
package protocol BlobStore: Sendable {
    /// Keeps `bytes` and returns their name.
    ///
    /// Keeping the same bytes again changes nothing.
    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash

    /// The bytes, checked against their name.
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8]

    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool

    /// A file with the bytes on this machine, for processes that need one.
    ///
    /// Never write to it.
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String

    /// Removes every blob of an earlier run whose name is not in `named`.
    ///
    /// `named` must hold the names in every world and snapshot. What was put since this store
    /// was opened stays, named or not, since the commit that names it may still be on its way.
    /// Returns how many went.
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int
}
