// SPDX-License-Identifier: Apache-2.0
// What an archive may cost, and why one is refused.

/// Bounds on an archive; AWS's for the size.
package struct ArchiveLimits: Sendable {
    package var unpackedBytesMax = 262_144_000
    /// Unpacked to packed; held against what is unpacked beyond `ratioFloorBytes`.
    package var ratioMax = 100
    /// A short text may well shrink to less than a hundredth.
    package var ratioFloorBytes = 1 << 20
    package var entriesMax = 100_000
    /// The file system's bound for a name, and ours for a path.
    package var nameBytesMax = 255
    package var pathBytesMax = 1024

    package init() {}
}

/// Why an archive is refused.
package enum ArchiveRefusal: Error, Hashable, Sendable {
    case notReadable(reason: String)
    case tooLarge
    case empty
    case failed(reason: String)
}
