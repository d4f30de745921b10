// SPDX-License-Identifier: Apache-2.0
// What SQS accepts as a message: characters, attributes, sizes, identifiers.

import Basics
import SQSWire
import WireModel

/// A message as a send or a batch entry gives it.
struct MessageInput {
    var body: String
    var delaySeconds: Int32?
    var attributes: [String: SQS.MessageAttributeValue]?
    var systemAttributes: [SQS.MessageSystemAttributeNameForSends: SQS.MessageSystemAttributeValue]?
    var deduplicationID: String?
    var groupID: String?

    /// What counts against limits and is billed: body and attributes.
    var sizeBytes: Int { body.utf8.count + Self.sizeBytes(of: attributes) }

    static func sizeBytes(of attributes: [String: SQS.MessageAttributeValue]?) -> Int {
        guard let attributes else { return 0 }
        return attributes.reduce(0) { total, attribute in
            let value = attribute.value
            let valueBytes = value.stringValue?.utf8.count ?? value.binaryValue?.count ?? 0
            return total + attribute.key.utf8.count + value.dataType.utf8.count + valueBytes
        }
    }
}

enum MessageValidation {
    /// XML 1.0 characters: `#x9 | #xA | #xD | #x20–#xD7FF | #xE000–#xFFFD | #x10000–#x10FFFF`.
    static func checkCharacters(_ text: String) throws {
        var text = text
        let isLegal = text.withUTF8 { bytes in
            var position = 0
            while position < bytes.count {
                if isPlainWord(bytes, at: position) {
                    position += 8
                    continue
                }
                defer { position += 1 }
                let byte = bytes[position]
                if byte < 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D { return false }
                // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
                if byte == 0xEF, position + 2 < bytes.count, bytes[position + 1] == 0xBF,
                    bytes[position + 2] >= 0xBE
                {
                    return false
                }
            }
            return true
        }
        guard isLegal else {
            throw SQS.Faults.invalidMessageContents(
                message: "Invalid characters found. Valid unicode characters are "
                    + "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")
        }
    }

    /// Whether eight bytes from here on are all ASCII and none is a control character.
    private static func isPlainWord(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Bool {
        guard position + 8 <= bytes.count, let base = UnsafeRawPointer(bytes.baseAddress) else {
            return false
        }
        let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        // A high bit comes up for a byte below 0x20, through a borrow, or for one above 0x7F.
        return (word | word &- 0x2020_2020_2020_2020) & 0x8080_8080_8080_8080 == 0
    }

    /// The attributes in name order, checked.
    static func attributes(
        _ given: [String: SQS.MessageAttributeValue]?, limits: SQSLimits
    ) throws -> [MessageAttribute] {
        guard let given, !given.isEmpty else { return [] }
        guard given.count <= limits.messageAttributesMax else {
            throw SQSFaults.invalidParameter(
                "Number of message attributes [\(given.count)] exceeds the allowed maximum "
                    + "[\(limits.messageAttributesMax)].")
        }
        var attributes: [MessageAttribute] = []
        for name in given.keys.sorted() {
            guard let value = given[name] else { continue }
            try checkName(name)
            guard value.stringListValues?.isEmpty ?? true, value.binaryListValues?.isEmpty ?? true
            else {
                throw SQSFaults.invalidParameter(
                    "Message attribute list values in SendMessage operation are not supported.")
            }
            attributes.append(
                try attribute(
                    name, type: value.dataType, string: value.stringValue,
                    binary: value.binaryValue))
        }
        return attributes
    }

    /// The one system attribute a sender may set.
    static func traceHeader(
        _ given: [SQS.MessageSystemAttributeNameForSends: SQS.MessageSystemAttributeValue]?
    ) throws -> MessageAttribute? {
        guard let given, !given.isEmpty else { return nil }
        guard given.count == 1, let value = given[.awsTraceHeader] else {
            throw SQSFaults.invalidParameter(
                "Message system attribute name is invalid. The only supported one is "
                    + "AWSTraceHeader.")
        }
        let attribute = try attribute(
            "AWSTraceHeader", type: value.dataType, string: value.stringValue,
            binary: value.binaryValue)
        guard attribute.dataType == "String" else {
            throw SQSFaults.invalidParameter(
                "Message system attribute 'AWSTraceHeader' must be of type 'String'.")
        }
        return attribute
    }

    private static func attribute(_ name: String, type: String, string: String?, binary: [UInt8]?)
        throws -> MessageAttribute
    {
        let kind = type.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)[0]
        guard type.utf8.count <= 256, kind == "String" || kind == "Number" || kind == "Binary"
        else {
            throw SQSFaults.invalidParameter(
                "The message attribute '\(name)' has an invalid message attribute type, the set "
                    + "of supported type prefixes is Binary, Number, and String.")
        }
        if kind == "Binary" {
            guard string == nil, let binary, !binary.isEmpty else { throw empty(name, kind) }
            return MessageAttribute(name: name, dataType: type, value: .binary(binary))
        }
        guard binary == nil, let string, !string.isEmpty else { throw empty(name, kind) }
        try checkCharacters(string)
        if kind == "Number", !isNumber(string) {
            throw SQSFaults.invalidParameter(
                "Can't cast the value of message (user) attribute '\(name)' to a number.")
        }
        return MessageAttribute(name: name, dataType: type, value: .string(string))
    }

