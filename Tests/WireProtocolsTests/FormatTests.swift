// SPDX-License-Identifier: Apache-2.0
// Formats that no generated operation exercises in full: unions, documents, recursion,
// timestamps in every form, prefixed headers. The types are written as the generator would.

import Basics
import Testing
import WireModel
import WireProtocols

/// A structure with one of everything.
private struct Everything: WireStructure {
    var choice: Choice?
    var document: JSONValue?
    var inner: Indirect<Everything>?
    var header: Timestamp?
    var meta: [String: String]?
    var times: [Timestamp]?

    static let shape = StructureShape(
        parsing: """
            Everything
            choice struct of=Choice
            document document
            inner struct of=Everything
            header w=X-When at=header timestamp
            meta w=X-Meta- at=headers map < string > < string >
            times list < timestamp >
            """)

    init() {}

    init(from reader: ShapeReader) throws(WireReadError) {
        try reader.beginStructure(Self.shape)
        loop: while true {
            switch try reader.nextMember() {
            case 0: choice = try Choice(from: reader)
            case 1: document = try reader.document()
            case 2: inner = Indirect(try Everything(from: reader))
            case 3: header = try reader.timestamp()
            case 4:
                try reader.beginMap()
                var map: [String: String] = [:]
                while let key = try reader.nextKey() { map[key] = try reader.string() }
                meta = map
            case 5:
                try reader.beginList()
                var list: [Timestamp] = []
                while try reader.nextElement() { list.append(try reader.timestamp()) }
                times = list
            case -1: break loop
            default: try reader.skip()
            }
        }
        reader.endStructure()
    }

    func write(to writer: any ShapeWriter) {
        writer.beginStructure(Self.shape)
        if let choice {
            writer.member(0)
            choice.write(to: writer)
        }
        if let document {
            writer.member(1)
            writer.document(document)
        }
        if let inner {
            writer.member(2)
            inner.value.write(to: writer)
        }
        if let header {
            writer.member(3)
            writer.timestamp(header)
        }
        if let meta {
            writer.member(4)
            writer.beginMap(meta.count)
            for (key, value) in meta.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                writer.string(value)
            }
            writer.endMap()
        }
        if let times {
            writer.member(5)
            writer.beginList(times.count)
            for time in times {
                writer.element()
                writer.timestamp(time)
            }
            writer.endList()
        }
        writer.endStructure()
    }
}

/// A union.
private enum Choice: WireStructure, Equatable {
    case text(String)
    case number(Int64)
    case unknown

    static let shape = StructureShape(parsing: "Choice union\ntext string\nnumber long")

    init(from reader: ShapeReader) throws(WireReadError) {
        var value = Self.unknown
        try reader.beginStructure(Self.shape)
        loop: while true {
            switch try reader.nextMember() {
            case 0: value = .text(try reader.string())
            case 1: value = .number(try reader.long())
            case -1: break loop
            default: try reader.skip()
            }
        }
        self = value
        reader.endStructure()
    }

    func write(to writer: any ShapeWriter) {
        writer.beginStructure(Self.shape)
        switch self {
        case .text(let value):
            writer.member(0)
            writer.string(value)
        case .number(let value):
            writer.member(1)
            writer.long(value)
        case .unknown: break
        }
        writer.endStructure()
    }
}

@Suite struct FormatTests {
    private let operation: OperationDescriptor = {
        let service = ServiceDescriptor(
            name: "sample", serviceID: "Sample", signingName: "sample", endpointPrefix: "sample",
            apiVersion: "1", targetPrefix: nil, protocols: [.restJSON1], xmlNamespace: nil,
            errorNamespace: nil, isQueryCompatible: false, globalEndpoint: nil,
            validationErrorName: "ValidationException", allOperationNames: ["Do"])
        return OperationDescriptor(
            service: service, name: "Do", method: "POST", uri: "/", successStatus: 200,
            input: Everything.shape, output: Everything.shape, resultWrapper: nil, errorNames: [])
    }()

    private func read(_ body: String, headers: [(name: String, value: String)] = [])
        throws(ServiceFault) -> ReadResult<Everything>
    {
        try RestJSONProtocol().read(
            Everything.self, of: operation,
            from: WireRequest(headers: HeaderList(headers), body: Array(body.utf8)))
    }

