// SPDX-License-Identifier: Apache-2.0
// The journal's segment files: written in groups behind the requests, awaited by nobody. A crash
// may lose what was not written yet; causes of messages and invocations are in the store.

import Basics
import Chronology
import Journal
import NIOPosix

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Appends records to bounded files and reads them back at the next start.
///
/// A file is a run of records, each after its length in four bytes, big-endian. A torn or damaged
/// record ends what is read of its file.
final class JournalFiles: Sendable {
    private static let segmentBytesMax = 8 << 20
    private static let segmentsMax = 8
    /// Records of earlier runs that are shown again after a start.
    private static let restoredMax = 8_192
    private static let pauseNanoseconds: UInt64 = 100_000_000

    private let folder: String
    private let journal: Journal
    private let physical: any PhysicalTime
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let end = WakeTicket()
    private let done = WakeTicket()

    init(folder: String, journal: Journal, physical: any PhysicalTime) {
        self.folder = folder
        self.journal = journal
        self.physical = physical
        pool.start()
    }

    /// Reads the last run's records, then writes new ones until `stop`.
    func run() async {
        let folder = folder
        let earlier = try? await pool.runIfActive { Self.read(folder) }
        if let earlier { journal.restore(earlier) }
        var writer = SegmentWriter(folder: folder)
        var mark = journal.mark
        while true {
            let ticket = WakeTicket()
            journal.follow(ticket)
            let (records, next) = journal.records(after: mark)
            if records.isEmpty, end.isWoken { break }
            if records.isEmpty {
                await ticket.wait()
                await pause()
                continue
            }
            mark = next
            let before = writer
            let written = try? await pool.runIfActive { () -> SegmentWriter in
                var current = before
                current.append(records)
                return current
            }
            guard let written else { break }
            writer = written
            if !end.isWoken { await pause() }
        }
        writer.close()
        try? await pool.shutdownGracefully()
        done.wake()
    }

    /// Lets `run` write what there is; returns at its end.
    func stop() async {
        end.wake()
        journal.wakeFollowers()
        await done.wait()
    }

    /// Gathers a group: many requests share one write.
    private func pause() async {
        let ticket = WakeTicket()
        let timer = physical.after(nanoseconds: Self.pauseNanoseconds) { ticket.wake() }
        await ticket.wait()
        timer.cancel()
    }

    // MARK: Files

    /// Segment files' numbers in order.
    private static func segments(_ folder: String) -> [Int] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var numbers: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".journal"), let number = Int(name.dropLast(8)) {
                numbers.append(number)
            }
        }
        return numbers.sorted()
    }

    private static func path(_ folder: String, _ number: Int) -> String {
        "\(folder)/\(number).journal"
    }

    private static func read(_ folder: String) -> [JournalRecord] {
        var records: [JournalRecord] = []
        for number in segments(folder).reversed() {
            records = decode(contents(path(folder, number))) + records
            if records.count >= restoredMax { break }
        }
        return Array(records.suffix(restoredMax))
    }

    private static func contents(_ path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: segmentBytesMax + (1 << 20))
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            guard got > 0 else { break }
            count += got
        }
        return Array(bytes[..<count])
    }

    private static func decode(_ bytes: [UInt8]) -> [JournalRecord] {
        var records: [JournalRecord] = []
        var position = 0
        while position + 4 <= bytes.count {
            let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            guard position + 4 + length <= bytes.count,
                let record = JournalRecord(
                    stored: Array(bytes[position + 4..<position + 4 + length]))
            else { break }
            records.append(record)
            position += 4 + length
        }
        return records
    }

    /// The file being written; used by one thread at a time.
    private struct SegmentWriter: Sendable {
        let folder: String
        private var descriptor: Int32 = -1
        private var number = 0
        private var bytes = 0

        init(folder: String) { self.folder = folder }

        mutating func append(_ records: [JournalRecord]) {
            if descriptor < 0 || bytes > segmentBytesMax { openNext() }
            guard descriptor >= 0 else { return }
            var output: [UInt8] = []
            for record in records {
                let stored = record.stored
                for shift in [24, 16, 8, 0] {
                    output.append(UInt8(truncatingIfNeeded: stored.count >> shift))
                }
                output += stored
            }
            bytes += output.count
            // A full disk costs the journal its lines and nobody anything else.
            output.withUnsafeBytes { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }

        mutating func openNext() {
            close()
            mkdir(folder, 0o700)
            let numbers = segments(folder)
            number = (numbers.last ?? 0) + 1
            for old in numbers.dropLast(segmentsMax - 1) { unlink(path(folder, old)) }
            descriptor = open(
                path(folder, number), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            bytes = 0
        }

        mutating func close() {
            if descriptor >= 0 { Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
