// SPDX-License-Identifier: Apache-2.0
// What an operator may set of a running Martlet, already parsed.

package import Basics
package import FunctionRuntime
package import Gateway

/// Settings of one server.
package struct PlatformConfiguration: Sendable {
    /// How much an acknowledgement promises.
    package enum Durability: String, Sendable, CaseIterable {
        /// Survives a power cut.
        case durable
        /// Survives the end of the process, not of the machine.
        case relaxed
    }

    package enum Limits: String, Sendable, CaseIterable {
        /// AWS's quotas without its waiting periods.
        case relaxed
        /// All of AWS's rules, the 60 seconds after a purge or deletion included.
        case aws
    }

    package var host = "127.0.0.1"
    package var port = 4566
    package var dataDirectory: String
    package var durability = Durability.durable
    /// Everything in memory, functions' code in a temporary folder; nothing is left at the end.
    package var isEphemeral = false
    package var limits = Limits.relaxed
    package var profile = Authenticator.Profile.local
    /// Functions may call with made-up keys too.
    package var trustsSandboxKeys = false
    /// Further names under which the server may be reached.
    package var hostNames: [String] = []
    package var origins: [String] = []
    /// Scheme, host and port of URLs handed out; `nil` reuses the caller's.
    package var publicEndpoint: String?
    package var functions = FunctionRuntimeConfiguration()
    /// Told of every request; `nil` tells nobody and costs nothing.
    package var requestSink: (@Sendable (_ text: String, _ fields: JSONObject) -> Void)?
    /// Records the journal keeps in memory.
    package var journalCapacity = 65_536

    package init(dataDirectory: String) { self.dataDirectory = dataDirectory }
}
