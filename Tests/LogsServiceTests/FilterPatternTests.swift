// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import LogsService

/// What the User Guide says of filter patterns, case by case.
@Suite struct FilterPatternTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let message: String
        let matches: Bool

        init(_ pattern: String, _ message: String, _ matches: Bool) {
            self.pattern = pattern
            self.message = message
            self.matches = matches
        }

        var testDescription: String { "\(pattern) on \(message)" }
    }

    static let terms = [
        Case("", "anything", true),
        Case("   ", "anything", true),
        Case("ERROR", "[ERROR 400] BAD REQUEST", true),
        Case("ERROR", "[error 400] bad request", false),
        Case("ERROR", "Exiting with ERRORCODE: -1", true),
        Case("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", true),
        Case("ERROR ARGUMENTS", "[ERROR 420] INVALID ARGUMENTS", true),
        Case("ERROR ARGUMENTS", "[ERROR 400] BAD REQUEST", false),
        Case("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR", true),
        Case("\"INTERNAL SERVER ERROR\"", "[ERROR 500] SERVER INTERNAL ERROR", false),
        Case("?ERROR ?ARGUMENTS", "[ERROR 400] BAD REQUEST", true),
        Case("?ERROR ?ARGUMENTS", "[WARN] NO ARGUMENTS", true),
        Case("?ERROR ?ARGUMENTS", "[INFO] fine", false),
        Case("?\"two words\" ?%[0-9]+%", "a two words b", true),
        Case("?\"two words\" ?%[0-9]+%", "a 7 b", true),
        Case("?ERROR REQUEST", "[WARN] REQUEST", true),
        Case("?ERROR REQUEST", "[ERROR] only", false),
        Case("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST", true),
        Case("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", false),
        Case("-ERROR", "fine", true),
        Case("-\"BAD REQUEST\"", "[ERROR 400] BAD REQUEST", false),
        Case("\"say \\\"hi\\\"\"", "they say \"hi\" there", true),
        Case("\"back\\\\slash\"", "a back\\slash", true),
        Case("\"\"", "anything", true),
        Case("größe", "die größe zählt", true),
        Case("ababac", "abababac", true),
    ]

    static let expressions = [
        Case("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true),
        Case("%^AUTHORIZED%", "UNAUTHORIZED", false),
        Case("%AUTHORIZED$%", "UNAUTHORIZED", true),
        Case("%[0-9]{3}%", "code 42", false),
        Case("%[0-9]{3}%", "code 404", true),
        Case("%^[a-c]{2,3}$%", "abca", false),
        Case("%^[a-c]{2,3}$%", "abc", true),
        Case("%^[a-c]{2,}$%", "abcabc", true),
        Case("%^a.c$%", "aéc", true),
        Case("%^[^0-9]+$%", "no digits", true),
        Case("%^[^0-9]+$%", "1 digit", false),
        Case("%^ab*c%", "acd", true),
        Case("%colou?r%", "the color", true),
        Case("%cat|dog%", "a dog", true),
        Case("%cat|dog%", "a cow", false),
        Case("%\\d\\d:\\d\\d%", "at 12:30", true),
        Case("%\\s\\w+\\.$%", "the end.", true),
        Case("%10\\.0\\.0\\.[1-9]%", "from 10.0.0.7", true),
        Case("%10\\.0\\.0\\.[1-9]%", "from 10x0x0x7", false),
        Case("%x-%", "x-y", true),
    ]

    static let trail = """
        {"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value",\
        "another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],\
        "SomeObject":null,"ThisFlag":true,"Off":false,"cluster.name":"c","size":1.5,"big":1000}
        """

    static let json = [
        Case("{ $.eventType = \"UpdateTrail\" }", trail, true),
        Case("{$.eventType=\"UpdateTrail\"}", trail, true),
        Case("{ $.eventType = UpdateTrail }", trail, true),
        Case("{ $.eventType = \"Update*\" }", trail, true),
        Case("{ $.eventType = \"*Trail\" }", trail, true),
        Case("{ $.eventType = \"U*T*l\" }", trail, true),
        Case("{ $.eventType = \"U*X*l\" }", trail, false),
        Case("{ $.eventType = \"Trail\" }", trail, false),
        Case("{ $.eventType = %^Update% }", trail, true),
        Case("{ $.eventType != \"UpdateTrail\" }", trail, false),
        Case("{ $.sourceIPAddress != 123.123.* }", trail, true),
        Case("{ $.sourceIPAddress = 111.111.* }", trail, true),
        Case("{ $.arrayKey[0] = \"value\" }", trail, true),
        Case("{ $.arrayKey[1] = \"value\" }", trail, false),
        Case("{ $.arrayKey[7] = \"value\" }", trail, false),
        Case("{ $.arrayKey[*] = \"another*\" }", trail, true),
        Case("{ $.arrayKey = \"value\" }", trail, false),
        Case("{ $.objectList[1].id = 2 }", trail, true),
        Case("{ $.objectList[*].id = 3 }", trail, false),
        Case("{ $.objectList[*].* = \"b\" }", trail, true),
        Case("{ $.SomeObject IS NULL }", trail, true),
        Case("{ $.Missing IS NULL }", trail, false),
        Case("{ $.ThisFlag IS NULL }", trail, false),
        Case("{ $.SomeOtherObject NOT EXISTS }", trail, true),
        Case("{ $.SomeObject NOT EXISTS }", trail, false),
        Case("{ $.eventType EXISTS }", trail, true),
        Case("{ $.ThisFlag IS TRUE }", trail, true),
        Case("{ $.ThisFlag IS FALSE }", trail, false),
        Case("{ $.Off IS FALSE }", trail, true),
        Case("{ $.Off is false }", trail, true),
        Case("{ $.['cluster.name'] = \"c\" }", trail, true),
        Case("{ $['cluster.name'] = \"c\" }", trail, true),
        Case("{ $.size = 1.5 }", trail, true),
        Case("{ $.big = 1e3 }", trail, true),
        Case("{ $.big = 1* }", trail, true),
        Case("{ $.big > 999 }", trail, true),
        Case("{ $.big > 1000 }", trail, false),
        Case("{ $.big >= 1000 }", trail, true),
        Case("{ $.size < 1.6 }", trail, true),
        Case("{ $.size <= -1 }", trail, false),
        Case("{ $.eventType > 1 }", trail, false),
        Case("{ $.missing != \"x\" }", trail, false),
        Case("{ $.eventType = \"x\" || $.big = 1000 }", trail, true),
        Case("{ $.eventType = \"x\" && $.big = 1000 }", trail, false),
        Case("{ ($.big = 1 || $.size = 1.5) && $.Off IS FALSE }", trail, true),
        Case("{ $.big = 1 || $.size = 1.5 && $.Off IS TRUE }", trail, false),
        Case("{ $.size = 1.5 || $.big = 1 && $.Off IS TRUE }", trail, true),
        Case("{ (($.big = 1000)) }", trail, true),
        Case("{ ($.objectList[0].id = 1) && ($.objectList[1].name = \"b\") }", trail, true),
        Case("{ $.x = \"y\" }", "not JSON", false),
        Case("{ $.x NOT EXISTS }", "not JSON", false),
        Case("{ $.x NOT EXISTS }", "{\"y\":1}", true),
        Case("{ $.x = 1 }", "  {\"x\":1}\n", true),
        Case("{ $[0].x = 1 }", "[{\"x\":1}]", true),
    ]

    static let line =
        "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534"

    static let fields = [
        Case("[ip, server, username, timestamp, request, status_code, bytes]", line, true),
        Case("[ip, server, username, timestamp, request, status_code]", line, false),
        Case("[ip, server, username, timestamp, request, status_code, bytes, more]", line, false),
        Case("[ip, server, username, timestamp, request, status_code = 4*, bytes]", line, true),
        Case("[ip, server, username, timestamp, request, status_code = 5*, bytes]", line, false),
        Case(
            "[ip, server, username, timestamp, request =*.html*, status_code = 4*, bytes]",
            line, true),
        Case("[..., request =*.html*, status_code = 4*, bytes]", line, true),
        Case("[..., status_code = 404 || status_code = 410, bytes]", line, true),
        Case("[..., status_code = 403 || status_code = 410, bytes]", line, false),
        Case("[..., bytes > 1000]", line, true),
        Case("[..., bytes > 1000 && bytes <= 1534]", line, true),
        Case("[..., bytes < 1000]", line, false),
        Case("[ip = %127\\.0\\.0\\.[1-9]%, ...]", line, true),
        Case("[ip, ..., bytes = 1534]", line, true),
        Case("[ip, ..., bytes != 1534]", line, false),
        Case("[ip, server = \"Prod\", ...]", line, true),
        Case("[a, b, c, d, e, f, g, h, ...]", line, false),
        Case("[w1=ERROR, w2]", "ERROR happened", true),
        Case("[w1!=ERROR&&w1!=WARN, w2]", "INFO happened", true),
        Case("[w1!=ERROR&&w1!=WARN, w2]", "WARN happened", false),
        Case("[w1, w2]", "one  \t two", true),
        Case("[w1, w2]", "[one", false),
    ]

    @Test(arguments: terms + expressions + json + fields)
    func matchesAsDocumented(_ example: Case) throws {
        let pattern = try FilterPattern(example.pattern)
        #expect(pattern.matches(Array(example.message.utf8)) == example.matches)
    }

    @Test(arguments: [
        "\"open", "-", "? x", "{", "{}", "{ }", "{ $ = 1 }", "{ $.a }", "{ $.a = }", "{ a = 1 }",
        "{ $.a = 1", "{ $.a == 1 }", "{ $.a = 1 } x", "{ ($.a = 1 }", "{ $.a = 1) }",
        "{ $.a IS MAYBE }", "{ $.a NOT NULL }", "{ $.a[x] = 1 }",
        "{ $.a[99999999999999999999] = 1 }",
        "{ $.a > \"x\" }", "{ $.a < abc }", "{ $.a && $.b = 1 }", "{ $.a = 1 && }", "{ $..a = 1 }",
        "{ $.a* = 1 }", "{ $.*.*.*.* = 1 }", "{ $.a = \"x }", "{ $.['a = 1 }", "[", "[]", "[a",
        "[a,]", "[a, b = 1 || c = 2]", "[..., ..., a]", "[a = ]", "[a b]", "[a] x", "%abc", "%%",
        "%a(b)%", "%*a%", "%a{2,1}%", "%a{300}%", "%[%", "%a!b%", "%$a%", "%é%",
        String(repeating: "(", count: 40),
        "{ " + String(repeating: "(", count: 40) + "$.a = 1" + String(repeating: ")", count: 40)
            + " }",
    ])
    func refusesWhatIsNoPattern(_ text: String) {
        #expect(throws: FilterPatternError.self) { try FilterPattern(text) }
    }

    @Test func namesTheTermThatNeedsQuotes() {
        #expect(throws: FilterPatternError("Invalid character(s) in term 'a:b'")) {
            try FilterPattern("x a:b")
        }
        #expect(throws: FilterPatternError("Invalid filter pattern")) {
            try FilterPattern("{ $.a")
        }
    }

    /// Patterns on which a matcher that goes back would take years.
    @Test(arguments: [
        "%a*a*a*a*a*a*a*a*a*a*b%", "%a?a?a?a?a?a?a?a?a?aaaaaaaaaab%",
        "{ $.x = \"*a*a*a*a*a*a*a*a*a*a*b\" }", "\"aaaaaaaaaaaaaaaaaaaaaaaab\"",
    ])
    func hostilePatternsTakeLinearTime(_ text: String) throws {
        let run = String(repeating: "a", count: 20_000)
        let message = text.hasPrefix("{") ? "{\"x\":\"\(run)\"}" : run
        #expect(try FilterPattern(text).matches(Array(message.utf8)) == false)
    }
}
