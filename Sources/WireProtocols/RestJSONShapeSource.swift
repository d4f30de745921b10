// SPDX-License-Identifier: Apache-2.0
// Typed structures from a whole HTTP request: labels, query, headers and a JSON or raw body.

import Basics
import WireModel

/// A JSON source whose outermost structure also has members bound to other parts of the request.
final class RestJSONShapeSource: JSONShapeSource {
    private enum Bound {
        case text(String)
        case list([String])
        case map([(key: String, value: String)])
        case payload
    }

    private let request: WireRequest
    /// Bound members still to come, last first.
    private var pending: [(index: Int, value: Bound)] = []
    /// The bound member being read.
    private var active: Bound?
    private var activeText: String?
    private var hasObject = false
    private var isRawPayload = false

    /// More query parameters than any operation takes.
    private static let parametersMax = 1000

    init(_ request: WireRequest, body: UnsafeBufferPointer<UInt8>) {
        self.request = request
        super.init(body)
    }

    override func finish() throws(WireReadError) {
        guard !isRawPayload else { return }
        try super.finish()
    }

    // MARK: The outermost structure

    override func openStructure(_ shape: StructureShape, depth: Int) throws(WireReadError) {
        guard depth == 1 else { return try super.openStructure(shape, depth: depth) }
        let query = Array(request.query.utf8)
        guard let pairs = PercentText.pairs(of: query, countMax: Self.parametersMax) else {
            throw WireReadError("The query of the URI is malformed")
        }
        for (index, member) in shape.members.enumerated().reversed() {
            if let value = bound(member, shape, pairs) { pending.append((index, value)) }
        }
        let takesBody = shape.members.contains { $0.location == .body }
        if let payload = shape.payloadIndex {
            let kind = shape.members[payload].type.kind
            isRawPayload = kind == .blob || kind == .string
        } else if !request.body.isEmpty, takesBody {
            hasObject = true
            try super.openStructure(shape, depth: depth)
        } else {
            // A body that the operation has no use for is not looked at.
            isRawPayload = true
        }
    }

    private func bound(
        _ member: MemberShape, _ shape: StructureShape, _ pairs: [(name: String, value: String)]
    ) -> Bound? {
        switch member.location {
        case .body, .statusCode: return nil
        case .label: return request.labels[member.wireName].map(Bound.text)
        case .payload: return request.body.isEmpty ? nil : .payload
        case .header:
            guard let value = request.headers.first(member.wireName.lowercased()) else {
                return nil
            }
            return member.type.kind == .list ? .list(Self.items(of: value)) : .text(value)
        case .prefixHeaders:
            let prefix = member.wireName.lowercased()
            let fields = request.headers.all.filter { $0.name.lowercased().hasPrefix(prefix) }
            guard !fields.isEmpty else { return nil }
            return .map(fields.map { (String($0.name.dropFirst(prefix.count)), $0.value) })
        case .query:
            if member.type.kind == .map {
                let taken = Set(shape.members.filter { $0.location == .query }.map(\.wireName))
                let rest = pairs.filter { !taken.contains($0.name) }
                return rest.isEmpty ? nil : .map(rest.map { ($0.name, $0.value) })
            }
            let values = pairs.filter { $0.name == member.wireName }.map(\.value)
            guard let last = values.last else { return nil }
            return member.type.kind == .list ? .list(values) : .text(last)
        }
    }

    private static func items(of header: String) -> [String] {
        header.split(separator: ",").map { item in
            var text = item[...]
            while let first = text.first, first == " " || first == "\"" { text.removeFirst() }
            while let last = text.last, last == " " || last == "\"" { text.removeLast() }
            return String(text)
        }
    }

    override func advanceMember(of shape: StructureShape, depth: Int) throws(WireReadError) -> Int {
        guard depth == 1 else { return try super.advanceMember(of: shape, depth: depth) }
        active = nil
        activeText = nil
        guard let next = pending.popLast() else {
            return hasObject ? try super.advanceMember(of: shape, depth: depth) : -1
        }
        switch next.value {
        case .text(let text): activeText = text
        case .payload where !isRawPayload: break
        case let value: active = value
        }
        return next.index
    }

    // MARK: Lists and maps of text

    private var items: [(key: String, value: String)] = []

    override func openList(_ type: TypeShape) throws(WireReadError) {
        guard case .list(let values)? = active else { return try super.openList(type) }
        items = values.reversed().map { ("", $0) }
    }

    override func advanceElement() throws(WireReadError) -> Bool {
        guard case .list? = active else { return try super.advanceElement() }
        activeText = items.popLast()?.value
        return activeText != nil
    }

    override func openMap(_ type: TypeShape) throws(WireReadError) {
        guard case .map(let pairs)? = active else { return try super.openMap(type) }
        items = pairs.reversed()
    }

    override func advanceKey(of type: TypeShape) throws(WireReadError) -> String? {
        guard case .map? = active else { return try super.advanceKey(of: type) }
        guard let next = items.popLast() else { return nil }
        activeText = next.value
        return next.key
    }

    // MARK: Scalars

    override func readString() throws(WireReadError) -> String {
        if let activeText { return activeText }
        guard case .payload? = active else { return try super.readString() }
        guard let text = String(validating: request.body, as: UTF8.self) else {
            throw WireReadError("The request body is not valid UTF-8")
        }
        return text
    }

    override func readBlob() throws(WireReadError) -> [UInt8] {
        if let activeText { return try ScalarText.blob(activeText) }
        guard case .payload? = active else { return try super.readBlob() }
        return request.body
    }

    override func readBoolean() throws(WireReadError) -> Bool {
        guard let activeText else { return try super.readBoolean() }
        return try ScalarText.boolean(activeText)
    }

    override func readInteger(_ range: ClosedRange<Int64>) throws(WireReadError) -> Int64 {
        guard let activeText else { return try super.readInteger(range) }
        return try ScalarText.integer(activeText, range)
    }

    override func readDouble() throws(WireReadError) -> Double {
        guard let activeText else { return try super.readDouble() }
        return try ScalarText.double(activeText)
    }

    override func readTimestamp() throws(WireReadError) -> Timestamp {
        guard let activeText else { return try super.readTimestamp() }
        return try ScalarText.timestamp(activeText)
    }
}
