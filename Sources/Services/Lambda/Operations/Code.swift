// SPDX-License-Identifier: Apache-2.0
// Taking in a function's code: what a request may bring it as, checks, and the blob.

import Basics
import LambdaWire
import ServiceKit
import Storage
import WireModel

/// A checked archive that is kept.
struct AcceptedCode: Sendable {
    let hash: BlobHash
    let bytes: Int64
}

extension LambdaService {
    /// The archive in a request; other sources of code are refused by name before.
    func archive(_ zipFile: [UInt8]?, operation: String) throws(ServiceFault) -> [UInt8] {
        guard let zipFile else {
            throw LambdaFaults.invalid("Please provide a source for function code.")
        }
        guard zipFile.count <= limits.zippedBytesMax else {
            let encoded = (limits.zippedBytesMax + 2) / 3 * 4
            throw LambdaFaults.requestTooLarge(encoded, operation: operation)
        }
        return zipFile
    }

    /// Checks an archive and keeps it; durable when this returns.
    func keep(_ archive: [UInt8]) async throws -> AcceptedCode {
        try await check(archive)
        let hash = try await world.blobs.put(archive)
        do {
            // Unpacked now, so that the first invocation finds it there.
            _ = try await ports.code.directory(of: hash)
        } catch let refusal as CodeRefusal {
            throw LambdaFaults.code(refusal, limits: limits)
        }
        return AcceptedCode(hash: hash, bytes: Int64(archive.count))
    }

    func check(_ archive: [UInt8]) async throws {
        do {
            try await ports.code.validate(archive)
        } catch {
            throw LambdaFaults.code(error, limits: limits)
        }
    }
}
