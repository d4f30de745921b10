// SPDX-License-Identifier: Apache-2.0
// The two numbers that name a point in a store's history and an owner of state.

/// A commit version: rises by at least one with every change a store accepts.
///
/// Versions order the commits of one store. They are never reused, not even for a commit that
/// was lost before it became durable while this process lived.
package struct StoreVersion: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Before the first commit; always durable.
    package static let zero = StoreVersion(rawValue: 0)

    package static func < (left: StoreVersion, right: StoreVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The numeric name of a cell, allotted when it is created and never reused.
package struct CellID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (left: CellID, right: CellID) -> Bool { left.rawValue < right.rawValue }
}
