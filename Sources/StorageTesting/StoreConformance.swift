// SPDX-License-Identifier: Apache-2.0
// The list of what every engine must do. The cases themselves lie beside this file by subject.

package import Storage

/// An engine under test, fresh and empty.
package struct StoreSubject: Sendable {
    package let store: any Store
    /// `nil` for an engine that cannot fail.
    package let faults: (any StoreFaults)?

    package init(_ store: any Store, faults: (any StoreFaults)? = nil) {
        self.store = store
        self.faults = faults
    }
}

/// One promise of the store's interface.
package struct StoreCase: Sendable, CustomStringConvertible {
    package let name: String
    /// Whether the case needs `faults`.
    package let needsFaults: Bool
    package let run: @Sendable (StoreSubject) async throws -> Void

    init(
        _ name: String, needsFaults: Bool = false,
        _ run: @escaping @Sendable (StoreSubject) async throws -> Void
    ) {
        self.name = name
        self.needsFaults = needsFaults
        self.run = run
    }

    package var description: String { name }
}

/// A promise that an engine did not keep.
package struct ConformanceFailure: Error, CustomStringConvertible {
    package let description: String
}

/// The suite.
package enum StoreConformance {
    package static var cases: [StoreCase] {
        reading + transactions + durability + faults
    }

    /// Throws unless `condition` holds.
    static func expect(_ condition: Bool, _ promise: String) throws {
        if !condition { throw ConformanceFailure(description: promise) }
    }

    static func equal<Value: Equatable>(
        _ found: Value, _ expected: Value, _ promise: String
    ) throws {
        if found != expected {
            throw ConformanceFailure(description: "\(promise): found \(found), not \(expected)")
        }
    }

    /// Throws unless `body` throws `expected`.
    static func refuses(
        _ promise: String, with expected: (StoreError) -> Bool, _ body: () async throws -> Void
    ) async throws {
        do {
            try await body()
        } catch let error as StoreError where expected(error) {
            return
        } catch {
            throw ConformanceFailure(description: "\(promise): threw \(error)")
        }
        throw ConformanceFailure(description: "\(promise): was not refused")
    }

    static func key(_ parts: String...) -> StoreKey {
        var encoder = KeyEncoder(.test)
        for part in parts { encoder = encoder.string(part) }
        return encoder.key
    }

    static func number(_ value: UInt64) -> StoreKey { KeyEncoder(.test).unsigned(value).key }

    static func put(_ store: any Store, _ key: StoreKey, _ value: [UInt8]) throws {
        var batch = WriteBatch()
        batch.put(key: key, value: value)
        try store.apply(batch)
    }

    static let everything = KeyRange(kind: .test)
}
