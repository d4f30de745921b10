// SPDX-License-Identifier: Apache-2.0
// Where an entry may go: rules on names and on what symbolic links say. Pure; nothing here
// touches a disk.

/// A path below the root that an archive is unpacked to.
struct EntryPath: Hashable, Sendable {
    /// Never empty, `.`, `..`, or with a slash in it.
    let components: [String]

    var text: String { components.joined(separator: "/") }

    /// Reads an entry's name; `nil` stands for the root itself (`./`).
    ///
    /// Throws for names that are absolute, lead out, hold a zero byte or are too long.
    static func reading(_ name: [UInt8], _ limits: ArchiveLimits) throws(ArchiveRefusal)
        -> EntryPath?
    {
        func refuse(_ reason: String) -> ArchiveRefusal { .notReadable(reason: reason) }
        guard !name.isEmpty, name.count <= limits.pathBytesMax else {
            throw refuse("a name is empty or too long")
        }
        guard !name.contains(0) else { throw refuse("a name holds a zero byte") }
        guard name.first != UInt8(ascii: "/") else { throw refuse("a path is absolute") }
        guard let text = String(validating: name, as: UTF8.self) else {
            throw refuse("a name is not UTF-8")
        }
        var components: [String] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: true) where part != "." {
            guard part != ".." else { throw refuse("a path leads out") }
            guard part.utf8.count <= limits.nameBytesMax else { throw refuse("a name is too long") }
            components.append(String(part))
        }
        return components.isEmpty ? nil : EntryPath(components: components)
    }

    /// Whether a link at this path that points to `target` stays inside.
    ///
    /// `..` counts only at the beginning, and only up to the root: the folders a link lies in are
    /// never links themselves, but what it passes through later may be, and `..` would go on from
    /// where that leads.
    func holds(linkTo target: String) -> Bool {
        guard !target.isEmpty, !target.hasPrefix("/"), !target.utf8.contains(0) else {
            return false
        }
        var climbs = 0
        var hasDescended = false
        for part in target.split(separator: "/", omittingEmptySubsequences: true) where part != "."
        {
            if part == ".." {
                guard !hasDescended else { return false }
                climbs += 1
            } else {
                hasDescended = true
            }
        }
        return climbs < components.count
    }
}

/// Which paths an archive has taken, and as what.
struct EntryTable {
    enum Kind: Equatable {
        case folder
        case file
        case link
    }

    private var kinds: [String: Kind] = [:]
    private var count = 0
    private let limits: ArchiveLimits

    init(_ limits: ArchiveLimits) { self.limits = limits }

    /// Takes `path`; throws if it, or a folder it needs, is something else already.
    ///
    /// Returns the folders above it that are new, outermost first.
    mutating func take(_ path: EntryPath, as kind: Kind) throws(ArchiveRefusal) -> [String] {
        count += 1
        guard count <= limits.entriesMax else {
            throw ArchiveRefusal.notReadable(reason: "too many entries")
        }
        var folders: [String] = []
        var prefix = ""
        for component in path.components.dropLast() {
            prefix = prefix.isEmpty ? component : "\(prefix)/\(component)"
            switch kinds[prefix] {
            case .folder: break
            case nil:
                kinds[prefix] = .folder
                folders.append(prefix)
            case .file, .link:
                throw ArchiveRefusal.notReadable(reason: "a path goes through a file or link")
            }
        }
        switch (kinds[path.text], kind) {
        case (nil, _): kinds[path.text] = kind
        case (.folder, .folder): break
        default: throw ArchiveRefusal.notReadable(reason: "two entries have one name")
        }
        return folders
    }
}
