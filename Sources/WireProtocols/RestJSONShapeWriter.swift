// SPDX-License-Identifier: Apache-2.0
// Typed structures to a whole HTTP reply: status, headers and a JSON or raw body.

import Basics
import WireModel

/// A JSON writer that takes bound members of the outermost structure out of the document.
final class RestJSONShapeWriter: JSONShapeWriter {
    private enum Target {
        case document
        case header(String)
        case prefixHeader(String)
        case status
        case payload
    }

    private(set) var headers: [(name: String, value: String)] = []
    private(set) var status: Int?
    /// A raw body; `nil` when the document is the body.
    private(set) var payload: [UInt8]?
    private var target = Target.document
    private var list: [String]?
    private var hasPayloadMember = false

    /// The body of the reply.
    var body: [UInt8] {
        if let payload { return payload }
        guard hasPayloadMember else { return bytes }
        return document ?? []
    }
    /// A payload that is a structure: its document, cut out of the outer one.
    private var document: [UInt8]?

    override func beginStructure(_ shape: StructureShape) {
        if frames.isEmpty { hasPayloadMember = shape.payloadIndex != nil }
        super.beginStructure(shape)
    }

    override func member(_ index: Int) {
        guard frames.count == 1, let member = frames[0].structure?.members[index] else {
            return super.member(index)
        }
        current = member.type
        switch member.location {
        case .header: target = .header(member.wireName)
        case .prefixHeaders: target = .prefixHeader(member.wireName)
        case .statusCode: target = .status
        case .payload where member.type.kind == .structure || member.type.kind == .document:
            target = .document
            bytes = []
        case .payload: target = .payload
        default:
            target = .document
            super.member(index)
        }
    }

    override func endStructure() {
        super.endStructure()
        if frames.count == 1, hasPayloadMember { document = bytes }
    }

    private var isInDocument: Bool {
        guard case .document = target else { return false }
        return true
    }

    private func take(_ text: @autoclosure () -> String) -> Bool {
        switch target {
        case .document: return false
        case .header(let name):
            if list != nil { list?.append(text()) } else { headers.append((name, text())) }
        case .prefixHeader(let name): headers.append((name, text()))
        case .status: status = Int(text())
        case .payload: payload = Array(text().utf8)
        }
        return true
    }

    override func beginList(_ count: Int) {
        guard !isInDocument else { return super.beginList(count) }
        list = []
    }

    override func element() { if isInDocument { super.element() } }

    override func endList() {
        guard case .header(let name) = target else { return super.endList() }
        headers.append((name, (list ?? []).joined(separator: ", ")))
        list = nil
    }

    override func beginMap(_ count: Int) { if isInDocument { super.beginMap(count) } }

    override func key(_ key: String) {
        switch target {
        case .document: super.key(key)
        case .prefixHeader(let name):
            let prefix = prefixName ?? name
            prefixName = prefix
            target = .prefixHeader(prefix + key)
        default: break
        }
    }

    private var prefixName: String?

    override func endMap() {
        prefixName = nil
        if isInDocument { super.endMap() }
    }

    override func string(_ value: String) { if !take(value) { super.string(value) } }
    override func boolean(_ value: Bool) {
        if !take(value ? "true" : "false") { super.boolean(value) }
    }
    override func long(_ value: Int64) { if !take(String(value)) { super.long(value) } }
    override func double(_ value: Double) {
        if !take(ScalarText.text(value)) { super.double(value) }
    }

    override func blob(_ value: [UInt8]) {
        if case .payload = target {
            payload = value
        } else if !take(Base64Bytes.text(value)) {
            super.blob(value)
        }
    }

    override func timestamp(_ value: Timestamp) {
        let format = current?.timestampFormat ?? .httpDate
        if !take(ScalarText.text(value, format)) { super.timestamp(value) }
    }
}
