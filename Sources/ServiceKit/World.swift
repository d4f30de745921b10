// SPDX-License-Identifier: Apache-2.0
// What every service of one world shares. No statics: a process may hold several worlds.

package import Basics
package import Chronology
package import Journal
package import Storage

/// The ground that the services of one world stand on.
package final class World: Sendable {
    package let store: any Store
    package let blobs: any BlobStore
    package let clock: VirtualClock
    package let entropy: any Entropy
    package let journal: Journal
    package let background: Background

    package init(
        store: any Store, blobs: any BlobStore, clock: VirtualClock, entropy: any Entropy,
        journal: Journal, background: Background
    ) {
        self.store = store
        self.blobs = blobs
        self.clock = clock
        self.entropy = entropy
        self.journal = journal
        self.background = background
    }
}
