// SPDX-License-Identifier: Apache-2.0
// The addresses under which functions' code may be fetched without further permission. They are
// not durable: like AWS's they soon end, and a restart ends them all.

import Basics
import Storage
import Synchronization

/// Addresses given out with the archives they lead to.
///
/// An address is a random name: a hash would not do, since whoever may list functions sees it.
final class CodeLinks: Sendable {
    /// AWS's presigned address is good for ten minutes.
    static let secondsMax: Int64 = 600
    /// Beyond this the oldest address ends early.
    static let countMax = 4096

    private struct Link: Sendable {
        let hash: BlobHash
        let expiresAt: Timestamp
    }

    private struct State: Sendable {
        var links: [String: Link] = [:]
        /// Names in order of issue; a full ring gives up the one at `next`.
        var names: [String] = []
        var next = 0
    }

    private let state = Mutex(State())

    /// A new address's name.
    func issue(_ hash: BlobHash, at now: Timestamp, _ entropy: any Entropy) -> String {
        let name = Hex.encode(entropy.bytes(32))
        let link = Link(hash: hash, expiresAt: now.adding(seconds: Self.secondsMax))
        state.withLock { state in
            state.links[name] = link
            if state.names.count < Self.countMax {
                state.names.append(name)
            } else {
                state.links[state.names[state.next]] = nil
                state.names[state.next] = name
                state.next = (state.next + 1) % Self.countMax
            }
        }
        return name
    }

    /// What an address leads to; `nil` where there is none or its time is up.
    func hash(_ name: String, at now: Timestamp) -> BlobHash? {
        state.withLock { state in
            guard let link = state.links[name], now < link.expiresAt else { return nil }
            return link.hash
        }
    }
}
