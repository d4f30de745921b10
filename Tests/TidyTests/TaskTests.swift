// SPDX-License-Identifier: Apache-2.0
// Work that starts outside an injected executor: a simulation could not put it in order.

import Testing

/// The shell's files that start tasks and threads, each with its reason.
private let shellFiles: [String: String] = [
    "Sources/HTTPFront/ConnectionHandler.swift":
        "starts a request's handler on its connection's event loop",
    "Sources/FunctionRuntime/Shell/ShellThread.swift":
        "owns the threads that wait for processes and namespaces",
    "Sources/Platform/LoopSpawner.swift":
        "is the executor's side of the world's spawner",
    "Sources/Platform/JournalFiles.swift":
        "owns the thread that writes the journal's files",
    "Sources/CodeArchive/ArchiveThread.swift":
        "owns the thread that reads archives and writes functions' code",
    "Sources/RocksStorage/Gate.swift":
        "owns the committer's thread and those of reads that may touch the disk",
]

private func freeWork(_ file: SourceFile) -> [Violation] {
    guard file.isProduct, shellFiles[file.path] == nil else { return [] }
    let tokens = file.tokens
    return tokens.indices.compactMap { index in
        guard let what = start(tokens, index) else { return nil }
        let message = "\(what) runs outside an injected executor"
        return Violation(path: file.path, line: tokens[index].line, message: message)
    }
}

private func start(_ tokens: [Token], _ index: Int) -> String? {
    let token = tokens[index]
    let isMember = index > 0 && tokens[index - 1].isMark(".")
    guard token.kind == .word, !isMember, index + 1 < tokens.count else { return nil }
    let next = tokens[index + 1]
    switch token.text {
    case "Task":
        if next.isMark("{") || next.isMark("(") { return "Task" }
        let starts = ["detached", "immediate", "immediateDetached", "init"]
        let member = index + 2 < tokens.count ? tokens[index + 2].text : ""
        if next.isMark("."), starts.contains(member) { return "Task.\(member)" }
        // `Task<Success, Failure>(…)` and `{ … }`, but not the type alone.
        guard next.isMark("<") else { return nil }
        let end = tokens[index...].firstIndex { $0.isMark(">") } ?? tokens.count
        let after = end + 1 < tokens.count ? tokens[end + 1] : nil
        return after?.isMark("(") == true ? "Task" : nil
    case "DispatchQueue", "OperationQueue", "NIOThreadPool", "pthread_create":
        return token.text
    case "Thread":
        return next.isMark("(") || next.isMark("{") || next.isMark(".") ? "Thread" : nil
    default:
        return nil
    }
}

@Suite struct TaskTests {
    @Test func nothingRunsOutsideAnInjectedExecutor() { #expect(check(freeWork) == []) }

    @Test func exceptionsAreStillNeeded() {
        for path in shellFiles.keys.sorted() where Repository.exists(path) {
            let tokens = Repository.files.first { $0.path == path }?.tokens ?? []
            let starts = tokens.indices.contains { start(tokens, $0) != nil }
            #expect(starts, "\(path) starts nothing: drop its exception")
        }
    }

    @Test(arguments: [
        "Task { a() }", "let a = Task(priority: .low) { }", "Task.detached { }",
        "Task.immediate { }", "DispatchQueue.global().async { }", "Thread { }",
        "Thread.detachNewThread { }", "pthread_create(&a, nil, b, nil)", "Task<Void, Never>(){ }",
    ])
    func seesAPlanted(_ text: String) {
        #expect(freeWork(SourceFile("Sources/Basics/A.swift", text)).count == 1)
    }

    @Test(arguments: [
        "try Task.checkCancellation()", "await withTaskGroup(of: Int.self) { }", "// Task { }",
        "let a: Task<Void, Never>", "async let a = b()", "world.Task { }",
    ])
    func letsPass(_ text: String) {
        #expect(freeWork(SourceFile("Sources/Basics/A.swift", text)) == [])
    }
}
