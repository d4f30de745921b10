// SPDX-License-Identifier: Apache-2.0
// The names in a folder.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum FolderList {
    /// Every name in `directory`, sorted; none when it cannot be read.
    static func names(_ directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            withUnsafeBytes(of: entry.pointee.d_name) { raw in
                names.append(String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self))
            }
        }
        return names.sorted()
    }
}
