// SPDX-License-Identifier: Apache-2.0
// What the engine's tests share: faults at the engine's seam and folders that go away.

import Foundation
import RocksStorage
import StorageTesting
import Synchronization

/// Answers the engine's question whether a step shall fail.
final class RocksFaults: StoreFaults {
    private struct Switches {
        var sync = false
        var write = false
        var full = false
    }

    private let switches = Mutex(Switches())
    private let held = Atomic<Bool>(false)

    func answer(_ step: RocksStep) -> String? {
        if step == .sync {
            while held.load(ordering: .acquiring) { sched_yield() }
        }
        return switches.withLock { switches in
            switch step {
            case .sync:
                defer { switches.sync = false }
                return switches.sync ? "IO error: injected sync failure" : nil
            case .write:
                defer { switches.write = false }
                return switches.write ? "IO error: injected write failure" : nil
            case .reserve: return switches.full ? "full" : nil
            case .open: return nil
            }
        }
    }

    func failNextSync() { switches.withLock { $0.sync = true } }
    func failNextWrite() { switches.withLock { $0.write = true } }
    func holdSyncs() { held.store(true, ordering: .releasing) }
    func releaseSyncs() { held.store(false, ordering: .releasing) }
    func setFull(_ full: Bool) { switches.withLock { $0.full = full } }
}

/// A folder of one test.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-store-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A copy of everything as it is on disk now: what the end of the process would leave.
    func copy() throws -> TemporaryDirectory {
        let copy = try TemporaryDirectory()
        let files = FileManager.default
        for name in try files.subpathsOfDirectory(atPath: path).sorted() {
            // The engine removes files that it needs no more while this runs.
            guard let kind = try? files.attributesOfItem(atPath: file(name))[.type] else {
                continue
            }
            if kind as? FileAttributeType == .typeDirectory {
                try files.createDirectory(
                    atPath: copy.file(name), withIntermediateDirectories: true)
            } else {
                try? files.copyItem(atPath: file(name), toPath: copy.file(name))
            }
        }
        return copy
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// The write-ahead log files, oldest first.
    func logs() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path + "/store")
            .filter { $0.hasSuffix(".log") }.sorted().map { path + "/store/" + $0 }
    }
}
