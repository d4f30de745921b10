// SPDX-License-Identifier: Apache-2.0
// The run-time description of model shapes: names, bindings, constraints. Built from compact
// text (see `StructureShape+Parsing`), once per structure and only when first used.

/// Wire form of a point in time.
package enum TimestampFormat: Sendable {
    case epochSeconds, iso8601, httpDate
}

/// A value's type with its constraints.
package final class TypeShape: Sendable {
    package enum Kind: Sendable {
        case string, integer, long, float, double, boolean, blob, timestamp, document
        case list, map, structure
    }

    package let kind: Kind
    /// Length of strings and blobs, count of lists and maps, value of numbers.
    package let min: Double?
    package let max: Double?
    package let pattern: String?
    /// `pattern` compiled; `nil` when there is none or a patch file waives its check.
    package let matcher: PatternMatcher?
    /// Values of an enumeration, in model order; empty for other types.
    package let enumValues: [String]
    package let timestampFormat: TimestampFormat?
    /// Element of a list, value of a map.
    package let element: TypeShape?
    package let key: TypeShape?
    /// Model name of a structure.
    package let structureName: String?
    /// Lists and maps of query and XML without a wrapping element.
    package let isFlattened: Bool
    /// Name of a list's items or a map's values in query and XML; `nil` stands for the default.
    package let elementName: String?
    package let keyName: String?
    /// Whether reading a value of this type has anything to check.
    package let isConstrained: Bool

    package init(
        kind: Kind, min: Double? = nil, max: Double? = nil, pattern: String? = nil,
        enumValues: [String] = [], timestampFormat: TimestampFormat? = nil,
        element: TypeShape? = nil, key: TypeShape? = nil, structureName: String? = nil,
        isFlattened: Bool = false, elementName: String? = nil, keyName: String? = nil
    ) {
        self.kind = kind
        self.min = min
        self.max = max
        self.pattern = pattern
        self.matcher = pattern.flatMap { PatternMatcher(pattern: $0) }
        self.enumValues = enumValues
        self.timestampFormat = timestampFormat
        self.element = element
        self.key = key
        self.structureName = structureName
        self.isFlattened = isFlattened
        self.elementName = elementName
        self.keyName = keyName
        self.isConstrained = min != nil || max != nil || matcher != nil || !enumValues.isEmpty
    }
}

/// One member of a structure.
package struct MemberShape: Sendable {
    /// Where HTTP bindings put a top-level member.
    package enum Location: Hashable, Sendable {
        case body, label, query, header, prefixHeaders, statusCode, payload
    }

    /// Name in the model, as AWS documents it.
    package let name: String
    /// Name in JSON bodies, of the label, query parameter or header (prefix).
    package let wireName: String
    /// Name in query requests.
    package let queryName: String
    /// Name in XML replies.
    package let xmlName: String
    package let location: Location
    package let isRequired: Bool
    package let isIdempotencyToken: Bool
    package let isDeprecated: Bool
    package let isSensitive: Bool
    package let type: TypeShape

    /// The name in AWS's validation messages: the model name with a small first letter.
    package var pathName: String { name.prefix(1).lowercased() + name.dropFirst() }
}

/// The members of a structure or union, with fast look-up by the name on the wire.
package final class StructureShape: Sendable {
    package let name: String
    package let members: [MemberShape]
    package let isUnion: Bool
    private let byWireName: NameTable

    package init(name: String, members: [MemberShape], isUnion: Bool = false) {
        self.name = name
        self.members = members
        self.isUnion = isUnion
        byWireName = NameTable(names: members.map { $0.location == .body ? $0.wireName : "" })
    }

    /// Index of the body member called so on the wire, -1 if there is none.
    package func index(ofWireName bytes: UnsafeBufferPointer<UInt8>) -> Int {
        byWireName.index(of: bytes)
    }

    /// Index of the body member called so on the wire.
    package func index(ofWireName name: String) -> Int? {
        var copy = name
        let index = copy.withUTF8 { byWireName.index(of: $0) }
        return index < 0 ? nil : index
    }

    /// Index of the member by its model name.
    package func index(of name: String) -> Int? { members.firstIndex { $0.name == name } }

    package subscript(name: String) -> MemberShape? { members.first { $0.name == name } }

    /// The model names of a set of members, in model order.
    package func names(of set: MemberSet) -> [String] {
        members.indices.filter(set.contains).map { members[$0].name }
    }

    /// Index of the member that is the whole HTTP body, if one is.
    package var payloadIndex: Int? { members.firstIndex { $0.location == .payload } }
}
