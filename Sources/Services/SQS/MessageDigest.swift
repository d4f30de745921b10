// SPDX-License-Identifier: Apache-2.0
// The MD5 checksums by which clients verify what SQS received and hands out (SQS Developer
// Guide, "Calculating the MD5 message digest for message attributes"). Not used for security.

import Basics
import Crypto

/// MD5 of bodies and attributes.
enum MessageDigest {
    static func md5(_ text: String) -> [UInt8] {
        var text = text
        return text.withUTF8 { bytes in
            Array(Insecure.MD5.hash(data: UnsafeRawBufferPointer(bytes)))
        }
    }

    /// Hexadecimal digest of attributes in name order; `nil` for none.
    static func hexadecimal(of attributes: [MessageAttribute]) -> String? {
        guard !attributes.isEmpty else { return nil }
        var hash = Insecure.MD5()
        for attribute in attributes {
            add(Array(attribute.name.utf8), to: &hash)
            add(Array(attribute.dataType.utf8), to: &hash)
            switch attribute.value {
            case .string(let text):
                hash.update(data: [1])
                add(Array(text.utf8), to: &hash)
            case .binary(let bytes):
                hash.update(data: [2])
                add(bytes, to: &hash)
            }
        }
        return Hex.encode(hash.finalize())
    }

    /// SHA-256 of a body in hexadecimal: the deduplication id of content-based deduplication.
    static func contentDeduplicationID(_ body: String) -> String {
        var body = body
        return body.withUTF8 { bytes in
            Hex.encode(SHA256.hash(data: UnsafeRawBufferPointer(bytes)))
        }
    }

    private static func add(_ bytes: [UInt8], to hash: inout Insecure.MD5) {
        withUnsafeBytes(of: UInt32(clamping: bytes.count).bigEndian) {
            hash.update(bufferPointer: $0)
        }
        hash.update(data: bytes)
    }
}
