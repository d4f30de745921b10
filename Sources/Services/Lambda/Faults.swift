// SPDX-License-Identifier: Apache-2.0
// Faults that several operations answer, in AWS's words.

import Basics
import LambdaWire
import Storage
import WireModel

enum LambdaFaults {
    static func functionNotFound(_ arn: String) -> ServiceFault {
        Lambda.Faults.resourceNotFoundException(message: "Function not found: \(arn)")
    }

    static func functionExists(_ name: String) -> ServiceFault {
        Lambda.Faults.resourceConflictException(message: "Function already exist: \(name)")
    }

    static func invalid(_ message: String) -> ServiceFault {
        Lambda.Faults.invalidParameterValueException(message: message)
    }

    static let roleNotAssumable = invalid(
        "The role defined for the function cannot be assumed by Lambda.")

    static let revisionDiffers = Lambda.Faults.preconditionFailedException(
        message: "The RevisionId provided does not match the latest RevisionId. Call the "
            + "GetFunction/GetAlias API to retrieve the latest RevisionId")

    static func requestTooLarge(_ bytes: Int, operation: String) -> ServiceFault {
        Lambda.Faults.requestTooLargeException(
            message: "Request must be smaller than \(bytes) bytes for the \(operation) operation")
    }

    static func throttled(_ reason: String) -> ServiceFault {
        Lambda.Faults.tooManyRequestsException(
            message: "Rate Exceeded.", retryAfterSeconds: "1", reason: reason)
    }

    static func mappingNotFound() -> ServiceFault {
        Lambda.Faults.resourceNotFoundException(
            message: "The resource you requested does not exist.")
    }

    static func code(_ refusal: CodeRefusal, limits: LambdaLimits) -> ServiceFault {
        switch refusal {
        case .notReadable:
            invalid(
                "Could not unzip uploaded file. Please check your file, then try to upload again.")
        case .tooLarge:
            invalid("Unzipped size must be smaller than \(limits.unzippedBytesMax) bytes")
        case .empty: invalid("Uploaded file must be a non-empty zip")
        case .failed(let reason):
            Lambda.Faults.serviceException(message: "The code could not be unpacked: \(reason)")
        }
    }

    /// A role that Lambda cannot act under; other errors pass.
    static func role(_ error: any Error) -> any Error {
        guard let fault = error as? ServiceFault, fault.isSender else { return error }
        return roleNotAssumable
    }

    /// Violations of the model, where Lambda words them in its own way.
    static func validation(_ violations: [ConstraintViolation]) -> ServiceFault {
        if let first = violations.first, first.member == "Runtime",
            case .enumeration(let values) = first.kind
        {
            return invalid(
                "Value \(first.value ?? "null") at 'runtime' failed to satisfy constraint: Member "
                    + "must satisfy enum value set: [\(values.joined(separator: ", "))] or be a "
                    + "valid ARN")
        }
        if let first = violations.first, first.topMember == "Environment" {
            return invalid(ConstraintViolation.summary(of: violations))
        }
        return ServiceFault.validation(violations, service: Lambda.service)
    }
}
