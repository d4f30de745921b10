// SPDX-License-Identifier: Apache-2.0
// Blobs on disk: named by content, whole or absent, collected only when nobody names them.

import Foundation
import RocksStorage
import Storage
import Testing

@Suite struct FileBlobTests {
    @Test func bytesComeBackUnderTheirHash() async throws {
        let directory = try TemporaryDirectory()
        let blobs = try FileBlobStore(directory: directory.file("blobs"))
        let hash = try await blobs.put(Array("abc".utf8))
        #expect(
            hash.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try await blobs.get(hash) == Array("abc".utf8))
        #expect(try await blobs.put(Array("abc".utf8)) == hash)
        let empty = try await blobs.put([])
        #expect(try await blobs.get(empty) == [])
        let large = [UInt8](repeating: 7, count: 3_000_000)
        #expect(try await blobs.get(blobs.put(large)) == large)
        let path = try await blobs.localPath(hash)
        #expect(FileManager.default.contents(atPath: path) == Data("abc".utf8))
    }

    @Test func missingAndDamagedAreTold() async throws {
        let directory = try TemporaryDirectory()
        let blobs = try FileBlobStore(directory: directory.path)
        let unknown = try #require(BlobHash(bytes: [UInt8](repeating: 0, count: 32)))
        await #expect(throws: BlobError.missing(unknown)) { try await blobs.get(unknown) }
        #expect(try await !blobs.contains(unknown))
        let hash = try await blobs.put([1, 2, 3])
        let path = try await blobs.localPath(hash)
        try FileManager.default.removeItem(atPath: path)
        try Data([1, 2, 4]).write(to: URL(fileURLWithPath: path))
        await #expect(throws: BlobError.damaged(hash)) { try await blobs.get(hash) }
        #expect(try await !blobs.contains(hash))
        // The same bytes can be put again.
        _ = try await blobs.put([1, 2, 3])
        #expect(try await blobs.get(hash) == [1, 2, 3])
    }

    @Test func unnamedBlobsOfEarlierRunsAreCollected() async throws {
        let directory = try TemporaryDirectory()
        let earlier = try FileBlobStore(directory: directory.path)
        let kept = try await earlier.put([1])
        let gone = try await earlier.put([2])
        let again = try await earlier.put([3])
        let blobs = try FileBlobStore(directory: directory.path)
        // The commits that name these may still be on their way.
        #expect(try await blobs.put([3]) == again)
        let fresh = try await blobs.put([4])
        #expect(try await blobs.collect(named: [kept]) == 1)
        for hash in [kept, again, fresh] { #expect(try await blobs.contains(hash)) }
        #expect(try await !blobs.contains(gone))
        #expect(try await blobs.collect(named: [kept]) == 0)
    }

    @Test func unfinishedPutsAreRemovedAtOpening() async throws {
        let directory = try TemporaryDirectory()
        _ = try FileBlobStore(directory: directory.path)
        let leftover = directory.file("new-1-1")
        try Data([1]).write(to: URL(fileURLWithPath: leftover))
        _ = try FileBlobStore(directory: directory.path)
        #expect(!FileManager.default.fileExists(atPath: leftover))
    }

    @Test func fullDiskIsTold() async throws {
        let directory = try TemporaryDirectory()
        let blobs = try FileBlobStore(directory: directory.path, reserveBytes: .max)
        await #expect(throws: BlobError.full) { try await blobs.put([1]) }
    }

    @Test func sameBytesPutAtOnceAreOneBlob() async throws {
        let directory = try TemporaryDirectory()
        let blobs = try FileBlobStore(directory: directory.path)
        let hashes = try await withThrowingTaskGroup(of: BlobHash.self) { group in
            for _ in 0..<16 { group.addTask { try await blobs.put([9, 9]) } }
            return try await group.reduce(into: Set<BlobHash>()) { $0.insert($1) }
        }
        #expect(hashes.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
    }
}
