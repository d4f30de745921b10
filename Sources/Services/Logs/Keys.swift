// SPDX-License-Identifier: Apache-2.0
// The keys of log groups, their streams and their events.

import Basics
import Storage

/// A log group's full name.
struct LogGroupName: Hashable, Sendable {
    let account: AccountID
    let region: Region
    let name: String

    /// Groups of an account and region, sorted by name.
    static func directory(account: AccountID, region: Region, prefix: String) -> KeyEncoder {
        KeyEncoder(.logsGroup).string(account.description).string(region.description)
            .rawTail(prefix.utf8)
    }

    var key: StoreKey { Self.directory(account: account, region: region, prefix: name).key }

    /// The ARN that names the group itself.
    var arn: String {
        ARN(
            service: "logs", region: region, account: account, resource: "log-group:\(name)"
        ).description
    }

    /// The ARN of a stream; with an empty name that by which IAM judges calls about the group.
    func streamARN(_ stream: String) -> String { "\(arn):log-stream:\(stream)" }
}

/// The keys under one group's number.
///
/// Events lie in chunks in order of time across the group's streams, because FilterLogEvents and
/// tails read that way and retention then cuts off one end; an index entry per chunk gives a
/// single stream's order. All keys start with the number, so deleting a group is three ranges.
struct LogGroupKeys: Sendable {
    /// The version of the commit that created the group: never used again.
    let group: UInt64

    private enum Part: UInt8 {
        case name = 0
        case lastEvent = 1
        case bytes = 2
    }

    /// Counters of stored bytes, so that puts to different streams seldom conflict.
    static let byteCounters: UInt64 = 16

    // MARK: Streams

    func streams(prefix: String) -> KeyRange { part(.name).rawTail(prefix.utf8).prefix }

    func stream(_ name: String) -> StoreKey { part(.name).rawTail(name.utf8).key }

    func streamName(_ key: StoreKey) -> String {
        String(decoding: key.bytes.dropFirst(10), as: UTF8.self)
    }

    /// Streams by the time of their last event; those without come first.
    var streamsByTime: KeyRange { part(.lastEvent).prefix }

    func streamByTime(_ lastEvent: Int64?, _ name: String) -> StoreKey {
        part(.lastEvent).signed(lastEvent ?? -1).rawTail(name.utf8).key
    }

    func streamByTimeName(_ key: StoreKey) -> String {
        String(decoding: key.bytes.dropFirst(18), as: UTF8.self)
    }

    // MARK: Counters

    var byteCounts: KeyRange { part(.bytes).prefix }

    func byteCount(of stream: UInt64) -> StoreKey {
        part(.bytes).byte(UInt8(stream % Self.byteCounters)).key
    }

    // MARK: Events

    /// Chunks whose first event lies in `times`.
    func chunks(_ times: Range<Int64>) -> KeyRange {
        KeyRange(
            from: KeyEncoder(.logsChunk).unsigned(group).signed(times.lowerBound).key,
            to: KeyEncoder(.logsChunk).unsigned(group).signed(times.upperBound).key)
    }

    func newChunk(first: Int64, ordinal: Int) -> StampedKey? {
        KeyEncoder(.logsChunk).unsigned(group).signed(first).versionStamp()
            .unsigned16(UInt16(truncatingIfNeeded: ordinal)).stampedKey
    }

    func chunk(_ place: ChunkPlace) -> StoreKey {
        KeyEncoder(.logsChunk).unsigned(group).signed(place.first).version(place.version)
            .unsigned16(place.ordinal).key
    }

    /// Index entries of a stream's chunks whose first event lies in `times`.
    func index(_ stream: UInt64, _ times: Range<Int64>) -> KeyRange {
        let base = KeyEncoder(.logsEvent).unsigned(group).unsigned(stream)
        return KeyRange(
            from: base.signed(times.lowerBound).key, to: base.signed(times.upperBound).key)
    }

    func newIndexEntry(_ stream: UInt64, first: Int64, ordinal: Int) -> StampedKey? {
        KeyEncoder(.logsEvent).unsigned(group).unsigned(stream).signed(first).versionStamp()
            .unsigned16(UInt16(truncatingIfNeeded: ordinal)).stampedKey
    }

    func indexEntry(_ stream: UInt64, _ place: ChunkPlace) -> StoreKey {
        KeyEncoder(.logsEvent).unsigned(group).unsigned(stream).signed(place.first)
            .version(place.version).unsigned16(place.ordinal).key
    }

    // MARK: Deleting

    /// Everything of the group but its own record.
    var all: [KeyRange] {
        [
            KeyEncoder(.logsStream).unsigned(group).prefix,
            KeyEncoder(.logsEvent).unsigned(group).prefix,
            KeyEncoder(.logsChunk).unsigned(group).prefix, purges,
        ]
    }

    /// Streams of the group that are gone while their events are still being deleted.
    var purges: KeyRange { Self.purge.unsigned(group).prefix }

    func purge(_ stream: UInt64) -> StoreKey { Self.purge.unsigned(group).unsigned(stream).key }

    /// The same of all groups; no group has the number 0.
    static var allPurges: KeyRange { purge.prefix }

    private static var purge: KeyEncoder { KeyEncoder(.logsStream).unsigned(0) }

    private func part(_ part: Part) -> KeyEncoder {
        KeyEncoder(.logsStream).unsigned(group).byte(part.rawValue)
    }
}

/// Where a chunk lies in its group: what follows the group's or stream's number in its keys.
struct ChunkPlace: Hashable, Sendable {
    let first: Int64
    let version: StoreVersion
    let ordinal: UInt16

    init(chunk key: StoreKey) throws(StoreError) {
        var decoder = try KeyDecoder(key, kind: .logsChunk)
        _ = try decoder.unsigned()
        try self.init(&decoder)
    }

    init(index key: StoreKey) throws(StoreError) {
        var decoder = try KeyDecoder(key, kind: .logsEvent)
        _ = try decoder.unsigned()
        _ = try decoder.unsigned()
        try self.init(&decoder)
    }

    private init(_ decoder: inout KeyDecoder) throws(StoreError) {
        first = try decoder.signed()
        version = try decoder.version()
        ordinal = try decoder.unsigned16()
        try decoder.end()
    }
}
