// SPDX-License-Identifier: Apache-2.0
// What the admin paths need from the platform.

package import Basics
package import Chronology

/// What an advance of the clock did.
package struct ClockAdvance: Sendable {
    /// Timers that became due on the way.
    package var fired: Int
    /// Pieces of work still running when it ended.
    package var stillRunning: Int
    package var now: Timestamp
    /// The target was not reached within the real time allowed.
    package var isCutShort: Bool

    package init(fired: Int, stillRunning: Int, now: Timestamp, isCutShort: Bool) {
        self.fired = fired
        self.stillRunning = stillRunning
        self.now = now
        self.isCutShort = isCutShort
    }
}

/// The clock as the admin paths move it.
///
/// Every change is durable before it returns.
package protocol ClockCommands: Sendable {
    var setting: ClockSetting { get }
    func set(mode: ClockMode) async throws
    /// Moves virtual time on, firing what falls due in order; bounded in real time.
    func advance(milliseconds: Int64, realSecondsMax: Int) async throws -> ClockAdvance
}

/// The rest of the platform.
package protocol PlatformCommands: Sendable {
    /// Facts for `martlet status`.
    func status() async -> JSONObject
    /// Empties the world.
    func reset() async throws
    /// The messages of a queue that could be received now, without receiving them.
    ///
    /// Each has `MessageId`, `Body` and what else a receive shows; `nil` without such a queue.
    func peek(queueURL: String) async throws -> [JSONObject]?
    /// What the path of an address from `GetFunction` begins with.
    var functionCodePrefix: String { get }
    /// The archive that such an address leads to, by what follows the prefix.
    func functionCode(_ file: String) async throws -> [UInt8]?
    /// Counters and gauges by Prometheus name, labels included.
    func metrics() async -> [(name: String, value: Double)]
    /// Signing names of the services that are there.
    var serviceNames: [String] { get }
    /// Operations and members against the models.
    var coverage: JSONObject { get }
}
