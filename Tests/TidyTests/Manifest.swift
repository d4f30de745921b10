// SPDX-License-Identifier: Apache-2.0
// The target graph, read from the text of Package.swift. Works because a target is one call.

/// A target as the manifest states it.
struct ManifestTarget: Equatable {
    let name: String
    /// The function that made it: `room`, `tests`, `executableTarget` and so on.
    let form: String
    /// Other targets of this package.
    let dependencies: [String]
    /// Products of other packages.
    let products: [String]
    let path: String?

    var isTests: Bool { form == "tests" || form == "testTarget" }
}

enum Manifest {
    private static let forms: Set<String> = [
        "room", "tests", "app", "executable", "target", "testTarget", "executableTarget",
        "systemLibrary",
    ]

    /// The targets in the array after the label `targets`.
    static func targets(in file: SourceFile) -> [ManifestTarget] {
        let tokens = file.tokens
        guard let start = tokens.indices.last(where: { isTargetsLabel(tokens, $0) }) else {
            return []
        }
        var targets: [ManifestTarget] = []
        var index = start
        while index < tokens.count {
            let opens = index + 1 < tokens.count && tokens[index + 1].isMark("(")
            if tokens[index].kind == .word, forms.contains(tokens[index].text), opens {
                let end = closing(tokens, from: index + 1)
                targets.append(target(tokens[index].text, Array(tokens[(index + 2)..<end])))
                index = end
            }
            index += 1
        }
        return targets
    }

    private static func isTargetsLabel(_ tokens: [Token], _ index: Int) -> Bool {
        tokens[index].isWord("targets") && index + 2 < tokens.count && tokens[index + 1].isMark(":")
            && tokens[index + 2].isMark("[")
    }

    private static func target(_ form: String, _ call: [Token]) -> ManifestTarget {
        var name = ""
        var path: String?
        var dependencies: [String] = []
        var products: [String] = []
        var depth = 0
        var label = ""
        var inProduct = false
        for (index, token) in call.enumerated() {
            if token.isMark("[") || token.isMark("(") { depth += 1 }
            if token.isMark("]") || token.isMark(")") { depth -= 1 }
            if token.isMark(")"), inProduct {
                inProduct = false
                label = "dependencies"
            }
            if token.kind == .word, index + 1 < call.count {
                if call[index + 1].isMark(":") { label = token.text }
                // `.product(…)`, or a function of the manifest's that makes one.
                let isOurs = token.text == "target" || token.text == "byName"
                if call[index + 1].isMark("("), !isOurs {
                    inProduct = true
                    label = ""
                }
            }
            guard token.kind == .string else { continue }
            if inProduct {
                if label == "name" || label.isEmpty { products.append(token.text) }
            } else if depth == 0 {
                if name.isEmpty { name = token.text } else if label == "path" { path = token.text }
            } else if label == "dependencies" || label.isEmpty || label == "package"
                || label == "name"
            {
                dependencies.append(token.text)
            }
        }
        return ManifestTarget(
            name: name, form: form, dependencies: dependencies, products: products, path: path)
    }

    private static func closing(_ tokens: [Token], from open: Int) -> Int {
        var depth = 0
        for index in open..<tokens.count {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return tokens.count
    }
}
