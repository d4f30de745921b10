// SPDX-License-Identifier: Apache-2.0
// Names and links that an archive may and may not hold.

import Testing

@testable import CodeArchive

@Suite struct EntryPathTests {
    private let limits = ArchiveLimits()

    @Test(arguments: [
        ("a.py", "a.py"), ("./a.py", "a.py"), ("a//b/./c", "a/b/c"), ("lib/", "lib"),
        ("..a/b..", "..a/b.."), ("ü/é.txt", "ü/é.txt"),
    ])
    func reads(_ name: String, _ path: String) throws {
        #expect(try EntryPath.reading(Array(name.utf8), limits)?.text == path)
    }

    @Test func theRootIsNoPath() throws {
        #expect(try EntryPath.reading(Array("./".utf8), limits) == nil)
    }

    @Test(arguments: [
        "", "/etc/passwd", "..", "../a", "a/../../b", "a/..", "a\0b",
        String(repeating: "a", count: 256), String(repeating: "a/", count: 600),
    ])
    func refuses(_ name: String) {
        #expect(throws: ArchiveRefusal.self) {
            try EntryPath.reading(Array(name.utf8), limits)
        }
    }

    @Test func refusesNamesThatAreNotUTF8() {
        #expect(throws: ArchiveRefusal.self) { try EntryPath.reading([0x61, 0xFF], limits) }
    }

    @Test(arguments: [
        ("bin/tool", "../lib/tool.js", true), ("a", "b", true), ("a/b/c", "../../d", true),
        ("a", "../b", false), ("a/b", "../../etc", false), ("a", "/etc/passwd", false),
        ("a/b/c", "d/../../../x", false), ("a/b", "c/..", false), ("a", "", false),
    ])
    func judgesLinks(_ path: String, _ target: String, _ stays: Bool) throws {
        let path = try #require(try EntryPath.reading(Array(path.utf8), limits))
        #expect(path.holds(linkTo: target) == stays)
    }

    private func path(_ text: String) throws -> EntryPath {
        try #require(try EntryPath.reading(Array(text.utf8), limits))
    }

    @Test func namesTheFoldersAboveOnce() throws {
        var table = EntryTable(limits)
        #expect(try table.take(path("a/b/c.py"), as: .file) == ["a", "a/b"])
        #expect(try table.take(path("a/b/d.py"), as: .file) == [])
        #expect(try table.take(path("a"), as: .folder) == [])
    }

    @Test(arguments: [
        ("a.py", EntryTable.Kind.file, "a.py", EntryTable.Kind.file),
        ("a", .file, "a/b", .file), ("a", .link, "a/b", .file), ("a", .link, "a", .file),
        ("a", .folder, "a", .file), ("a", .file, "a", .folder), ("a/b", .file, "a", .link),
    ])
    func refusesTwoThingsInOnePlace(
        _ first: String, _ firstKind: EntryTable.Kind, _ second: String,
        _ secondKind: EntryTable.Kind
    ) throws {
        var table = EntryTable(limits)
        _ = try table.take(path(first), as: firstKind)
        #expect(throws: ArchiveRefusal.self) { try table.take(path(second), as: secondKind) }
    }

    @Test func refusesTooManyEntries() throws {
        var few = ArchiveLimits()
        few.entriesMax = 2
        var table = EntryTable(few)
        _ = try table.take(path("a"), as: .file)
        _ = try table.take(path("b"), as: .file)
        #expect(throws: ArchiveRefusal.self) { try table.take(path("c"), as: .file) }
    }
}
