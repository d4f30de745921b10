// SPDX-License-Identifier: Apache-2.0
// Time and randomness that nobody injected: they would break replay, and time would not be ours.

import Testing

/// Targets whose task is to bring real time and randomness in.
private let sourcesOfTime: Set<String> = ["Chronology", "Platform", "TestKit", "martlet"]

/// Targets that wait for sockets, processes and disks, in time the clock never moves.
private let physicalTime: Set<String> = [
    "HTTPFront", "Gateway", "FunctionRuntime", "FunctionRuntimeTests", "RocksStorage",
]
private let physicalWords: Set<String> = ["NIODeadline", "clock_gettime"]

private let bannedWords: [String: String] = [
    "ContinuousClock": "Chronology's clock",
    "SuspendingClock": "Chronology's clock",
    "SystemRandomNumberGenerator": "Basics.Entropy",
    "clock_gettime": "Chronology's clock",
    "clock_gettime_nsec_np": "Chronology's clock",
    "gettimeofday": "Chronology's clock",
    "DispatchTime": "Chronology's clock",
    "NIODeadline": "Chronology's clock",
    "getrandom": "Basics.Entropy",
    "arc4random": "Basics.Entropy",
    "arc4random_buf": "Basics.Entropy",
    "usleep": "a deadline of Chronology's",
    "nanosleep": "a deadline of Chronology's",
]

/// Calls that are banned when written with nothing between the parentheses but this.
private let bannedCalls: [String: (arguments: Set<String>, instead: String)] = [
    "Date": ([""], "Chronology's clock"),
    "UUID": ([""], "Entropy.uuid()"),
    "time": (["nil", "NULL"], "Chronology's clock"),
]

/// Members that draw from the global generator unless told `using:` another.
private let randomMembers: Set<String> = ["random", "randomElement", "shuffled", "shuffle"]

private func ambient(_ file: SourceFile) -> [Violation] {
    let isOurs = file.isProduct || file.path.hasPrefix("Tests/")
    guard isOurs, !file.isGenerated, !sourcesOfTime.contains(file.room) else { return [] }
    let mayWait = physicalTime.contains(file.room)
    let tokens = file.tokens
    return tokens.indices.compactMap { index in
        let isPhysical = mayWait && physicalWords.contains(tokens[index].text)
        guard tokens[index].kind == .word, !isPhysical, let instead = replacement(tokens, index)
        else { return nil }
        let message = "\(tokens[index].text): take \(instead)"
        return Violation(path: file.path, line: tokens[index].line, message: message)
    }
}

/// What to use in place of the ambient thing named at `index`; `nil` when there is none.
private func replacement(_ tokens: [Token], _ index: Int) -> String? {
    let word = tokens[index].text
    if let instead = bannedWords[word] { return instead }
    let isMember = index > 0 && tokens[index - 1].isMark(".")
    if word == "now", isMember, index > 1, tokens[index - 2].isWord("Date") {
        return "Chronology's clock"
    }
    if word == "sleep", isMember, index > 1, ["Task", "Thread"].contains(tokens[index - 2].text) {
        return "a deadline of Chronology's"
    }
    guard index + 1 < tokens.count, tokens[index + 1].isMark("("), tokens[index + 1].touches
    else { return nil }
    let arguments = argumentTokens(tokens, open: index + 1)
    if let call = bannedCalls[word], !isMember {
        return call.arguments.contains(arguments.map(\.text).joined()) ? call.instead : nil
    }
    if randomMembers.contains(word), isMember {
        let isSeeded = arguments.contains { $0.isWord("using") }
        return isSeeded ? nil : "Basics.Entropy, or `using:` a seeded generator"
    }
    return nil
}

private func argumentTokens(_ tokens: [Token], open: Int) -> [Token] {
    var depth = 0
    for index in open..<tokens.count {
        if tokens[index].isMark("(") { depth += 1 }
        if tokens[index].isMark(")") {
            depth -= 1
            if depth == 0 { return Array(tokens[(open + 1)..<index]) }
        }
    }
    return []
}

@Suite struct AmbientTests {
    @Test func timeAndRandomnessAreInjected() { #expect(check(ambient) == []) }

    @Test(arguments: [
        "let a = Date()", "let a = Date.now", "let a = ContinuousClock.now", "let a = UUID()",
        "let a = Int.random(in: 0..<3)", "var g = SystemRandomNumberGenerator()", "time(nil)",
        "a.shuffled()", "a.randomElement()", "clock_gettime(CLOCK_REALTIME, &now)",
        "try await Task.sleep(for: .seconds(1))", "\"\\(Date())\"", "let a = NIODeadline.now()",
    ])
    func seesAPlanted(_ text: String) {
        #expect(ambient(SourceFile("Sources/Services/SQS/A.swift", text)).count == 1)
        #expect(ambient(SourceFile("Tests/SQSServiceTests/A.swift", text)).count == 1)
        #expect(ambient(SourceFile("Sources/Chronology/A.swift", text)) == [])
    }

    @Test func letsTheEdgeWaitForSockets() {
        let file = SourceFile(
            "Sources/HTTPFront/A.swift", "let a = NIODeadline.now()\nlet b = Date()")
        #expect(ambient(file).map(\.line) == [2])
    }

    @Test(arguments: [
        "let a = Date(timeIntervalSince1970: 0)", "// Date()", "\"Date()\"",
        "Int.random(in: 0..<3, using: &generator)", "clock.time(nil)", "let now = clock.now",
    ])
    func letsPass(_ text: String) {
        #expect(ambient(SourceFile("Sources/Services/SQS/A.swift", text)) == [])
    }
}
