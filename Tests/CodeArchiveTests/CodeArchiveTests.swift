// SPDX-License-Identifier: Apache-2.0
// Whole archives, honest and hostile, into real folders.

import Basics
import CArchive
import Glibc
import Storage
import Testing

@testable import CodeArchive

@Suite struct CodeArchiveTests {
    private func folder() -> String {
        var template = Array("/tmp/code-archive-XXXXXX".utf8CString)
        return template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
        }
    }

    private func archive(_ blobs: any BlobStore) -> CodeArchive {
        CodeArchive(root: folder() + "/code", blobs: blobs)
    }

    private func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? UInt32(status.st_mode) : 0
    }

    @Test func unpacksWithModesOfItsOwn() async throws {
        let blobs = try OneBlob(
            ZipText.zip([
                ZipEntry("lambda_function.py", "print('hi')", mode: 0o100600),
                ZipEntry("bin/", mode: 0o040700),
                ZipEntry("bin/run", "#!/bin/sh", mode: 0o100711),
                ZipEntry("lib/deep/ü.txt", "x", mode: 0o100666),
                ZipEntry("pipe", "p", mode: 0o010666),
                ZipEntry("bin/link", "../lib/deep", mode: 0o120777),
            ]))
        let code = archive(blobs)
        let path = try await code.directory(of: blobs.hash)
        #expect(text("\(path)/lambda_function.py") == "print('hi')")
        #expect(mode("\(path)/lambda_function.py") == 0o100644)
        #expect(mode("\(path)/bin") == 0o040755)
        #expect(mode("\(path)/bin/run") == 0o100755)
        #expect(mode("\(path)/lib/deep/ü.txt") == 0o100644)
        #expect(mode("\(path)/pipe") == 0o100644)
        #expect(mode("\(path)/bin/link") & 0o170000 == 0o120000)
        #expect(text("\(path)/bin/link/ü.txt") == "x")
        #expect(try await code.directory(of: blobs.hash) == path)
        await code.collect(named: [])
        #expect(mode(path) == 0)
        // Collected by mistake, it comes back from its blob.
        #expect(try await code.directory(of: blobs.hash) == path)
        #expect(mode(path) == 0o040755)
    }

    @Test func leavesNothingOfARefusedArchive() async throws {
        let blobs = try OneBlob(
            ZipText.zip([ZipEntry("a.py", "1"), ZipEntry("b", "/etc", mode: 0o120777)]))
        let root = folder() + "/code"
        let code = CodeArchive(root: root, blobs: blobs)
        await #expect(throws: ArchiveRefusal.self) { try await code.directory(of: blobs.hash) }
        #expect(rmdir(root) == 0)
    }

    private static func hostile() -> [(String, [UInt8])] {
        let good = ZipText.zip([ZipEntry("a.py", "print(1)")])
        var zero = ZipEntry("a.py", "1")
        zero.name = Array("a\0b.py".utf8)
        var lie = ZipEntry("a.py", "1")
        lie.claimedCRC = 7
        var small = ZipEntry("b.py", "12345")
        small.claimedSize = 1
        var large = ZipEntry("b.py", "12345")
        large.claimedSize = 6
        return [
            ("larger than announced", ZipText.zip([ZipEntry("a.py"), small])),
            ("smaller than announced", ZipText.zip([ZipEntry("a.py"), large])),
            ("no bytes", []),
            ("text", Array("not a zip".utf8)),
            ("cut short", Array(good.dropLast(5))),
            ("damaged", good.enumerated().map { $0.offset < 40 ? 0 : $0.element }),
            ("absolute", ZipText.zip([ZipEntry("/tmp/a", "1")])),
            ("climbing", ZipText.zip([ZipEntry("../a", "1")])),
            ("climbing later", ZipText.zip([ZipEntry("a/../../b", "1")])),
            ("zero byte", ZipText.zip([zero])),
            ("twice", ZipText.zip([ZipEntry("a", "1"), ZipEntry("./a", "2")])),
            ("through a file", ZipText.zip([ZipEntry("a", "1"), ZipEntry("a/b", "2")])),
            (
                "through a link",
                ZipText.zip([ZipEntry("a", "b", mode: 0o120777), ZipEntry("a/c", "2")])
            ),
            ("link out", ZipText.zip([ZipEntry("f"), ZipEntry("a", "../b", mode: 0o120777)])),
            ("link to root", ZipText.zip([ZipEntry("f"), ZipEntry("a", "/", mode: 0o120777)])),
            ("device", ZipText.zip([ZipEntry("f"), ZipEntry("a", mode: 0o020666)])),
            ("block device", ZipText.zip([ZipEntry("f"), ZipEntry("a", mode: 0o060666)])),
            ("socket", ZipText.zip([ZipEntry("f"), ZipEntry("a", mode: 0o140666)])),
            ("wrong checksum", ZipText.zip([lie])),
        ]
    }

    @Test(arguments: hostile()) func refuses(_ what: String, _ bytes: [UInt8]) async throws {
        let code = archive(try OneBlob([]))
        await #expect(throws: ArchiveRefusal.self, "\(what)") { try await code.validate(bytes) }
    }

    @Test func refusesEmptyOnes() async throws {
        let code = archive(try OneBlob([]))
        await #expect(throws: ArchiveRefusal.empty) { try await code.validate(ZipText.zip([])) }
        await #expect(throws: ArchiveRefusal.empty) {
            try await code.validate(ZipText.zip([ZipEntry("a/", mode: 0o040755)]))
        }
    }

    @Test func holdsTheSizeBound() async throws {
        var limits = ArchiveLimits()
        limits.unpackedBytesMax = 1000
        let code = CodeArchive(root: folder() + "/code", blobs: try OneBlob([]), limits: limits)
        let large = ZipText.zip([ZipEntry("a", String(repeating: "x", count: 1000))])
        await #expect(throws: ArchiveRefusal.tooLarge) { try await code.validate(large) }
        let small = ZipText.zip([ZipEntry("a", String(repeating: "x", count: 999))])
        await #expect(throws: Never.self) { try await code.validate(small) }
    }

    @Test func holdsTheRatio() async throws {
        let code = archive(try OneBlob([]))
        // Both shrink to a thousandth; the small one may.
        let bomb = try deflated([UInt8](repeating: 0, count: 8 << 20))
        await #expect(throws: ArchiveRefusal.self) { try await code.validate(bomb) }
        let text = try deflated([UInt8](repeating: 0x20, count: 1 << 19))
        await #expect(throws: Never.self) { try await code.validate(text) }
    }

    /// One compressed entry, made by the library itself.
    private func deflated(_ data: [UInt8]) throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: data.count + 4096)
        var used = 0
        let writer = try #require(archive_write_new())
        defer { archive_write_free(writer) }
        archive_write_set_format_zip(writer)
        let capacity = buffer.count
        return try buffer.withUnsafeMutableBytes { bytes in
            #expect(
                archive_write_open_memory(writer, bytes.baseAddress, capacity, &used)
                    == ARCHIVE_OK)
            let entry = try #require(archive_entry_new())
            defer { archive_entry_free(entry) }
            archive_entry_set_pathname(entry, "zeros")
            archive_entry_set_size(entry, Int64(data.count))
            archive_entry_set_filetype(entry, 0o100000)
            archive_entry_set_perm(entry, 0o644)
            #expect(archive_write_header(writer, entry) == ARCHIVE_OK)
            _ = data.withUnsafeBytes { archive_write_data(writer, $0.baseAddress, $0.count) }
            archive_write_close(writer)
            return Array(bytes[..<used])
        }
    }
}

/// A store of one blob, under a hash that only this test believes.
private struct OneBlob: BlobStore {
    let bytes: [UInt8]
    let hash: BlobHash

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        hash = try #require(BlobHash(bytes: [UInt8](repeating: 7, count: 32)))
    }

    func put(_ bytes: [UInt8]) async throws(BlobError) -> BlobHash { hash }
    func get(_ hash: BlobHash) async throws(BlobError) -> [UInt8] { bytes }
    func contains(_ hash: BlobHash) async throws(BlobError) -> Bool { true }
    func localPath(_ hash: BlobHash) async throws(BlobError) -> String { "" }
    func collect(named: Set<BlobHash>) async throws(BlobError) -> Int { 0 }
}
