// SPDX-License-Identifier: Apache-2.0
// Measures the durable engine alone: CPU and rate of durable commits, opening, memory.
//
//     StoreBenchmark commit DIRECTORY WAITERS COUNT   durable single puts of 1.1 KB
//     StoreBenchmark fill DIRECTORY COUNT             that many records, then ends without closing
//     StoreBenchmark open DIRECTORY                   opening and the first read
//     StoreBenchmark probe DIRECTORY                  commits numbered records and says which
//     StoreBenchmark audit DIRECTORY                  prints the numbers of those that are there

import Foundation
import RocksStorage
import Storage

struct Usage {
    let wall = Date().timeIntervalSince1970
    let cpu: Double

    init() {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}

func residentKiB(_ field: String) -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix(field) } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
}

func commitMany(_ store: RocksStore, waiters: Int, count: Int) async throws {
    let value = [UInt8](repeating: 0x61, count: 1100)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<waiters {
            group.addTask {
                for step in 0..<count / waiters {
                    var batch = WriteBatch()
                    batch.put(
                        key: KeyEncoder(.test).unsigned32(UInt32(worker)).unsigned(UInt64(step))
                            .key, value: value)
                    try await store.commit(batch)
                }
            }
        }
        try await group.waitForAll()
    }
}

func fill(_ store: RocksStore, count: Int) async throws {
    let value = [UInt8](repeating: 0x62, count: 1100)
    for start in stride(from: 0, to: count, by: 64) {
        var batch = WriteBatch()
        for position in start..<min(count, start + 64) {
            batch.put(key: KeyEncoder(.testIndex).unsigned(UInt64(position)).key, value: value)
        }
        while true {
            do {
                try await store.admitted(bytes: batch.byteCount)
                try store.apply(batch)
                break
            } catch StoreError.overloaded {
                await Task.yield()
            }
        }
    }
    try await store.durable(store.latestVersion)
}

/// Eight writers that commit rising numbers until the process is killed, whatever happens.
func probe(_ store: RocksStore) async throws {
    let value = [UInt8](repeating: 0x63, count: 1100)
    let started = UInt64(Date().timeIntervalSince1970 * 1_000_000)
    try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in 0..<8 as Range<UInt64> {
            group.addTask {
                for step in 0..<UInt64.max {
                    let number = started + step * 8 + worker
                    var batch = WriteBatch()
                    batch.put(key: KeyEncoder(.test).unsigned(number).key, value: value)
                    var word = "refused"
                    do {
                        try await store.admitted(bytes: batch.byteCount)
                        let version = try store.apply(batch)
                        word = "failed"
                        try await store.durable(version)
                        word = "acked"
                    } catch StoreError.failed(let reason) {
                        FileHandle.standardError.write(Data("\(reason)\n".utf8))
                        // An apply that failed in the engine may still have reached the log.
                        word = "failed"
                        try? await Task.sleep(for: .milliseconds(20))
                    } catch {
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                    let line = Array("\(word) \(number)\n".utf8)
                    _ = write(1, line, line.count)
                }
            }
        }
        try await group.waitForAll()
    }
}

func audit(_ store: RocksStore) async throws {
    var pages = store.pages(KeyRange(kind: .test), size: 1000)
    while let page = try await pages.next() {
        for pair in page {
            var decoder = try KeyDecoder(pair.key, kind: .test)
            print(try decoder.unsigned())
        }
    }
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("usage: StoreBenchmark commit|fill|open DIRECTORY [WAITERS] [COUNT]")
    exit(2)
}
let number = { (index: Int) in arguments.count > index ? Int(arguments[index]) ?? 0 : 0 }
let begin = Usage()
let store = try RocksStore.open(RocksConfiguration(directory: arguments[2]))
let opened = Usage()
switch arguments[1] {
case "commit":
    let count = number(4)
    try await commitMany(store, waiters: number(3), count: count / 10)
    let start = Usage()
    let before = store.counters
    try await commitMany(store, waiters: number(3), count: count)
    let end = Usage()
    let syncs = store.counters.syncs - before.syncs
    print(
        "waiters \(number(3)): \(Int(Double(count) / (end.wall - start.wall))) commits/s,",
        "\((end.cpu - start.cpu) * 1e6 / Double(count)) µs CPU each,",
        "\(Double(count) / Double(max(1, syncs))) a sync, resident \(residentKiB("VmRSS")) KiB")
    await store.close()
case "fill":
    try await fill(store, count: number(3))
    let end = Usage()
    print("filled \(number(3)) in \(end.wall - opened.wall) s, \(store.counters)")
    exit(0)
case "probe": try await probe(store)
case "audit":
    try await audit(store)
    await store.close()
default:
    let first = try await store.range(KeyRange(kind: .testIndex), limit: 10)
    let end = Usage()
    print(
        "open \((opened.wall - begin.wall) * 1000) ms, first read \((end.wall - opened.wall) * 1000)",
        "ms (\(first.count) records), resident \(residentKiB("VmRSS")) KiB,",
        "anonymous \(residentKiB("RssAnon")) KiB")
    if number(3) == 1 { await store.close() }
    exit(0)
}
