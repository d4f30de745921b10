// SPDX-License-Identifier: Apache-2.0
// Looks for interpreters on the machine. Blocking; runs on the launcher's thread.

import CSandbox
import Glibc

/// Finds the interpreters of a family.
struct InterpreterSearch: Sendable {
    let folders: [String]
    let versionFolders: [String]

    /// Every interpreter of the family, in order of preference.
    func all(_ family: RuntimeFamily) -> [Interpreter] {
        switch family {
        case .python: pythons()
        case .node: nodes()
        case .provided, .unknown: []
        }
    }

    private var searched: [String] {
        folders
            + versionFolders.flatMap { root in
                SmallFile.names(in: root).map { "\(root)/\($0)/bin" }
            }
    }

    private func pythons() -> [Interpreter] {
        var found: [Interpreter] = []
        for folder in searched {
            for name in SmallFile.names(in: folder) where name.hasPrefix("python3.") {
                guard let minor = Int(name.dropFirst(8)), let path = real("\(folder)/\(name)")
                else { continue }
                found.append(Interpreter(path: path, version: minor, prefix: prefix(path)))
            }
        }
        return found
    }

    private func nodes() -> [Interpreter] {
        var found: [Interpreter] = []
        for folder in searched {
            guard let path = real("\(folder)/node") ?? real("\(folder)/nodejs"),
                !found.contains(where: { $0.path == path }), let major = nodeMajor(path)
            else { continue }
            found.append(Interpreter(path: path, version: major, prefix: prefix(path)))
        }
        return found
    }

    /// The file behind links; `nil` for what is not a program or is a shim's script.
    private func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        let target = String(cString: resolved)
        guard SmallFile.isExecutable(target),
            SmallFile.read(target, limit: 4)?.hasPrefix("#!") == false
        else { return nil }
        return target
    }

    /// The installation root of `<root>/bin/<program>`, `nil` where the system's folders hold it.
    private func prefix(_ path: String) -> String? {
        let parts = path.split(separator: "/")
        guard parts.count >= 3 else { return nil }
        let root = "/" + parts.dropLast(2).joined(separator: "/")
        return root == "/usr" ? nil : root
    }

    /// `v20.20.2` out of the program's own mouth.
    private func nodeMajor(_ path: String) -> Int? {
        var ends: [Int32] = [0, 0]
        guard csandbox_pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        let plan = LaunchPlan(
            program: path, arguments: [path, "--version"], environment: [],
            descriptors: [ends[1], ends[1], ends[1]])
        let process = try? Launcher.spawn(plan)
        close(ends[1])
        guard let process else { return nil }
        defer { _ = ProcessExit.wait(process.exitDescriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(ends[0], &bytes, bytes.count)
        guard count > 1, bytes[0] == UInt8(ascii: "v") else { return nil }
        return Int(
            String(decoding: bytes[1..<count].prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self))
    }
}
