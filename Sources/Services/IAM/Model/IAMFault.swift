// SPDX-License-Identifier: Apache-2.0
// IAM's refusals in AWS's words, so that operations say what is wrong and not how it is spelt.

import IAMWire
import IdentityAccess
import WireModel

enum IAMFault {
    static func noEntity(_ kind: EntityKind, _ name: String) -> ServiceFault {
        IAM.Faults.noSuchEntityException(
            message: "The \(kind.noun) with name \(name) cannot be found.")
    }

    static func noInlinePolicy(_ kind: EntityKind, _ name: String) -> ServiceFault {
        IAM.Faults.noSuchEntityException(
            message: "The \(kind.noun) policy with name \(name) cannot be found.")
    }

    static func noPolicy(_ arn: String) -> ServiceFault {
        IAM.Faults.noSuchEntityException(message: "Policy \(arn) was not found.")
    }

    static func notAttachable(_ arn: String) -> ServiceFault {
        IAM.Faults.noSuchEntityException(
            message: "Policy \(arn) does not exist or is not attachable.")
    }

    static func noVersion(_ arn: String, _ version: String) -> ServiceFault {
        IAM.Faults.noSuchEntityException(
            message: "Policy \(arn) version \(version) does not exist or is not attachable.")
    }

    static func noAccessKey(_ id: String) -> ServiceFault {
        IAM.Faults.noSuchEntityException(message: "The Access Key with id \(id) cannot be found.")
    }

    static func exists(_ kind: EntityKind, _ name: String) -> ServiceFault {
        IAM.Faults.entityAlreadyExistsException(
            message: "\(kind.title) with name \(name) already exists.")
    }

    static func policyExists(_ name: String) -> ServiceFault {
        IAM.Faults.entityAlreadyExistsException(
            message: "A policy called \(name) already exists. Duplicate names are not allowed.")
    }

    static func conflict(_ words: String) -> ServiceFault {
        IAM.Faults.deleteConflictException(message: words)
    }

    static func quota(_ name: String, _ limit: Int) -> ServiceFault {
        IAM.Faults.limitExceededException(message: "Cannot exceed quota for \(name): \(limit)")
    }

    static func malformed(_ error: MalformedPolicy) -> ServiceFault {
        IAM.Faults.malformedPolicyDocumentException(message: error.message)
    }

    static func invalidInput(_ words: String) -> ServiceFault {
        IAM.Faults.invalidInputException(message: words)
    }

    static func validation(_ words: String) -> ServiceFault {
        ServiceFault.validation(words, service: IAM.service)
    }
}
