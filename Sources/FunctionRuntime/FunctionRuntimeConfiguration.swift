// SPDX-License-Identifier: Apache-2.0
// What an operator can set about running functions.

/// Settings of the function runtime; every default is the product's.
package struct FunctionRuntimeConfiguration: Sendable {
    /// Memory of all environments together, counted by their configured sizes.
    ///
    /// `nil` is half of the machine's.
    package var memoryMegabytesMax: Int?
    /// Refuse to stand in with another version of an interpreter.
    package var strictRuntimes = false
    /// The level to use; `nil` takes the best one that works here.
    package var level: SandboxLevel?
    /// Run no functions at all where `level` is not to be had.
    package var isLevelStrict = false
    /// Folders that hold the SDK for Python functions, on `sys.path` after the function's code.
    package var pythonSDKPaths: [String] = []
    /// Folders searched for interpreters, in order of preference.
    package var interpreterFolders = ["/usr/bin", "/usr/local/bin"]
    /// Folders whose entries are version managers' installations, `<entry>/bin/python3.x`.
    package var versionFolders: [String] = []
    /// Whether functions reach more than Martlet; level namespaces only.
    package var network = FunctionNetwork.auto
    /// Keeps the machine's own addresses out of reach too: for a server that listens on them.
    package var hidesMachine = false
    /// Folders searched for the program that carries functions' traffic.
    package var networkFolders = ["/usr/bin", "/usr/local/bin"]
    /// Where the runtime keeps its own files; a fresh private folder when `nil`.
    package var stateParent = "/tmp"
    package var bubblewrapPath = "/usr/bin/bwrap"
    /// Real time an environment may take to ask for its first event.
    package var initNanoseconds: UInt64 = 10_000_000_000
    /// Real time after which an idle environment ends.
    package var idleNanoseconds: UInt64 = 300_000_000_000
    /// First of the user ids that sandboxes run under when the server is root.
    package var userIDBase: UInt32 = 1_900_000_000

    package init() {}
}
