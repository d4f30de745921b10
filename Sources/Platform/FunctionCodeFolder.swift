// SPDX-License-Identifier: Apache-2.0
// Binds Lambda's port for code to the archive reader.

import CodeArchive
import LambdaService
import Storage

/// Functions' code, unpacked from blobs.
struct FunctionCodeFolder: FunctionCodeStore {
    private let archive: CodeArchive

    init(_ archive: CodeArchive) { self.archive = archive }

    func validate(_ bytes: [UInt8]) async throws(CodeRefusal) {
        do throws(ArchiveRefusal) {
            try await archive.validate(bytes)
        } catch {
            throw Self.refusal(for: error)
        }
    }

    func directory(of hash: BlobHash) async throws -> String {
        try await archive.directory(of: hash)
    }

    func collect(named: Set<BlobHash>) async { await archive.collect(named: named) }

    private static func refusal(for error: ArchiveRefusal) -> CodeRefusal {
        switch error {
        case .notReadable(let reason): .notReadable(reason: reason)
        case .tooLarge: .tooLarge
        case .empty: .empty
        case .failed(let reason): .failed(reason: reason)
        }
    }
}
