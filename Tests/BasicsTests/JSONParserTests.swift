// SPDX-License-Identifier: Apache-2.0
import Basics
import Testing

@Suite struct JSONParserTests {
    @Test func readsEveryKindOfValueInOrder() throws {
        let text = #"{"b":[1,-2.5,true,false,null,"a\u00e9\n\ud83d\ude00"],"a":{}}"#
        let value = try JSONValue(parsing: text)
        #expect(value["b"]?.arrayValue?.count == 6)
        #expect(value["b"]?.arrayValue?[5] == .string("aé\n😀"))
        #expect(value.objectValue?.members.map(\.name) == ["b", "a"])
        #expect(value.text == "{\"b\":[1,-2.5,true,false,null,\"aé\\n😀\"],\"a\":{}}")
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "01", "1.", "1e", "-", "nul", "\"\\x\"", "\"\u{1}\"",
        "[1] 2", "{\"a\" 1}", "\"\\ud800\"", "{1:2}", "]", "1e999",
    ])
    func refuses(_ text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    }

    @Test func boundsDepth() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONSyntaxError(reason: .tooDeep, offset: JSONValue.depthMax + 1)) {
            try JSONValue(parsing: deep)
        }
    }

    /// With a copy for each member these would take minutes.
    @Test func readsWideContainersInLinearTime() throws {
        let numbers = Array(repeating: "1", count: 200_000).joined(separator: ",")
        #expect(try JSONValue(parsing: "[\(numbers)]").arrayValue?.count == 200_000)
        let members = (0..<50_000).map { "\"\($0)\":1" }.joined(separator: ",")
        #expect(try JSONValue(parsing: "{\(members)}").objectValue?.count == 50_000)
    }

    @Test func refusesRepeatedNamesWhereAsked() throws {
        let text = #"{"a":{"b":1},"c":[{"b":1,"b":2}]}"#
        #expect(throws: JSONSyntaxError(reason: .repeatedName, offset: 31)) {
            try JSONValue(parsing: text.utf8, refusesRepeatedNames: true)
        }
        #expect(try JSONValue(parsing: text)["c"]?.arrayValue?[0]["b"] == .integer(2))
        let plain = #"{"a":{"b":1},"c":{"b":1}}"#
        #expect(throws: Never.self) {
            try JSONValue(parsing: plain.utf8, refusesRepeatedNames: true)
        }
    }

    @Test func takesTheLastOfRepeatedNames() throws {
        #expect(try JSONValue(parsing: #"{"a":1,"a":2}"#) == .object(["a": .integer(2)]))
    }

    /// Text is passed over eight bytes at once; what needs an escape is found wherever it stands.
    @Test func whatNeedsAnEscapeIsFoundWhereverItStands() throws {
        let marks = ["\"", "\\", "\u{0}", "\u{1F}", "\n", "\u{7F}", "\u{E9}", "\u{1F600}"]
        for mark in marks {
            for before in 0..<18 {
                let text = String(repeating: "a", count: before) + mark + "bcdefghi" + mark
                let written = JSONValue.string(text).text
                #expect(try JSONValue(parsing: Array(written.utf8)) == .string(text))
            }
        }
        #expect(JSONValue.string("a\"b\\\u{1}\t").text == #""a\"b\\\u0001\t""#)
    }
}