    @Test func unionsTakeOneMember() throws {
        #expect(try read("{\"choice\":{\"number\":5}}").input.choice == .number(5))
        let none = try read("{\"choice\":{\"future\":1}}")
        #expect(none.input.choice == .unknown)
        #expect(none.violations.map(\.kind) == [.union])
        #expect(
            try read("{\"choice\":{\"number\":5,\"text\":\"x\"}}").violations.map(\.kind)
                == [.union])
    }

    @Test func documentsKeepTheirShape() throws {
        let input = try read("{\"document\":{\"b\":[1,null,{}],\"a\":1.5}}").input
        #expect(input.document?.text == "{\"b\":[1,null,{}],\"a\":1.5}")
    }

    @Test func recursionIsBounded() throws {
        let open = "{\"inner\":"
        let fits = String(repeating: open, count: 90) + "{}" + String(repeating: "}", count: 90)
        _ = try read(fits)
        let deep = String(repeating: open, count: 400) + "{}" + String(repeating: "}", count: 400)
        #expect(throws: ServiceFault.self) { try read(deep) }
        #expect(throws: ServiceFault.self) { try read(String(repeating: open, count: 100_000)) }
    }

    @Test(
        arguments: [
            ("1700000000", 1_700_000_000_000), ("1700000000.123", 1_700_000_000_123),
            ("-1.5", -1500), ("1.7e9", 1_700_000_000_000),
            ("\"2023-11-14T22:13:20Z\"", 1_700_000_000_000),
            ("\"2023-11-14T22:13:20.5Z\"", 1_700_000_000_500),
            ("\"Tue, 14 Nov 2023 22:13:20 GMT\"", 1_700_000_000_000),
        ] as [(String, Int64)])
    func timestampsAreReadInEveryForm(text: String, milliseconds: Int64) throws {
        #expect(
            try read("{\"times\":[\(text)]}").input.times
                == [Timestamp(milliseconds: milliseconds)])
    }

    @Test(arguments: [
        "1e400", "1e300", "\"soon\"", "\"\"", "true", "{}", "\"2023-13-01T00:00:00Z\"",
    ])
    func brokenTimestampsAreRefused(text: String) {
        #expect(throws: ServiceFault.self) { try read("{\"times\":[\(text)]}") }
    }

    @Test func timestampsAreWrittenExactly() {
        var output = Everything()
        output.times = [1_700_000_000_000, 1_700_000_000_050, -1500].map {
            Timestamp(milliseconds: $0)
        }
        output.header = Timestamp(milliseconds: 1_700_000_000_000)
        output.meta = ["b": "2", "a": "1"]
        let reply = RestJSONProtocol().response(output, of: operation, requestID: "r")
        #expect(
            String(decoding: reply.body, as: UTF8.self)
                == "{\"times\":[1700000000,1700000000.050,-1.500]}")
        let headers = HeaderList(reply.headers)
        #expect(headers.first("x-when") == "Tue, 14 Nov 2023 22:13:20 GMT")
        #expect(headers.first("x-meta-a") == "1")
        #expect(headers.first("x-meta-b") == "2")
    }

    @Test func prefixedHeadersAreAMap() throws {
        let input = try read(
            "{}", headers: [("x-meta-One", "1"), ("X-META-two", "2"), ("Host", "h")]
        ).input
        #expect(input.meta == ["One": "1", "two": "2"])
    }

    @Test func valuesGoThroughATreeUnchanged() throws {
        let input = try read(
            "{\"choice\":{\"text\":\"é\"},\"document\":[1],\"times\":[1.5],\"inner\":{\"times\":[]}}"
        ).input
        let tree = JSONValue(writing: input)
        let again = try Everything.read(from: tree).input
        #expect(JSONValue(writing: again) == tree)
        #expect(tree["times"]?.arrayValue == [.string("1970-01-01T00:00:01.500Z")])
    }

    @Test(arguments: ["{\"times\":{}}", "{\"choice\":[]}", "[]", "{\"choice\":{\"number\":\"5\"}}"])
    func treesOfTheWrongShapeAreRefused(text: String) throws {
        let tree = try JSONValue(parsing: text)
        #expect(throws: ServiceFault.self) { try Everything.read(from: tree) }
    }
}
