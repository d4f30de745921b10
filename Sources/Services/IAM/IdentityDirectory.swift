// SPDX-License-Identifier: Apache-2.0
// The look-ups that every request makes: whose is this access key, and what may its holder do.
// Answers come from a cache that every change of IAM empties.

import Basics
package import IdentityAccess
package import ServiceKit
import Storage
import Synchronization

/// Credentials and policies by request.
///
/// Every answer rests on durable state: a cache is filled only after what was read is durable.
package final class IdentityDirectory: PolicySource, CredentialSource {
    private struct Cache {
        var generation: UInt64 = 0
        /// How often the store had been reopened when the cache was begun; records may have gone
        /// back since.
        var reopenings: UInt64 = 0
        var credentials: [String: IssuedCredential] = [:]
        var policies: [Principal: EffectivePolicies] = [:]
    }

    /// More entries than this empty a cache, which bounds its memory.
    private static let entriesMax = 4096

    private let store: any Store
    private let cache = Mutex(Cache())

    init(store: any Store) { self.store = store }

    /// Empties the cache; called after every change.
    func forget() {
        cache.withLock { cache in
            cache.generation += 1
            cache.credentials.removeAll(keepingCapacity: true)
            cache.policies.removeAll(keepingCapacity: true)
        }
    }

    /// The credential with this access key id, expired ones for a while; `nil` when there is none.
    nonisolated(nonsending)
        package func credential(_ accessKeyID: String) async throws -> IssuedCredential?
    {
        let generation = current()
        if let known = cache.withLock({ $0.credentials[accessKeyID] }) { return known }
        let (found, version) = try await store.transact { transaction in
            try await transaction.credential(accessKeyID)
        }
        try await store.durable(version)
        guard let found else { return nil }
        keep(generation) { $0.credentials[accessKeyID] = found }
        return found
    }

    /// The policies that bear on a principal; none for roots, services and anonymous callers.
    nonisolated(nonsending)
        package func policies(for principal: Principal) async throws -> EffectivePolicies
    {
        switch principal {
        case .root, .service, .anonymous: return .none
        case .user, .role: break
        }
        let generation = current()
        if let known = cache.withLock({ $0.policies[principal] }) { return known }
        let (found, version) = try await store.transact { transaction in
            try await transaction.policies(for: principal)
        }
        try await store.durable(version)
        keep(generation) { $0.policies[principal] = found }
        return found
    }

    /// The cache's generation, after dropping what a reopened store may have taken back.
    private func current() -> UInt64 {
        let reopenings = store.counters.reopenings
        return cache.withLock { cache in
            if cache.reopenings != reopenings {
                cache = Cache(generation: cache.generation + 1, reopenings: reopenings)
            }
            return cache.generation
        }
    }

    /// Keeps an answer unless something changed since its reading began.
    private func keep(_ generation: UInt64, _ store: (inout Cache) -> Void) {
        cache.withLock { cache in
            guard cache.generation == generation else { return }
            if cache.credentials.count + cache.policies.count >= Self.entriesMax {
                cache.credentials.removeAll()
                cache.policies.removeAll()
            }
            store(&cache)
        }
    }
}

extension StoreReader {
    /// The credential with this access key id, whoever issued it.
    nonisolated(nonsending)
        fileprivate func credential(_ id: String) async throws -> IssuedCredential?
    {
        let sessionKey = SessionRecord.key(id)
        if let value = try await get(sessionKey) {
            let session = try SessionRecord(KeyValue(key: sessionKey, value: value))
            return IssuedCredential(
                accessKeyID: id, secretAccessKey: session.secret, sessionToken: session.token,
                expiration: session.expiresAt, principal: session.principal, isActive: true)
        }
        let key = AccessKeyRecord.key(id)
        guard let value = try await get(key) else { return nil }
        let record = try AccessKeyRecord(KeyValue(key: key, value: value))
        var principal = Principal.root(record.account)
        if let name = record.userName {
            guard let user = try await entityIfAny(.user, record.account, name) else { return nil }
            principal = .user(user.userPrincipal)
        }
        return IssuedCredential(
            accessKeyID: id, secretAccessKey: record.secret, sessionToken: nil, expiration: nil,
            principal: principal, isActive: record.isActive)
    }

    /// The policies of a user or role session; one that is gone, or was made anew, has none.
    nonisolated(nonsending)
        fileprivate func policies(for principal: Principal) async throws -> EffectivePolicies
    {
        switch principal {
        case .root, .service, .anonymous: return .none
        case .user(let user):
            guard let entity = try await entityIfAny(.user, user.account, user.name),
                entity.id == user.id
            else { return .none }
            return try await policies(of: entity)
        case .role(let session):
            guard let entity = try await entityIfAny(.role, session.account, session.roleName),
                entity.id == session.roleID
            else { return .none }
            var policies = try await policies(of: entity)
            if let id = session.accessKeyID {
                policies.session = try await sessionPolicies(id)
            }
            return policies
        }
    }

    nonisolated(nonsending)
        private func sessionPolicies(_ accessKeyID: String) async throws -> [NamedPolicy]?
    {
        let key = SessionRecord.key(accessKeyID)
        guard let value = try await get(key) else { return [] }
        let session = try SessionRecord(KeyValue(key: key, value: value))
        guard let texts = session.policyTexts else { return nil }
        var policies: [NamedPolicy] = []
        for text in texts {
            policies.append(
                NamedPolicy(
                    name: "session policy", document: try PolicyDocument.parse(text, as: .session)))
        }
        for arn in session.policyARNs {
            if let policy = try await managedPolicy(arn) { policies.append(policy) }
        }
        return policies
    }
}

extension EntityRecord {
    /// The principal a user acts as.
    var userPrincipal: UserPrincipal {
        UserPrincipal(account: account, path: path, name: name, id: id)
    }
}
