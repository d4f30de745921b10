// SPDX-License-Identifier: Apache-2.0
// How RocksDB is set up. Why each choice was made stands beside it.

/// What an operator may set.
package struct RocksConfiguration: Sendable {
    /// Whether an acknowledged commit survives a power cut or only the end of the process.
    package enum Durability: Sendable {
        /// Synced before it is acknowledged.
        case synced
        /// Handed to the operating system, never synced.
        case relaxed
    }

    /// The data directory; created with mode 0700.
    package var directory: String
    package var durability = Durability.synced
    /// Below this much free space nothing that adds data is admitted.
    package var reserveBytes: UInt64 = 64 << 20
    /// Above this many bytes accepted and not yet synced, `admit` waits.
    package var unsyncedBytesMax = 32 << 20
    /// Above this many waiting calls, `admit` waits.
    package var waitersMax = 16_384
    package var memtableBytes = 8 << 20
    package var blockCacheBytes = 32 << 20
    /// Bytes at which a table ends and the next begins.
    package var tableBytes = 32 << 20
    /// Opens although synced commits are missing; they are lost then.
    package var acceptsMissingCommits = false
    /// Asked before each step that can fail; a text makes it fail.
    ///
    /// For tests.
    package var fault: (@Sendable (RocksStep) -> String?)?

    package init(directory: String) { self.directory = directory }
}

/// Steps of the engine at which a test can put a fault.
package enum RocksStep: Sendable {
    case write
    case sync
    case open
    /// A text means that the reserve is used up.
    case reserve
}

extension RocksConfiguration {
    /// Options in RocksDB's own text form, which reaches what its C interface has no setter for.
    func text(recovering: Bool) -> String {
        [
            "create_if_missing=true",
            // Records wait in memory for the committer, which writes and syncs them as a group.
            "manual_wal_flush=\(durability == .synced)",
            // A torn unsynced tail must not stop the store; `Watermark` tells damage from it.
            "wal_recovery_mode=kPointInTimeRecovery",
            // After a failed sync the page cache cannot be trusted: what was read back is then
            // written out anew. Otherwise opening costs reading the log and no more.
            "avoid_flush_during_recovery=\(!recovering)",
            // Any background error ends writing until the store is reopened from disk.
            "max_bgerror_resume_count=0",
            // Writes are serialised by our lock: a write group never has two members.
            "allow_concurrent_memtable_write=false",
            "enable_write_thread_adaptive_yield=false",
            "write_buffer_size=\(memtableBytes)",
            "max_write_buffer_number=6",
            "max_background_jobs=2",
            "max_open_files=512",
            "max_file_opening_threads=1",
            "skip_stats_update_on_db_open=true",
            "skip_checking_sst_file_sizes_on_db_open=true",
            "bytes_per_sync=1048576",
            // Old files are removed in the background, not while the store opens.
            "avoid_unnecessary_blocking_io=true",
            // Preallocated log space would count against a small disk.
            "allow_fallocate=false",
            "stats_dump_period_sec=0",
            "stats_persist_period_sec=0",
            // Its own log takes one header per opening and nothing later: on a full disk a second
            // line after one that failed ends the process, as Debian's library is built with
            // assertions. Errors reach us by their texts.
            "info_log_level=FATAL_LEVEL",
            "keep_log_file_num=2",
            "max_manifest_file_size=4194304",
            "target_file_size_base=\(tableBytes)",
            "max_bytes_for_level_base=134217728",
            // A queue's header sorts before its messages, so that every table of the first level
            // overlaps the whole queue below, which is written anew each time: that is done for as
            // many tables at once as make a level's worth.
            "level0_file_num_compaction_trigger=16",
            "level0_slowdown_writes_trigger=32",
            "level0_stop_writes_trigger=48",
            "level_compaction_dynamic_level_bytes=true",
            "compression=kNoCompression",
            "bottommost_compression=kLZ4Compression",
            "block_based_table_factory={block_cache=\(blockCacheBytes);block_size=8192;"
                + "filter_policy=bloomfilter:10:false;format_version=5;checksum=kXXH3;"
                + "cache_index_and_filter_blocks=true;"
                + "pin_l0_filter_and_index_blocks_in_cache=true}",
        ].joined(separator: ";")
    }
}
