// SPDX-License-Identifier: Apache-2.0
// The tokenizer: every rule stands on it.

import Testing

@Suite struct SwiftTokensTests {
    private func texts(_ code: String) -> [String] { SwiftTokens.of(code).map(\.text) }

    @Test func leavesOutCommentsAlsoNested() {
        #expect(texts("a // b\n/* c /* d */ e */ f") == ["a", "f"])
    }

    @Test func keepsStringsApartFromCode() {
        let tokens = SwiftTokens.of(#"let x = "try! // no" + y"#)
        #expect(tokens.map(\.text) == ["let", "x", "=", "try! // no", "+", "y"])
        #expect(tokens[3].kind == .string)
    }

    @Test func readsCodeInsideInterpolations() {
        #expect(
            texts(#"f("a \(g("in", (1))) b", c)"#)
                == ["f", "(", "g", "(", "in", ",", "(", "1", ")", ")", "a  b", ",", "c", ")"])
    }

    @Test func readsRawAndMultiLineStrings() {
        let code = "a(#\"x\\(no)\"y\"#, #\"\\#(yes)\"#)\n\"\"\"\nhas \"quotes\"\nb\n\"\"\"\nend"
        let tokens = SwiftTokens.of(code)
        #expect(
            tokens.map(\.text) == [
                "a", "(", "x\\(no)\"y", ",", "yes", "", ")", "\nhas \"quotes\"\nb\n", "end",
            ])
        #expect(tokens.last?.line == 6)
    }

    @Test func knowsLinesAndWhatTouches() {
        let tokens = SwiftTokens.of("x!\nif !y")
        #expect(tokens.map(\.line) == [1, 1, 2, 2, 2])
        #expect(tokens.map(\.touches) == [false, true, false, false, true])
    }

    @Test func endsOnUnfinishedText() {
        for code in ["\"abc", "/* abc", "`abc", "\"\\(", "#\"", "\"\\"] {
            #expect(SwiftTokens.of(code).count <= 2)
        }
    }
}
