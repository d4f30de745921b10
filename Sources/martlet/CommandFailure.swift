// SPDX-License-Identifier: Apache-2.0
// Failures as people read them: one line on standard error that names the next step.

import ArgumentParser

/// Why a command could not do its work.
struct CommandFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension Martlet {
    /// The line for `error`, whichever part of the program it comes from.
    ///
    /// What the argument parser says of a wrong command line gets the help page that would have
    /// told; its own usage text would bury the sentence that matters.
    static func line(for error: any Error) -> String {
        if let failure = error as? CommandFailure { return failure.description }
        let words = message(for: error).split(whereSeparator: \.isNewline).joined(separator: " ")
        let full = words.hasSuffix(".") ? words : words + "."
        return "\(full) See `martlet \(commandName)--help`."
    }

    /// The subcommand that was asked for, with a blank after it, as far as there is one.
    private static var commandName: String {
        let asked = CommandLine.arguments.dropFirst().first
        let names = configuration.subcommands.map { $0._commandName }
        return asked.flatMap { names.contains($0) ? "\($0) " : nil } ?? ""
    }
}
