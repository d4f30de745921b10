// SPDX-License-Identifier: Apache-2.0
// The port to where functions' code lies unpacked. Reading archives and writing files is the
// edge's business; what an archive may hold is stated here.

package import Storage

/// Why an archive is refused.
package enum CodeRefusal: Error, Hashable, Sendable {
    /// Not a zip, damaged, or with entries that no function's code has: paths that lead out,
    /// links out, devices, names twice, a packing ratio that only bombs have.
    case notReadable(reason: String)
    /// More than AWS allows, unpacked.
    case tooLarge
    /// Nothing in it.
    case empty
    /// This machine could not write it.
    case failed(reason: String)
}

/// Unpacks archives of functions' code.
package protocol FunctionCodeStore: Sendable {
    /// Reads the whole archive, writing nothing.
    func validate(_ archive: [UInt8]) async throws(CodeRefusal)

    /// The folder with the unpacked blob `hash`, unpacked by this call if need be.
    ///
    /// Directories are 0755 and files 0644 or 0755; nothing in it changes later.
    func directory(of hash: BlobHash) async throws -> String

    /// Removes unpacked code that is not in `named`.
    func collect(named: Set<BlobHash>) async
}
