// SPDX-License-Identifier: Apache-2.0
// Walking through a zip with libarchive, every byte of it, with all rules applied. What is done
// with the entries is the sink's business.

import CArchive

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Takes what an archive holds, in its order; called only for entries that keep the rules.
protocol EntrySink {
    mutating func folder(_ path: String) throws(ArchiveRefusal)
    mutating func beginFile(_ path: String, isExecutable: Bool) throws(ArchiveRefusal)
    mutating func data(_ bytes: UnsafeRawBufferPointer) throws(ArchiveRefusal)
    mutating func endFile() throws(ArchiveRefusal)
    mutating func link(_ path: String, to target: String) throws(ArchiveRefusal)
}

/// Reads and keeps nothing.
struct NoSink: EntrySink {
    mutating func folder(_ path: String) {}
    mutating func beginFile(_ path: String, isExecutable: Bool) {}
    mutating func data(_ bytes: UnsafeRawBufferPointer) {}
    mutating func endFile() {}
    mutating func link(_ path: String, to target: String) {}
}

/// One pass over an archive in memory.
struct ZipReader {
    private static let pieceBytes = 64 * 1024

    private let limits: ArchiveLimits
    private let packedBytes: Int
    private var table: EntryTable
    private var unpackedBytes = 0
    /// What links say is an entry's content too, though it goes into no file.
    private var linkBytes = 0
    private var fileCount = 0

    /// Reads all of `archive`; returns how many bytes its files have.
    ///
    /// Throws at the first thing that no function's code may hold.
    @discardableResult
    static func read(
        _ archive: [UInt8], _ limits: ArchiveLimits, into sink: inout some EntrySink
    ) throws(ArchiveRefusal) -> Int {
        let announced = try ZipDirectory.content(of: archive, limits)
        for name in announced.names { _ = try EntryPath.reading(name, limits) }
        var reader = ZipReader(limits, packedBytes: archive.count)
        // libarchive loses names that the thread's character set does not have.
        let locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
        let former = locale.flatMap { uselocale($0) }
        defer {
            if let former { _ = uselocale(former) }
            if let locale { freelocale(locale) }
        }
        // The closure form keeps the bytes in place while libarchive reads them.
        let outcome: Result<Void, ArchiveRefusal> = archive.withUnsafeBytes { bytes in
            do throws(ArchiveRefusal) {
                return .success(try reader.read(bytes, into: &sink))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
        guard UInt64(reader.unpackedBytes + reader.linkBytes) == announced.bytes else {
            throw ArchiveRefusal.notReadable(reason: "its sizes are not what it announces")
        }
        guard reader.fileCount > 0 else { throw ArchiveRefusal.empty }
        return reader.unpackedBytes
    }

    private init(_ limits: ArchiveLimits, packedBytes: Int) {
        self.limits = limits
        self.packedBytes = packedBytes
        table = EntryTable(limits)
    }

    private mutating func read(_ bytes: UnsafeRawBufferPointer, into sink: inout some EntrySink)
        throws(ArchiveRefusal)
    {
        guard let source = archive_read_new() else {
            throw ArchiveRefusal.failed(reason: "no memory")
        }
        defer { archive_read_free(source) }
        archive_read_support_format_zip_seekable(source)
        guard
            archive_read_open_memory(source, bytes.baseAddress, bytes.count) == ARCHIVE_OK
        else { throw Self.refusal(source) }
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Self.pieceBytes, alignment: 16)
        defer { piece.deallocate() }
        var entry: OpaquePointer?
        while true {
            let code = archive_read_next_header(source, &entry)
            if code == ARCHIVE_EOF { return }
            // A warning is about a name's characters; the name itself is checked below.
            guard code == ARCHIVE_OK || code == ARCHIVE_WARN, let entry else {
                throw Self.refusal(source)
            }
            try read(entry, of: source, piece, into: &sink)
        }
    }

    private mutating func read(
        _ entry: OpaquePointer, of source: OpaquePointer, _ piece: UnsafeMutableRawBufferPointer,
        into sink: inout some EntrySink
    ) throws(ArchiveRefusal) {
        guard archive_entry_hardlink(entry) == nil else {
            throw ArchiveRefusal.notReadable(reason: "it holds a hard link")
        }
        guard archive_entry_is_encrypted(entry) == 0 else {
            throw ArchiveRefusal.notReadable(reason: "it is encrypted")
        }
        let kind = archive_entry_filetype(entry)
        guard let path = try EntryPath.reading(Self.name(of: entry), limits) else {
            guard kind == Self.folderType else {
                throw ArchiveRefusal.notReadable(reason: "the root is no folder")
            }
            return
        }
        switch kind {
        case Self.folderType:
            for folder in try table.take(path, as: .folder) { try sink.folder(folder) }
            try sink.folder(path.text)
        case Self.fileType:
            for folder in try table.take(path, as: .file) { try sink.folder(folder) }
            fileCount += 1
            try sink.beginFile(path.text, isExecutable: archive_entry_perm(entry) & 0o111 != 0)
            try readData(of: source, piece, into: &sink)
            try sink.endFile()
        case Self.linkType:
            for folder in try table.take(path, as: .link) { try sink.folder(folder) }
            let target = archive_entry_symlink(entry).map { String(cString: $0) } ?? ""
            guard path.holds(linkTo: target), target.utf8.count <= limits.pathBytesMax else {
                throw ArchiveRefusal.notReadable(reason: "a link leads out")
            }
            linkBytes += target.utf8.count
            try sink.link(path.text, to: target)
        // Pipes come out as files: zips made from a pipe say so of what is one.
        default: throw ArchiveRefusal.notReadable(reason: "it holds a device or socket")
        }
    }

    private mutating func readData(
        of source: OpaquePointer, _ piece: UnsafeMutableRawBufferPointer,
        into sink: inout some EntrySink
    ) throws(ArchiveRefusal) {
        while true {
            let count = archive_read_data(source, piece.baseAddress, piece.count)
            guard count >= 0 else { throw Self.refusal(source) }
            guard count > 0 else { return }
            unpackedBytes += count
            guard unpackedBytes < limits.unpackedBytesMax else { throw ArchiveRefusal.tooLarge }
            let beyond = unpackedBytes - limits.ratioFloorBytes
            guard beyond <= 0 || unpackedBytes / limits.ratioMax <= packedBytes else {
                throw ArchiveRefusal.notReadable(reason: "it unpacks to far more than its size")
            }
            try sink.data(UnsafeRawBufferPointer(rebasing: piece[..<count]))
        }
    }

    // MARK: libarchive's numbers

    private static let fileType: UInt32 = 0o100000
    private static let folderType: UInt32 = 0o040000
    private static let linkType: UInt32 = 0o120000

    private static func name(of entry: OpaquePointer) -> [UInt8] {
        let name = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry)
        return name.map { Array(String(cString: $0).utf8) } ?? []
    }

    private static func refusal(_ source: OpaquePointer) -> ArchiveRefusal {
        let words = archive_error_string(source).map { String(cString: $0) }
        return .notReadable(reason: words ?? "it is damaged")
    }
}
