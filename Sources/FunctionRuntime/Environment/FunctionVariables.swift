// SPDX-License-Identifier: Apache-2.0
// The environment variables a function starts with: AWS's names, then its own.

import Basics
import LambdaService

/// The places a function is told of.
struct FunctionPlaces: Sendable {
    var taskRoot: String
    var runtimeFolder: String
    var runtimeAPI: String
    var endpoint: String
    /// The stand-in for `/tmp`, `nil` where `/tmp` is the function's own.
    var temporaryFolder: String?
    var pythonPath: [String]
    var nodePath: [String]
}

enum FunctionVariables {
    /// `NAME=value` in a fixed order.
    ///
    /// Names that AWS reserves cannot be overridden; the others give way to the function's own.
    static func list(
        _ function: FunctionSpecification, credentials: FunctionCredentials, logStream: String,
        places: FunctionPlaces
    ) -> [String] {
        let reserved: [(String, String)] = [
            ("_HANDLER", function.handler),
            ("AWS_REGION", function.region.description),
            ("AWS_DEFAULT_REGION", function.region.description),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_\(function.runtime)"),
            ("AWS_LAMBDA_FUNCTION_NAME", function.functionName),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", String(function.memoryMegabytes)),
            ("AWS_LAMBDA_FUNCTION_VERSION", function.version),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", function.logGroup),
            ("AWS_LAMBDA_LOG_STREAM_NAME", logStream),
            ("AWS_ACCESS_KEY_ID", credentials.accessKeyID),
            ("AWS_SECRET_ACCESS_KEY", credentials.secretAccessKey),
            ("AWS_SESSION_TOKEN", credentials.sessionToken),
            ("AWS_LAMBDA_RUNTIME_API", places.runtimeAPI),
            ("LAMBDA_TASK_ROOT", places.taskRoot),
            ("LAMBDA_RUNTIME_DIR", places.runtimeFolder),
        ]
        var usual: [(String, String)] = [
            ("LANG", "C.UTF-8"),
            ("TZ", ":UTC"),
            ("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin"),
            (
                "LD_LIBRARY_PATH",
                "/var/lang/lib:/lib64:/usr/lib64:\(places.runtimeFolder):"
                    + "\(places.runtimeFolder)/lib:\(places.taskRoot):\(places.taskRoot)/lib:"
                    + "/opt/lib"
            ),
            ("AWS_ENDPOINT_URL", places.endpoint),
        ]
        if let folder = places.temporaryFolder { usual.append(("TMPDIR", folder)) }
        switch RuntimeFamily(function.runtime) {
        case .python:
            // For processes the function starts; our bootstrap makes the path itself, so that
            // a variable of the function's own does not take the SDK away.
            let path = [places.runtimeFolder] + places.pythonPath
            usual.append(("PYTHONPATH", path.joined(separator: ":")))
            usual.append(("_MARTLET_PYTHON_PATH", places.pythonPath.joined(separator: ":")))
        case .node:
            usual.append(("NODE_PATH", places.nodePath.joined(separator: ":")))
        case .provided, .unknown: break
        }
        var taken = Set(reserved.map(\.0))
        var result = reserved.map { "\($0.0)=\($0.1)" }
        for (name, value) in function.environment where taken.insert(name).inserted {
            result.append("\(name)=\(value)")
        }
        for (name, value) in usual where taken.insert(name).inserted {
            result.append("\(name)=\(value)")
        }
        return result
    }
}
