// SPDX-License-Identifier: Apache-2.0
// What create and update have in common: the settings a request names, checked and applied.

import Basics
import LambdaWire
import WireModel

/// The configuration members of a request; `nil` leaves a setting as it is.
struct FunctionChange: Sendable {
    var runtime: String?
    var handler: String?
    var role: String?
    var description: String?
    var timeoutSeconds: Int?
    var memoryMegabytes: Int?
    var ephemeralStorageMegabytes: Int?
    var environment: [String: String]?
    /// Empty takes the target away.
    var deadLetterTarget: String?
    var tracingMode: String?
    var kmsKeyARN: String?
    var architecture: String?
    /// `.some(nil)` goes back to the default group.
    var logGroup: String??

    init(_ input: Lambda.CreateFunctionRequest) {
        description = input.description
        timeoutSeconds = input.timeout.map { Int($0) }
        memoryMegabytes = input.memorySize.map { Int($0) }
        ephemeralStorageMegabytes = input.ephemeralStorage.map { Int($0.size) }
        environment = input.environment.map { $0.variables ?? [:] }
        deadLetterTarget = input.deadLetterConfig.map { $0.targetArn ?? "" }
        tracingMode = input.tracingConfig?.mode?.rawValue
        kmsKeyARN = input.kmsKeyArn
        architecture = input.architectures?.first?.rawValue
        logGroup = input.loggingConfig.map(\.logGroup)
    }

    init(_ input: Lambda.UpdateFunctionConfigurationRequest) {
        runtime = input.runtime?.rawValue
        handler = input.handler
        role = input.role
        description = input.description
        timeoutSeconds = input.timeout.map { Int($0) }
        memoryMegabytes = input.memorySize.map { Int($0) }
        ephemeralStorageMegabytes = input.ephemeralStorage.map { Int($0.size) }
        environment = input.environment.map { $0.variables ?? [:] }
        deadLetterTarget = input.deadLetterConfig.map { $0.targetArn ?? "" }
        tracingMode = input.tracingConfig?.mode?.rawValue
        kmsKeyARN = input.kmsKeyArn
        logGroup = input.loggingConfig.map(\.logGroup)
    }
}

extension LambdaService {
    /// Applies a change to settings, or throws AWS's fault for a value that cannot be.
    func apply(_ change: FunctionChange, to settings: inout FunctionSettings)
        throws(ServiceFault)
    {
        if let timeout = change.timeoutSeconds {
            try FunctionRules.check(timeoutSeconds: timeout, limits: limits)
            settings.timeoutSeconds = timeout
        }
        if let memory = change.memoryMegabytes {
            try FunctionRules.check(memoryMegabytes: memory, limits: limits)
            settings.memoryMegabytes = memory
        }
        if let environment = change.environment {
            try FunctionRules.check(environment: environment, limits: limits)
            settings.environment = environment
        }
        if let target = change.deadLetterTarget {
            settings.deadLetterTarget =
                target.isEmpty
                ? nil : try FunctionRules.queue(target, member: "TargetArn").description
        }
        if let group = change.logGroup { settings.logGroup = group }
        if let kmsKeyARN = change.kmsKeyARN {
            settings.kmsKeyARN = kmsKeyARN.isEmpty ? nil : kmsKeyARN
        }
        settings.runtime = change.runtime ?? settings.runtime
        settings.handler = change.handler ?? settings.handler
        settings.role = change.role ?? settings.role
        settings.description = change.description ?? settings.description
        settings.ephemeralStorageMegabytes =
            change.ephemeralStorageMegabytes ?? settings.ephemeralStorageMegabytes
        settings.tracingMode = change.tracingMode ?? settings.tracingMode
        settings.architecture = change.architecture ?? settings.architecture
    }
}
