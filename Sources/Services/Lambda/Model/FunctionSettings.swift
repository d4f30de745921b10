// SPDX-License-Identifier: Apache-2.0
// What one version of a function is: its configuration and its code.

package import Basics
package import Storage

/// Configuration and code of `$LATEST` or of a published version.
package struct FunctionSettings: Sendable, Hashable {
    /// `$LATEST` or a number.
    package var version = FunctionSettings.latestVersion
    package var runtime: String
    package var handler: String
    package var role: String
    package var description = ""
    package var timeoutSeconds = 3
    package var memoryMegabytes = 128
    package var ephemeralStorageMegabytes = 512
    package var environment: [String: String] = [:]
    /// A queue's ARN.
    package var deadLetterTarget: String?
    package var codeHash: BlobHash
    package var codeBytes: Int64
    package var architecture = "x86_64"
    package var tracingMode = "PassThrough"
    package var kmsKeyARN: String?
    /// `nil` takes `/aws/lambda/<name>`.
    package var logGroup: String?
    /// Changes with every change and is never used again.
    package var revisionID: String
    package var modifiedAt: Timestamp

    package static let latestVersion = "$LATEST"

    package init(
        runtime: String, handler: String, role: String, codeHash: BlobHash, codeBytes: Int64,
        revisionID: String, modifiedAt: Timestamp
    ) {
        self.runtime = runtime
        self.handler = handler
        self.role = role
        self.codeHash = codeHash
        self.codeBytes = codeBytes
        self.revisionID = revisionID
        self.modifiedAt = modifiedAt
    }

    /// SHA-256 of the archive in Base64, as AWS shows it.
    package var codeSHA256: String { Base64.encode(codeHash.bytes) }

    package var environmentSorted: [(name: String, value: String)] {
        environment.keys.sorted().map { ($0, environment[$0] ?? "") }
    }

    /// Whether publishing `other` after this version would make an equal one.
    package func isSameContent(as other: FunctionSettings) -> Bool {
        var mine = self
        mine.version = other.version
        mine.description = other.description
        mine.revisionID = other.revisionID
        mine.modifiedAt = other.modifiedAt
        return mine == other
    }

    /// A copy that will not change: version `number` of the function.
    package func published(
        as number: UInt64, description: String?, revisionID: String, at time: Timestamp
    ) -> FunctionSettings {
        var copy = self
        copy.version = String(number)
        copy.description = description ?? self.description
        copy.revisionID = revisionID
        copy.modifiedAt = time
        return copy
    }

    /// `2026-11-24T07:24:45.123+0000`.
    package static func lastModified(_ time: Timestamp) -> String {
        String(time.iso8601(fraction: true).dropLast()) + "+0000"
    }
}

/// A function: its `$LATEST` and what all versions share.
package struct FunctionRecord: Sendable {
    package let name: FunctionName
    /// Made at creation; a function created anew under the same name has another.
    package let identity: String
    package var latest: FunctionSettings
    /// Highest version number ever published.
    package var lastVersion: UInt64 = 0
    package var tags: [String: String] = [:]
    package var reservedConcurrency: Int?
    /// The commit that wrote this record; zero before it was stored.
    package var storedAt = StoreVersion.zero

    package init(name: FunctionName, identity: String, latest: FunctionSettings) {
        self.name = name
        self.identity = identity
        self.latest = latest
    }
}

/// A version of a function as an invocation meets it.
package struct ResolvedFunction: Sendable {
    package let function: FunctionRecord
    package let settings: FunctionSettings
    /// As the caller wrote it.
    package let qualifier: String?
    /// What was read to find it.
    package let version: StoreVersion

    package var name: FunctionName { function.name }
    package var qualifiedARN: String { name.arn(qualifier: qualifier) }
}
