// SPDX-License-Identifier: Apache-2.0
// What the edge and the framework know about a service and its operations without knowing
// their types. Generated; immutable; compared by identity.

/// A wire protocol a service can be spoken to in.
///
/// restXml, ec2Query and rpcV2Cbor join here with the first service that is built on them.
package enum ProtocolName: String, Hashable, Sendable {
    case awsJSON10 = "aws-json-1.0"
    case awsJSON11 = "aws-json-1.1"
    case awsQuery = "aws-query"
    case restJSON1 = "rest-json-1"
}

/// A service of AWS.
package final class ServiceDescriptor: Sendable {
    /// botocore's name of the service: `logs`.
    package let name: String
    /// `CloudWatch Logs`.
    package let serviceID: String
    /// Service part of a SigV4 scope: `logs`.
    package let signingName: String
    package let endpointPrefix: String
    /// `2012-11-05`; the `Version` parameter of query requests.
    package let apiVersion: String
    /// What stands before the dot in `X-Amz-Target`; `nil` for other protocols.
    package let targetPrefix: String?
    /// The protocols it serves, the preferred one first.
    package let protocols: [ProtocolName]
    package let xmlNamespace: String?
    /// Put before `#` in the `__type` of its modelled errors.
    package let errorNamespace: String?
    /// Whether JSON errors carry the code of a former query protocol.
    package let isQueryCompatible: Bool
    /// Host of a service without regions: `iam.amazonaws.com`.
    package let globalEndpoint: String?
    /// Error shape that constraint violations are reported as: `ValidationException`.
    package let validationErrorName: String
    /// Every operation of the model, generated or not, in order of the alphabet.
    package let allOperationNames: [String]
    /// HTTP bindings of rest operations that are not generated: `GET /path/{Label} Name`.
    package let otherRoutes: [String]

    package init(
        name: String, serviceID: String, signingName: String, endpointPrefix: String,
        apiVersion: String, targetPrefix: String?, protocols: [ProtocolName],
        xmlNamespace: String?, errorNamespace: String?, isQueryCompatible: Bool,
        globalEndpoint: String?, validationErrorName: String, allOperationNames: [String],
        otherRoutes: [String] = []
    ) {
        self.name = name
        self.serviceID = serviceID
        self.signingName = signingName
        self.endpointPrefix = endpointPrefix
        self.apiVersion = apiVersion
        self.targetPrefix = targetPrefix
        self.protocols = protocols
        self.xmlNamespace = xmlNamespace
        self.errorNamespace = errorNamespace
        self.isQueryCompatible = isQueryCompatible
        self.globalEndpoint = globalEndpoint
        self.validationErrorName = validationErrorName
        self.allOperationNames = allOperationNames
        self.otherRoutes = otherRoutes
    }
}

/// How an operation's list is cut into pages; names are model names.
package struct Pagination: Hashable, Sendable {
    package let inputToken: String
    package let outputToken: String
    /// Member of the input that bounds a page.
    package let limit: String?
    /// Member of the output that holds the list.
    package let result: String?

    package init(inputToken: String, outputToken: String, limit: String?, result: String?) {
        self.inputToken = inputToken
        self.outputToken = outputToken
        self.limit = limit
        self.result = result
    }
}

/// An operation of a service.
package final class OperationDescriptor: Sendable {
    package let service: ServiceDescriptor
    package let name: String
    /// HTTP method and URI template of its model (`POST` and `/` where the body tells all).
    package let method: String
    package let uri: String
    package let successStatus: Int
    package let input: StructureShape
    package let output: StructureShape
    /// Element around the output in query replies; `nil` if the operation has no output.
    package let resultWrapper: String?
    /// Shape names of its modelled errors.
    package let errorNames: [String]
    package let pagination: Pagination?
    package let isDeprecated: Bool
    package let hostPrefix: String?

    package init(
        service: ServiceDescriptor, name: String, method: String, uri: String,
        successStatus: Int, input: StructureShape, output: StructureShape,
        resultWrapper: String?, errorNames: [String], pagination: Pagination? = nil,
        isDeprecated: Bool = false, hostPrefix: String? = nil
    ) {
        self.service = service
        self.name = name
        self.method = method
        self.uri = uri
        self.successStatus = successStatus
        self.input = input
        self.output = output
        self.resultWrapper = resultWrapper
        self.errorNames = errorNames
        self.pagination = pagination
        self.isDeprecated = isDeprecated
        self.hostPrefix = hostPrefix
    }

    /// Model name of the input's idempotency token.
    package var idempotencyToken: String? {
        input.members.first { $0.isIdempotencyToken }?.name
    }

    /// Whether the request body is one raw member rather than a document.
    package var inputPayload: MemberShape? { input.members.first { $0.location == .payload } }
    package var outputPayload: MemberShape? { output.members.first { $0.location == .payload } }
}
