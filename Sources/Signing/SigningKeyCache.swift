// SPDX-License-Identifier: Apache-2.0
// Signing keys by secret and scope. Deriving one takes four HMACs; a client uses the same one all
// day.

import Crypto
import Synchronization

/// A bounded cache of derived signing keys, safe from any thread.
package final class SigningKeyCache: Sendable {
    private struct Key: Hashable {
        let secret: String
        let date: String
        let region: String
        let service: String
    }

    private let keys = Mutex<[Key: SymmetricKey]>([:])
    private let countMax: Int

    /// A cache that empties itself when it would exceed `countMax` keys.
    package init(countMax: Int = 1024) { self.countMax = countMax }

    func key(
        secret: String, date: String, region: String, service: String
    ) -> SymmetricKey {
        let name = Key(secret: secret, date: date, region: region, service: service)
        if let known = keys.withLock({ $0[name] }) { return known }
        let derived = Self.derive(name)
        keys.withLock { keys in
            if keys.count >= countMax { keys.removeAll(keepingCapacity: true) }
            keys[name] = derived
        }
        return derived
    }

    private static func derive(_ name: Key) -> SymmetricKey {
        var key = SymmetricKey(data: Array("AWS4\(name.secret)".utf8))
        for part in [name.date, name.region, name.service, "aws4_request"] {
            let code = HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key)
            key = SymmetricKey(data: Array(code))
        }
        return key
    }
}
