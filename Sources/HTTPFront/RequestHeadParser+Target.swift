// SPDX-License-Identifier: Apache-2.0
// The four forms of a request target (RFC 9112, 3.2). Only split, never decoded or normalised.

extension RequestHeadParser.Target {
    init(
        _ range: Range<Int>, of bytes: UnsafeRawBufferPointer, method: HTTPMethod
    ) throws(HTTPRejection) {
        if method == .other("CONNECT") {
            throw HTTPRejection(status: 501, reason: "CONNECT is not offered")
        }
        if bytes[range.lowerBound] == UInt8(ascii: "/") {
            self.init(pathAndQuery: range, of: bytes)
        } else if range.count == 1, bytes[range.lowerBound] == UInt8(ascii: "*") {
            guard method == .options else { throw .malformed("`*` is for OPTIONS only") }
            self.init(path: range)
        } else {
            try self.init(absolute: range, of: bytes)
        }
    }

    private init(pathAndQuery range: Range<Int>, of bytes: UnsafeRawBufferPointer) {
        guard let mark = bytes[range].firstIndex(of: UInt8(ascii: "?")) else {
            self.init(path: range)
            return
        }
        self.init(path: range.lowerBound..<mark, query: mark + 1..<range.upperBound)
    }

    private init(
        absolute range: Range<Int>, of bytes: UnsafeRawBufferPointer
    ) throws(HTTPRejection) {
        let target = UnsafeRawBufferPointer(rebasing: bytes[range])
        let scheme =
            target.hasPrefix("http://") ? 7 : target.hasPrefix("https://") ? 8 : 0
        guard scheme > 0 else { throw .malformed("bad request target") }
        let start = range.lowerBound + scheme
        let end =
            bytes[start..<range.upperBound].firstIndex {
                $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?")
            } ?? range.upperBound
        guard Authority.isLawful(UnsafeRawBufferPointer(rebasing: bytes[start..<end])) else {
            throw .malformed("bad authority in the request target")
        }
        self.init(pathAndQuery: end..<range.upperBound, of: bytes)
        authority = start..<end
        // An empty path means `/`; the scheme's own slash lends its byte.
        if path.isEmpty { path = start - 1..<start }
    }
}

/// The `host[:port]` of a target or a `Host` field.
enum Authority {
    /// Whether it is non-empty and holds no character that could end it or smuggle another.
    static func isLawful(_ bytes: UnsafeRawBufferPointer) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                // Unreserved marks, IPv6 brackets, the port's colon; no `@`, so no user name.
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
                    UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "%"):
                    true
                default: false
                }
            }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes begin with this lower-case ASCII text, in any case.
    fileprivate func hasPrefix(_ text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount
            && UnsafeRawBufferPointer(rebasing: self[..<text.utf8CodeUnitCount]).equals(text)
    }
}
