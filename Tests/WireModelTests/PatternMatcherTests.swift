// SPDX-License-Identifier: Apache-2.0
// The pattern matcher against hand-picked texts, and its behaviour on hostile ones.

import Testing
import WireModel

@Suite struct PatternMatcherTests {
    @Test(arguments: [
        ("[a-zA-Z0-9-_]+", "my-function_1", true),
        ("[a-zA-Z0-9-_]+", "my function", false),
        ("[a-zA-Z0-9-_]+", "", false),
        ("^\\d{12}$", "123456789012", true),
        ("^\\d{12}$", "12345678901", false),
        ("\\d{12}|\\*", "*", true),
        ("(\\$LATEST(\\.PUBLISHED)?|[0-9]+)", "$LATEST.PUBLISHED", true),
        ("(\\$LATEST(\\.PUBLISHED)?|[0-9]+)", "$LATESTx", false),
        ("[\\w+=,.@-]*", "", true),
        ("[\\w+=,.@-]*", "a+b=c,d.e@f-g_h", true),
        ("[\\w+=,.@-]*", "a b", false),
        ("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", "Zürich 漢字 ٣", true),
        ("[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*", "semi;colon", false),
        ("[^:*$]*", "group/name", true),
        ("[^:*$]*", "group:name", false),
        ("a{2,3}", "aa", true),
        ("a{2,3}", "aaaa", false),
        ("a{2,}", "aaaaaaa", true),
        ("(|ab)", "", true),
        ("[\\u0020-\\u007E\\u10000-\\u10FFFF]+", "x😀", true),
        ("[\\u0020-\\u007E\\u10000-\\u10FFFF]+", "é", false),
        (".*", "line\nbreak", false),
        ("[\\s\\S]*", "line\nbreak", true),
    ])
    func matchesWholeTexts(pattern: String, text: String, isMatch: Bool) throws {
        let matcher = try #require(PatternMatcher(pattern: pattern))
        #expect(matcher.matches(text) == isMatch)
    }

    @Test(arguments: ["(?!a)b", "(?<=a)b", "a*?", "(a)\\1", "[a", "(a", "a{3,2}", "\\q", "*a"])
    func refusesWhatItDoesNotKnow(pattern: String) {
        #expect(PatternMatcher(pattern: pattern) == nil)
    }

    /// A backtracking engine would not come back from any of these.
    @Test(arguments: ["(a*)*b", "(a|a)*b", "(a|aa)+b", "(a?){50}a{50}b"])
    func staysLinearOnHostileTexts(pattern: String) throws {
        let matcher = try #require(PatternMatcher(pattern: pattern))
        #expect(!matcher.matches(String(repeating: "a", count: 5000)))
    }

    @Test func boundsTheSizeOfUnrolledRepeats() {
        #expect(PatternMatcher(pattern: "((a{99}){99}){99}") == nil)
    }
}