    private static func empty(_ name: String, _ kind: Substring) -> ServiceFault {
        SQSFaults.invalidParameter(
            "Message (user) attribute '\(name)' must contain a non-empty value of type "
                + "'\(kind)'.")
    }

    private static func isNumber(_ text: String) -> Bool {
        guard text.utf8.count <= 128, let value = Double(text) else { return false }
        return value.isFinite
            && text.utf8.allSatisfy { byte in
                (byte >= 0x30 && byte <= 0x39) || byte == 0x2B || byte == 0x2D || byte == 0x2E
                    || byte | 0x20 == 0x65
            }
    }

    private static func checkName(_ name: String) throws {
        let isLegal = name.utf8.allSatisfy(isNameByte)
        let lowered = name.lowercased()
        guard isLegal, (1...256).contains(name.utf8.count), !name.hasPrefix("."),
            !name.hasSuffix("."), !name.contains(".."), !lowered.hasPrefix("aws."),
            !lowered.hasPrefix("amazon.")
        else {
            throw SQSFaults.invalidParameter(
                "Message (user) attribute name can only contain alphanumeric characters, "
                    + "hyphens, underscores and periods, must not start or end with a period or "
                    + "with AWS. or Amazon., and be 1 to 256 characters long: \(name)")
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
            || byte == 0x2D || byte == 0x2E || byte == 0x5F
    }

    /// 1 to 128 letters, digits and ASCII punctuation.
    static func checkIdentifier(_ value: String, _ name: String) throws {
        guard (1...128).contains(value.utf8.count),
            value.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw SQSFaults.invalidValue(
                value, name,
                "\(name) can only include alphanumeric and punctuation characters. "
                    + "1 to 128 in length.")
        }
    }

    /// Up to 80 letters, digits, hyphens and underscores.
    static func checkBatchID(_ id: String) throws {
        let isLegal = id.utf8.allSatisfy { isNameByte($0) && $0 != 0x2E }
        guard isLegal, (1...80).contains(id.utf8.count) else {
            throw SQS.Faults.invalidBatchEntryId(
                message: "A batch entry id can only contain alphanumeric characters, hyphens and "
                    + "underscores. It can be at most 80 letters long.")
        }
    }

    /// The rules common to all batches.
    static func checkBatch(_ ids: [String], entry: String, limits: SQSLimits) throws {
        guard !ids.isEmpty else {
            throw SQS.Faults.emptyBatchRequest(
                message: "There should be at least one \(entry) in the request.")
        }
        guard ids.count <= limits.batchEntriesMax else {
            throw SQS.Faults.tooManyEntriesInBatchRequest(
                message: "Maximum number of entries per request are \(limits.batchEntriesMax). "
                    + "You have sent \(ids.count).")
        }
        var seen: Set<String> = []
        for id in ids {
            try checkBatchID(id)
            guard seen.insert(id).inserted else {
                throw SQS.Faults.batchEntryIdsNotDistinct(message: "Id \(id) repeated.")
            }
        }
    }
}
