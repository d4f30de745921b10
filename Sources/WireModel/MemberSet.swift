// SPDX-License-Identifier: Apache-2.0
// The members of one structure that a request carried.

/// A set of member indices below 128, without allocation.
package struct MemberSet: Hashable, Sendable {
    /// More members than any one structure of a supported model has; the generator checks it.
    package static let capacity = 128

    private var low: UInt64 = 0
    private var high: UInt64 = 0

    package init() {}

    package func contains(_ index: Int) -> Bool {
        index < 64 ? low >> UInt64(index) & 1 == 1 : high >> UInt64(index - 64) & 1 == 1
    }

    /// Adds an index; those outside the capacity are ignored.
    package mutating func insert(_ index: Int) {
        if index < 64 { low |= 1 << UInt64(index) } else { high |= 1 << UInt64(index - 64) }
    }

    package var isEmpty: Bool { low == 0 && high == 0 }

    /// Members of `self` that are not in `other`.
    package func subtracting(_ other: MemberSet) -> MemberSet {
        var result = self
        result.low &= ~other.low
        result.high &= ~other.high
        return result
    }

    /// The indices in ascending order.
    package var indices: [Int] { (0..<Self.capacity).filter(contains) }
}
