// SPDX-License-Identifier: Apache-2.0
// Reading the policies that clients put, and the forms in which they are counted and given back.

import Basics
import IdentityAccess
import WireModel

extension PolicyDocument {
    /// Reads a policy or refuses it with IAM's fault.
    static func checked(_ text: String, as usage: Usage) throws(ServiceFault) -> PolicyDocument {
        do {
            return try parse(text, as: usage)
        } catch {
            throw IAMFault.malformed(error)
        }
    }
}

extension String {
    /// Characters that count towards a policy's quota: all but white space.
    var policyCharacters: Int {
        unicodeScalars.count { !$0.properties.isWhitespace }
    }

    /// Percent-encoded, as IAM gives policy documents back (RFC 3986).
    var percentEncoded: String {
        var output: [UInt8] = []
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                output.append(byte)
            default:
                output.append(UInt8(ascii: "%"))
                for digit in [byte >> 4, byte & 0xF] {
                    output.append(
                        digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
                }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
