// SPDX-License-Identifier: Apache-2.0
// An event source mapping from a queue to a function, and the rules for its settings.

package import Basics
import LambdaWire
package import Storage
package import WireModel

/// What a mapping is.
package struct EventSourceMapping: Hashable, Sendable {
    package let uuid: String
    package var function: FunctionName
    package var qualifier: String?
    package var queue: ARN
    package var batchSize = 10
    package var windowSeconds = 0
    package var reportsBatchItemFailures = false
    /// `ScalingConfig.MaximumConcurrency`.
    package var maximumConcurrency: Int?
    package var isEnabled = true
    package var kmsKeyARN: String?
    package var tags: [String: String] = [:]
    package var modifiedAt: Timestamp
    /// The commit that wrote this record; zero before it was stored.
    package var storedAt = StoreVersion.zero

    package init(
        uuid: String, function: FunctionName, qualifier: String?, queue: ARN,
        modifiedAt: Timestamp
    ) {
        self.uuid = uuid
        self.function = function
        self.qualifier = qualifier
        self.queue = queue
        self.modifiedAt = modifiedAt
    }

    package var arn: String {
        ARN(
            service: "lambda", region: function.region, account: function.account,
            resource: "event-source-mapping:\(uuid)"
        ).description
    }

    package var isFIFO: Bool { queue.resource.hasSuffix(".fifo") }

    /// Whether a poller has to begin anew because of the change from `earlier`.
    package func pollsLike(_ earlier: EventSourceMapping) -> Bool {
        var mine = self
        mine.modifiedAt = earlier.modifiedAt
        mine.storedAt = earlier.storedAt
        mine.tags = earlier.tags
        return mine == earlier
    }

    /// Throws AWS's fault for settings that do not go together.
    package func validate() throws(ServiceFault) {
        func refuse(_ message: String) -> ServiceFault {
            Lambda.Faults.invalidParameterValueException(message: message)
        }
        if isFIFO {
            guard batchSize <= 10 else {
                throw refuse("Batch size \(batchSize) is larger than 10 for FIFO queues.")
            }
            guard windowSeconds == 0 else {
                throw refuse("Batching window is not supported for FIFO queues.")
            }
        }
        if batchSize > 10, windowSeconds < 1 {
            throw refuse(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size "
                    + "is greater than 10")
        }
        if let maximumConcurrency, !(2...1000).contains(maximumConcurrency) {
            throw refuse("MaximumConcurrency must be between 2 and 1000.")
        }
    }
}
