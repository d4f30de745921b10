// SPDX-License-Identifier: Apache-2.0
// Rules for a function's configuration beyond what the model's constraints say.

import Basics
import LambdaWire
import WireModel

/// Rules on values of a function's configuration, in AWS's words.
enum FunctionRules {
    /// Variables the runtime sets itself.
    static let reservedVariables: Set<String> = [
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION",
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    ]

    static func check(environment: [String: String], limits: LambdaLimits)
        throws(ServiceFault)
    {
        let reserved = environment.keys.filter(reservedVariables.contains).sorted()
        guard reserved.isEmpty else {
            throw Lambda.Faults.invalidParameterValueException(
                message: "Lambda was unable to configure your environment variables because the "
                    + "environment variables you have provided contains reserved keys that are "
                    + "currently not supported for modification. Reserved keys used in this "
                    + "request: \(reserved.joined(separator: ", "))")
        }
        var object = JSONObject()
        for name in environment.keys.sorted() { object[name] = .string(environment[name] ?? "") }
        let text = JSONValue.object(object).text
        guard text.utf8.count <= limits.environmentBytesMax else {
            throw Lambda.Faults.invalidParameterValueException(
                message: "Lambda was unable to configure your environment variables because the "
                    + "environment variables you have provided exceeded the 4KB limit. "
                    + "String measured: \(text.prefix(1024))")
        }
    }

    static func check(timeoutSeconds: Int, limits: LambdaLimits) throws(ServiceFault) {
        try check(timeoutSeconds, "timeout", limits.timeoutSeconds)
    }

    static func check(memoryMegabytes: Int, limits: LambdaLimits) throws(ServiceFault) {
        try check(memoryMegabytes, "memorySize", limits.memoryMegabytes)
    }

    private static func check(_ value: Int, _ member: String, _ range: ClosedRange<Int>)
        throws(ServiceFault)
    {
        guard !range.contains(value) else { return }
        let bound =
            value < range.lowerBound
            ? "greater than or equal to \(range.lowerBound)"
            : "less than or equal to \(range.upperBound)"
        throw ServiceFault.validation(
            "1 validation error detected: Value '\(value)' at '\(member)' failed to satisfy "
                + "constraint: Member must have value \(bound)", service: Lambda.service)
    }

    static func check(tags: [String: String], limits: LambdaLimits) throws(ServiceFault) {
        guard tags.count <= limits.tagsMax else {
            throw Lambda.Faults.invalidParameterValueException(
                message: "The number of tags exceeds the limit of \(limits.tagsMax).")
        }
        for key in tags.keys.sorted() {
            guard (1...128).contains(key.count), (tags[key] ?? "").count <= 256,
                !key.lowercased().hasPrefix("aws:")
            else {
                throw Lambda.Faults.invalidParameterValueException(
                    message: "The tag key or value is not valid: \(key.prefix(128))")
            }
        }
    }

    /// A queue for dead letters or destinations; other services are refused by name.
    static func queue(_ text: String, member: String) throws(ServiceFault) -> ARN {
        guard let arn = ARN(parsing: text) else {
            throw Lambda.Faults.invalidParameterValueException(
                message: "The provided \(member) '\(text)' is not a valid ARN.")
        }
        guard arn.service == "sqs" else {
            throw NotBuilt.fault(
                "\(member): only SQS queues are supported; \(arn.service) is not.")
        }
        guard !arn.resource.hasSuffix(".fifo") else {
            throw Lambda.Faults.invalidParameterValueException(
                message: "The provided \(member) '\(text)' is a FIFO queue; only standard "
                    + "queues are supported.")
        }
        return arn
    }
}

/// A value that AWS would accept and Martlet names as not built.
enum NotBuilt {
    static func fault(_ message: String) -> ServiceFault {
        ServiceFault(shapeName: "NotImplemented", httpStatus: 501, message: message)
    }
}
