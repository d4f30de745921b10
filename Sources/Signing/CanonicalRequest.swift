// SPDX-License-Identifier: Apache-2.0
// The canonical request of Signature Version 4, built in one buffer of bytes.

import Basics
import Crypto

/// Builds canonical requests.
package enum CanonicalRequest {
    /// The bytes that a signature covers.
    package static func bytes(
        of request: some SignableRequest, signedHeaders: [String], payloadHash: String,
        pathRules: SigningPathRules
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(1024)
        output.append(contentsOf: request.method.utf8)
        output.append(newline)
        appendPath(request.rawPath, rules: pathRules, to: &output)
        output.append(newline)
        appendQuery(request.rawQuery, to: &output)
        output.append(newline)
        for name in signedHeaders {
            output.append(contentsOf: name.utf8)
            output.append(UInt8(ascii: ":"))
            for (position, value) in request.values(ofHeader: name).enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                appendTrimmed(value, to: &output)
            }
            output.append(newline)
        }
        output.append(newline)
        for (position, name) in signedHeaders.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ";")) }
            output.append(contentsOf: name.utf8)
        }
        output.append(newline)
        output.append(contentsOf: payloadHash.utf8)
        return output
    }

    private static let newline = UInt8(ascii: "\n")
    private static let slash = UInt8(ascii: "/")

    private static func appendPath(
        _ path: String, rules: SigningPathRules, to output: inout [UInt8]
    ) {
        var bytes = Array(path.utf8)
        if rules.isNormalized { bytes = normalized(bytes) }
        if bytes.isEmpty { bytes = [slash] }
        if !rules.isEncodedTwice { bytes = URIEncoding.decode(bytes) }
        URIEncoding.append(bytes, keepingSlash: true, to: &output)
    }

    /// Resolves `.` and `..` and repeated slashes; a slash at the end stays.
    private static func normalized(_ path: [UInt8]) -> [UInt8] {
        var kept: [ArraySlice<UInt8>] = []
        var endsInDirectory = false
        for segment in path.split(separator: slash) {
            endsInDirectory = false
            if segment.elementsEqual(".".utf8) {
                endsInDirectory = true
            } else if segment.elementsEqual("..".utf8) {
                _ = kept.popLast()
                endsInDirectory = true
            } else {
                kept.append(segment)
            }
        }
        var output: [UInt8] = [slash]
        output.append(contentsOf: kept.joined(separator: [slash]))
        if path.last == slash || endsInDirectory, output.last != slash { output.append(slash) }
        return output
    }

    /// Pairs decoded, encoded again and sorted by name, then value.
    private static func appendQuery(_ query: String, to output: inout [UInt8]) {
        guard !query.isEmpty else { return }
        var pairs: [(name: [UInt8], value: [UInt8])] = []
        for pair in query.utf8.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            var name: [UInt8] = []
            var value: [UInt8] = []
            URIEncoding.append(
                URIEncoding.decode(pair[..<equals]), keepingSlash: false, to: &name)
            if equals < pair.endIndex {
                URIEncoding.append(
                    URIEncoding.decode(pair[pair.index(after: equals)...]), keepingSlash: false,
                    to: &value)
            }
            pairs.append((name, value))
        }
        pairs.sort { left, right in
            left.name == right.name
                ? left.value.lexicographicallyPrecedes(right.value)
                : left.name.lexicographicallyPrecedes(right.name)
        }
        for (position, pair) in pairs.enumerated() {
            if position > 0 { output.append(UInt8(ascii: "&")) }
            output.append(contentsOf: pair.name)
            output.append(UInt8(ascii: "="))
            output.append(contentsOf: pair.value)
        }
    }

    /// A header's value without white space around it and with single spaces inside.
    private static func appendTrimmed(_ value: String, to output: inout [UInt8]) {
        var isPending = false
        var hasText = false
        for byte in value.utf8 {
            if byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) {
                isPending = hasText
                continue
            }
            if isPending { output.append(0x20) }
            isPending = false
            hasText = true
            output.append(byte)
        }
    }
}
