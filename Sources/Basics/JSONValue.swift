// SPDX-License-Identifier: Apache-2.0
// A JSON tree for documents that Martlet must look into without knowing their shape: policies,
// events, filter patterns. Typed requests never pass through it.

/// A parsed JSON document (RFC 8259).
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    /// A number written without fraction or exponent that fits 64 bits.
    case integer(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    package var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    package var objectValue: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    package var arrayValue: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    package var boolValue: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    package var integerValue: Int64? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// Either kind of number as a double.
    package var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The member of an object, `nil` for other values and absent names.
    package subscript(name: String) -> JSONValue? { objectValue?[name] }
}

/// A JSON object that keeps its members in the order of the text.
///
/// A repeated name takes the last value, as AWS's own parsers do; look-up is by hash once an
/// object has more than a few members, so a wide hostile object costs no quadratic time.
package struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    package struct Member: Hashable, Sendable {
        package let name: String
        package var value: JSONValue
    }

    /// The members in order, names unique.
    package private(set) var members: [Member] = []
    private var index: [String: Int] = [:]

    private static let indexedAbove = 8

    package init() {}

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (name, value) in elements { self[name] = value }
    }

    package var isEmpty: Bool { members.isEmpty }
    package var count: Int { members.count }

    package subscript(name: String) -> JSONValue? {
        get { position(of: name).map { members[$0].value } }
        set {
            guard let newValue else {
                remove(name)
                return
            }
            if let position = position(of: name) {
                members[position].value = newValue
            } else {
                append(Member(name: name, value: newValue))
            }
        }
    }

    private func position(of name: String) -> Int? {
        index.isEmpty ? members.firstIndex { $0.name == name } : index[name]
    }

    private mutating func append(_ member: Member) {
        members.append(member)
        if !index.isEmpty {
            index[member.name] = members.count - 1
        } else if members.count > Self.indexedAbove {
            reindex()
        }
    }

    private mutating func remove(_ name: String) {
        guard let position = position(of: name) else { return }
        members.remove(at: position)
        reindex()
    }

    private mutating func reindex() {
        index = [:]
        guard members.count > Self.indexedAbove else { return }
        for (position, member) in members.enumerated() { index[member.name] = position }
    }

    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.count == right.count
            && left.members.allSatisfy { right[$0.name] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(members.count)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral, ExpressibleByIntegerLiteral
{
    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(integerLiteral value: Int64) { self = .integer(value) }

    package init(stringLiteral value: String) { self = .string(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (name, value) in elements { object[name] = value }
        self = .object(object)
    }
}
