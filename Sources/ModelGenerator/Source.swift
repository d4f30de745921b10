// SPDX-License-Identifier: Apache-2.0
// Lines of Swift source with their indentation.

/// A growing piece of source text.
struct Source {
    private(set) var lines: [String] = []
    private var indentation = ""

    var text: String { lines.joined(separator: "\n") + "\n" }

    mutating func line(_ line: String) { lines.append(line.isEmpty ? "" : indentation + line) }

    mutating func append(_ other: Source) {
        for line in other.lines { self.line(line) }
    }

    /// `head { … }`; `switch` bodies are not indented.
    mutating func block(
        _ head: String, indents: Bool = true, _ body: (inout Source) throws -> Void
    ) rethrows {
        line(head + " {")
        if indents { try indented(body) } else { try body(&self) }
        line("}")
    }

    mutating func indented(_ body: (inout Source) throws -> Void) rethrows {
        let outer = indentation
        indentation += "    "
        try body(&self)
        indentation = outer
    }
}
