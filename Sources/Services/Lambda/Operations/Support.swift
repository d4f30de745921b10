// SPDX-License-Identifier: Apache-2.0
// What operations share: permissions on functions, pages, the shape of a configuration.

import Basics
import IdentityAccess
import LambdaWire
import ServiceKit
import Storage
import WireModel

extension LambdaService {
    /// Permission on the function that a request names, without its qualifier.
    func access(_ action: String, _ text: String, _ context: CallContext) throws -> [Access] {
        let (name, _) = try directory.name(text, context)
        return [Access("lambda:\(action)", on: name.arn.description)]
    }

    /// Permission on whatever the account has.
    static func access(_ action: String) -> [Access] { [Access("lambda:\(action)", on: "*")] }

    /// The permission to hand a role to Lambda.
    static func passRole(_ role: String) -> Access {
        Access(
            "iam:PassRole", on: role,
            keys: [.init("iam:PassedToService", principal)])
    }

    // MARK: Pages

    /// A marker that names the last item of a page.
    static func marker(after item: String) -> String { Base64.encode(Array(item.utf8)) }

    static func item(in marker: String?) throws(ServiceFault) -> String? {
        guard let marker, !marker.isEmpty else { return nil }
        guard let bytes = Base64.decode(marker),
            let text = String(validating: bytes, as: UTF8.self)
        else {
            throw LambdaFaults.invalid("Invalid value for parameter Marker: \(marker.prefix(64))")
        }
        return text
    }

    // MARK: Configurations

    /// Whether this machine can run a runtime, asked once for each in a reply.
    struct Availabilities {
        let executor: any FunctionExecutor
        private var known: [String: RuntimeAvailability] = [:]

        init(_ executor: any FunctionExecutor) { self.executor = executor }

        mutating func availability(_ runtime: String) async -> RuntimeAvailability {
            if let known = known[runtime] { return known }
            let availability = await executor.availability(ofRuntime: runtime)
            known[runtime] = availability
            return availability
        }
    }

    /// What a reply says about how far a change has come.
    enum Progress {
        /// A new function; the next look shows it active.
        case creating
        /// A change of a function that was there.
        case updating
        case settled
    }

    /// A version's configuration as AWS shows it; `qualifier` joins the ARN.
    func configuration(
        _ name: FunctionName, _ settings: FunctionSettings, qualifier: String? = nil,
        progress: Progress = .settled, _ availabilities: inout Availabilities
    ) async -> Lambda.FunctionConfiguration {
        var configuration = Lambda.FunctionConfiguration(
            functionName: name.name, functionArn: name.arn(qualifier: qualifier),
            runtime: Lambda.Runtime(rawValue: settings.runtime), role: settings.role,
            handler: settings.handler, codeSize: settings.codeBytes,
            description: settings.description, timeout: Int32(clamping: settings.timeoutSeconds),
            memorySize: Int32(clamping: settings.memoryMegabytes),
            lastModified: FunctionSettings.lastModified(settings.modifiedAt),
            codeSha256: settings.codeSHA256, version: settings.version)
        configuration.deadLetterConfig = settings.deadLetterTarget.map {
            Lambda.DeadLetterConfig(targetArn: $0)
        }
        if !settings.environment.isEmpty {
            configuration.environment = Lambda.EnvironmentResponse(
                variables: settings.environment)
        }
        configuration.kmsKeyArn = settings.kmsKeyARN
        configuration.tracingConfig = Lambda.TracingConfigResponse(
            mode: Lambda.TracingMode(rawValue: settings.tracingMode))
        configuration.revisionId = settings.revisionID
        configuration.packageType = .zip
        configuration.architectures = [Lambda.Architecture(rawValue: settings.architecture)]
        configuration.ephemeralStorage = Lambda.EphemeralStorage(
            size: Int32(clamping: settings.ephemeralStorageMegabytes))
        configuration.snapStart = Lambda.SnapStartResponse(
            applyOn: Lambda.SnapStartApplyOn.none, optimizationStatus: .off)
        configuration.loggingConfig = Lambda.LoggingConfig(
            logFormat: .text, logGroup: settings.logGroup ?? "/aws/lambda/\(name.name)")
        await describeState(settings, progress, &configuration, &availabilities)
        return configuration
    }

    private func describeState(
        _ settings: FunctionSettings, _ progress: Progress,
        _ configuration: inout Lambda.FunctionConfiguration,
        _ availabilities: inout Availabilities
    ) async {
        switch progress {
        case .creating:
            configuration.state = .pending
            configuration.stateReason = "The function is being created."
            configuration.stateReasonCode = .creating
            return
        case .updating:
            configuration.lastUpdateStatus = .inProgress
            configuration.lastUpdateStatusReason = "The function is being created."
            configuration.lastUpdateStatusReasonCode = .init(rawValue: "Creating")
        case .settled: configuration.lastUpdateStatus = .successful
        }
        switch await availabilities.availability(settings.runtime) {
        case .exact, .substitute: configuration.state = .active
        case .missing(let explanation):
            configuration.state = .failed
            configuration.stateReason = explanation
            configuration.stateReasonCode = .init(rawValue: "InvalidRuntime")
        }
    }

    /// The same for a single reply.
    func configuration(
        _ name: FunctionName, _ settings: FunctionSettings, qualifier: String? = nil,
        progress: Progress = .settled
    ) async -> Lambda.FunctionConfiguration {
        var availabilities = Availabilities(ports.executor)
        return await configuration(
            name, settings, qualifier: qualifier, progress: progress, &availabilities)
    }
}
