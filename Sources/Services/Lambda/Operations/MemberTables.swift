// SPDX-License-Identifier: Apache-2.0
// The members of functions and event source mappings that are refused or only stored, once for
// all operations that have them.

import LambdaWire
import ServiceKit
import WireModel

/// Members of functions' code and configuration.
enum FunctionMembers {
    private static let noS3: Refusal = "code comes in ZipFile; S3 is not built."
    private static let noImages = "container images are not supported."
    private static let noKeys: Refusal = "encrypted archives are not built."

    private static let refused: [String: Refusal] = [
        "PackageType": Refusal(noImages, passing: ["Zip"]),
        "Code.S3Bucket": noS3,
        "Code.S3Key": noS3,
        "Code.S3ObjectVersion": noS3,
        "Code.ImageUri": Refusal(noImages),
        "Code.SourceKMSKeyArn": noKeys,
        "S3Bucket": noS3,
        "S3Key": noS3,
        "S3ObjectVersion": noS3,
        "ImageUri": Refusal(noImages),
        "SourceKMSKeyArn": noKeys,
        "VpcConfig": "there are no VPCs to attach a function to.",
        "Layers": "layers are not built.",
        "FileSystemConfigs": "file systems are not built.",
        "ImageConfig": Refusal(noImages),
        "CodeSigningConfigArn": "code signing is not built.",
        "SnapStart": Refusal("snapshots of environments are not built.", passing: ["None"]),
        "CapacityProviderConfig": "capacity providers are not built.",
        "DurableConfig": "durable functions are not built.",
        "TenancyConfig": "tenant isolation is not built.",
        "PublishTo": "publishing to $LATEST.PUBLISHED is not built.",
        "LoggingConfig.LogFormat": Refusal("only Text is supported.", passing: ["Text"]),
        "LoggingConfig.ApplicationLogLevel": "log levels need LogFormat JSON.",
        "LoggingConfig.SystemLogLevel": "log levels need LogFormat JSON.",
    ]

    private static let stored: [String: String] = [
        "KMSKeyArn": "environment variables are not encrypted apart from the disk",
        "TracingConfig": "traces follow from the journal; the mode is shown again",
        "Architectures": "functions run on this machine's architecture",
    ]

    /// The rules that concern an operation.
    static func rules(of operation: (some WireOperation).Type) -> MemberRules {
        MemberRules(refused: refused, stored: stored).limited(to: operation.descriptor.input)
    }
}

/// Members of event source mappings.
enum MappingMembers {
    private static let onlyQueues = "only SQS queues are supported."

    private static let refused: [String: Refusal] = [
        "FilterCriteria": "event filtering is not built.",
        "ParallelizationFactor": Refusal("it is for streams; \(onlyQueues)", passing: ["1"]),
        "StartingPosition": "it is for streams; \(onlyQueues)",
        "StartingPositionTimestamp": "it is for streams; \(onlyQueues)",
        "DestinationConfig": "it is for streams; a queue has its own dead-letter queue.",
        "MaximumRecordAgeInSeconds": Refusal(
            "it is for streams; \(onlyQueues)", passing: ["-1"]),
        "BisectBatchOnFunctionError": "it is for streams; \(onlyQueues)",
        "MaximumRetryAttempts": Refusal(
            "it is for streams; a queue has its redrive policy.", passing: ["-1"]),
        "TumblingWindowInSeconds": Refusal("it is for streams; \(onlyQueues)", passing: ["0"]),
        "Topics": "it is for Kafka; \(onlyQueues)",
        "Queues": "it is for Amazon MQ; \(onlyQueues)",
        "SourceAccessConfigurations": "it is for brokers; \(onlyQueues)",
        "SelfManagedEventSource": "it is for Kafka; \(onlyQueues)",
        "AmazonManagedKafkaEventSourceConfig": "it is for Kafka; \(onlyQueues)",
        "SelfManagedKafkaEventSourceConfig": "it is for Kafka; \(onlyQueues)",
        "DocumentDBEventSourceConfig": "it is for DocumentDB; \(onlyQueues)",
        "MetricsConfig": "metrics of mappings are not built.",
        "LoggingConfig": "logs of mappings are not built.",
        "ProvisionedPollerConfig": "provisioned pollers are not built.",
    ]

    private static let stored = ["KMSKeyArn": "it encrypts filter criteria, which are not built"]

    /// The rules that concern an operation.
    static func rules(of operation: (some WireOperation).Type) -> MemberRules {
        MemberRules(refused: refused, stored: stored).limited(to: operation.descriptor.input)
    }
}

extension MemberRules {
    /// The rules on members that `input` has.
    fileprivate func limited(to input: StructureShape) -> MemberRules {
        func concerns(_ path: String) -> Bool {
            input[String(path.prefix { $0 != "." })] != nil
        }
        return MemberRules(
            refused: refused.filter { concerns($0.key) },
            stored: stored.filter { concerns($0.key) })
    }
}
