// SPDX-License-Identifier: Apache-2.0
// When keys and roles were last used. AWS tells it by the hour or so; we write once an hour for
// each key and service, so that using a key does not cost a write.

package import Basics
import Chronology
import IdentityAccess
package import ServiceKit
import Storage
import Synchronization

/// Remembers which uses have been written already.
final class LastUseLedger: Sendable {
    private struct Use: Hashable {
        let key: StoreKey
        let service: String
        let region: String
    }

    /// How old a written use may be before it is written again.
    private static let graceSeconds: Int64 = 3600
    private static let entriesMax = 4096

    private let written = Mutex<[Use: Timestamp]>([:])

    /// Whether a use is to be written; remembers it as written.
    func isDue(_ key: StoreKey, service: String, region: String, at time: Timestamp) -> Bool {
        let use = Use(key: key, service: service, region: region)
        return written.withLock { written in
            if let last = written[use], time < last.adding(seconds: Self.graceSeconds) {
                return false
            }
            if written.count >= Self.entriesMax { written.removeAll() }
            written[use] = time
            return true
        }
    }
}

extension IAMService: CredentialUses {
    /// Notes that an issued credential was used for a call to `service` in `region`.
    ///
    /// For the edge, after the signature has been verified. Most uses end at the ledger; the
    /// others are not waited for, and a store that refuses one is no reason to refuse the call.
    package func noteUse(of credential: IssuedCredential, service: String, region: Region) {
        let now = world.clock.now()
        let key: StoreKey
        switch credential.principal {
        case .role(let session): key = LastUseRecord.key(ofRole: session.roleID)
        case .user, .root:
            guard credential.sessionToken == nil else { return }
            key = LastUseRecord.key(ofAccessKey: credential.accessKeyID)
        case .service, .anonymous: return
        }
        guard uses.isDue(key, service: service, region: region.description, at: now) else {
            return
        }
        var batch = WriteBatch()
        let record = LastUseRecord(time: now, service: service, region: region.description)
        batch.put(key: key, value: record.record)
        world.background.run { [store = world.store, batch] in
            do {
                try await store.admitted(bytes: batch.byteCount)
                try store.apply(batch)
            } catch {
                return
            }
        }
    }
}
