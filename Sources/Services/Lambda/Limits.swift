// SPDX-License-Identifier: Apache-2.0
// AWS's numbers for Lambda, in one place.

/// The quotas the service enforces.
package struct LambdaLimits: Sendable {
    package var memoryMegabytes = 128...10_240
    package var timeoutSeconds = 1...900
    package var ephemeralStorageMegabytes = 512...10_240
    /// Names and values as one JSON object.
    package var environmentBytesMax = 4096
    /// An archive sent in the request.
    package var zippedBytesMax = 52_428_800
    package var unzippedBytesMax = 262_144_000
    /// All archives of an account and region.
    package var totalCodeBytesMax: Int64 = 80_530_636_800
    package var syncPayloadBytesMax = 6_291_456
    package var asyncPayloadBytesMax = 1_048_576
    package var clientContextBytesMax = 3583
    package var concurrentExecutions = 1000
    /// What reservations must leave to functions without one.
    package var unreservedConcurrencyMin = 100
    package var tagsMax = 50
    package var asyncRetriesDefault = 2
    package var asyncAgeSecondsDefault = 21_600
    /// Batches of one mapping under way at once, unless `ScalingConfig` says otherwise.
    package var mappingConcurrencyStart = 5
    package var mappingConcurrencyMax = 60
    /// Events of one invocation by a mapping, in bytes.
    package var batchBytesMax = 6_291_456
    package var functionsPageMax = 50
    package var mappingsPageMax = 100

    package init() {}
}
