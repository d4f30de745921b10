// SPDX-License-Identifier: Apache-2.0
// Errors that every service can answer and no model lists, in the words AWS's front ends use.

extension ServiceFault {
    private static let coral = "com.amazon.coral.service"

    /// Constraint violations under the service's own name for them, in AWS's general words.
    package static func validation(
        _ violations: [ConstraintViolation], service: ServiceDescriptor
    ) -> ServiceFault {
        validation(ConstraintViolation.summary(of: violations), service: service)
    }

    /// A validation error with a message of its own.
    package static func validation(_ message: String, service: ServiceDescriptor) -> ServiceFault {
        ServiceFault(shapeName: service.validationErrorName, message: message)
    }

    /// The body is not what the protocol or the types ask for.
    package static func serialization(_ message: String) -> ServiceFault {
        ServiceFault(
            shapeName: "SerializationException", namespace: coral,
            code: "MalformedInput", message: message)
    }

    package static let internalFailure = ServiceFault(
        shapeName: "InternalFailure", httpStatus: 500,
        message: "The request processing has failed because of an unknown error, exception or "
            + "failure.")

    package static let serviceUnavailable = ServiceFault(
        shapeName: "ServiceUnavailable", httpStatus: 503,
        message: "The request has failed due to a temporary failure of the server.")

    /// Refused by policy; the message is the authorizer's, which names principal and action.
    package static func accessDenied(_ message: String) -> ServiceFault {
        ServiceFault(
            shapeName: "AccessDeniedException", code: "AccessDenied",
            queryErrorCode: "AccessDenied", httpStatus: 403, message: message,
            messageName: "Message")
    }

    package static func throttling(_ message: String = "Rate exceeded") -> ServiceFault {
        ServiceFault(
            shapeName: "ThrottlingException", code: "Throttling", queryErrorCode: "Throttling",
            message: message)
    }

    /// An operation of AWS that Martlet does not have (yet).
    package static func notImplemented(service: String, operation: String?) -> ServiceFault {
        let subject = operation.map { "\(service).\($0)" } ?? "The service \(service)"
        return ServiceFault(
            shapeName: "NotImplemented", httpStatus: 501,
            message: "\(subject) is not implemented by Martlet.")
    }

    /// An operation that AWS does not have either.
    package static func unknownOperation(_ name: String, version: String) -> ServiceFault {
        ServiceFault(
            shapeName: "UnknownOperationException", namespace: coral, code: "InvalidAction",
            queryErrorCode: "InvalidAction",
            message: "The action \(name) is not valid for this endpoint.")
    }

    /// A query request without `Action`.
    package static let missingAction = ServiceFault(
        shapeName: "MissingAction",
        message: "The request must contain the parameter Action.")

    /// The credentials are not those of anybody.
    package static let invalidClientTokenID = ServiceFault(
        shapeName: "UnrecognizedClientException", code: "InvalidClientTokenId",
        queryErrorCode: "InvalidClientTokenId", httpStatus: 403,
        message: "The security token included in the request is invalid.")

    package static let missingAuthenticationToken = ServiceFault(
        shapeName: "MissingAuthenticationTokenException", code: "MissingAuthenticationToken",
        queryErrorCode: "MissingAuthenticationToken", httpStatus: 403,
        message: "Request is missing Authentication Token")

    package static let expiredToken = ServiceFault(
        shapeName: "ExpiredTokenException", code: "ExpiredToken",
        queryErrorCode: "ExpiredToken", httpStatus: 403,
        message: "The security token included in the request is expired")

    package static func invalidSignature(_ message: String) -> ServiceFault {
        ServiceFault(
            shapeName: "InvalidSignatureException", code: "SignatureDoesNotMatch",
            queryErrorCode: "SignatureDoesNotMatch", httpStatus: 403, message: message)
    }

    package static let requestEntityTooLarge = ServiceFault(
        shapeName: "RequestEntityTooLargeException", code: "RequestEntityTooLarge",
        httpStatus: 413, message: "The request is larger than the service accepts.")
}
