// SPDX-License-Identifier: Apache-2.0
// What stands in for files in a simulated world: blobs and unpacked code in memory.

import Basics
import LambdaService
import Storage
import Synchronization

/// Blobs in memory, named by a checksum that no history makes collide.
final class SimulatedBlobs: BlobStore {
    private let blobs = Mutex<[BlobHash: [UInt8]]>([:])

    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash {
        let sum = CRC32C.checksum(bytes)
        let word = (0..<4).map { UInt8(truncatingIfNeeded: sum >> UInt32(8 * $0)) }
        guard let hash = BlobHash(bytes: Array(repeatElement(word, count: 8).joined())) else {
            throw .failed(reason: "no hash")
        }
        blobs.withLock { $0[hash] = bytes }
        return hash
    }

    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] {
        guard let bytes = blobs.withLock({ $0[hash] }) else { throw .missing(hash) }
        return bytes
    }

    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool {
        blobs.withLock { $0[hash] != nil }
    }

    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { "/blobs/\(hash.hex)" }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}

/// Code that is taken as it is: nothing unpacks it.
struct SimulatedCode: FunctionCodeStore {
    func validate(_ archive: [UInt8]) async throws(CodeRefusal) {}
    func directory(of hash: BlobHash) async throws -> String { "/code/\(hash.hex)" }
    func collect(named: Set<BlobHash>) async {}
}
