// SPDX-License-Identifier: Apache-2.0
// Runtimes other than our Python one: Node.js, custom bootstraps, and AWS's own client.

import FunctionRuntime
import Glibc
import LambdaService
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct RuntimeTests {
    static let nodeIsInstalled = access("/usr/bin/node", X_OK) == 0
    /// A folder with `awslambdaric` in it: the test environment's, or one that is named.
    static let clientFolder = [
        getenv("MARTLET_TEST_AWSLAMBDARIC").map { String(cString: $0) },
        ".venv/lib/python3.11/site-packages",
    ].compactMap { $0 }.first { access("\($0)/awslambdaric/__main__.py", R_OK) == 0 }

    @Test("A Node.js handler answers", .enabled(if: nodeIsInstalled), arguments: levels)
    func node(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.function(
            "script", runtime: "nodejs20.x", handler: "main.handler",
            files: [
                "main.mjs": """
                export const handler = async (event, context) => {
                  console.log('seen', event.n);
                  if (event.n === 2) throw new TypeError('not two');
                  return { double: event.n * 2, id: context.awsRequestId };
                };
                """
            ])
        let first = await laboratory.invoke(function, #"{"n":1}"#)
        #expect(first.text == #"{"double":2,"id":"request-1"}"#)
        let second = await laboratory.invoke(function, #"{"n":2}"#, id: "request-2")
        #expect(second.failure?.errorType == "TypeError")
        #expect(second.failure?.errorMessage == "not two")
        #expect(
            await laboratory.invoke(function, #"{"n":3}"#).text?.hasPrefix(#"{"double":6"#) == true)
        await laboratory.close()
        #expect(laboratory.host.lines.contains { $0.hasSuffix("\trequest-1\tINFO\tseen 1") })
    }

    @Test("A CommonJS handler with a callback answers", .enabled(if: nodeIsInstalled))
    func callback() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.function(
            "called", runtime: "nodejs20.x", handler: "main.handler",
            files: ["main.js": "exports.handler = (event, context, done) => done(null, 'called');"])
        #expect(await laboratory.invoke(function).text == "\"called\"")
        await laboratory.close()
    }

    @Test("Another version of the interpreter stands in, with a warning, unless refused")
    func substitute() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.function(
            "older", runtime: "python3.7", files: ["main.py": "def handler(e, c):\n    return 1\n"])
        #expect(await laboratory.invoke(function).text == "1")
        await laboratory.close()
        #expect(
            laboratory.host.lines.first?.hasPrefix("The runtime python3.7 runs on Python 3.")
                == true)

        let strict = try Laboratory { $0.strictRuntimes = true }
        let result = await strict.invoke(function)
        guard case .unavailable(.runtimeMissing(let message)) = result.outcome else {
            Issue.record("ran in spite of strict runtimes")
            return
        }
        #expect(message.hasPrefix("No Python 3.7 for the runtime python3.7 on this machine"))
        #expect(message.hasSuffix("apt-get install python3"))
        await strict.close()
    }

    @Test("A bootstrap of the function's own serves the Runtime API", arguments: levels)
    func provided(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.function(
            "custom", runtime: "provided.al2023", handler: "any",
            files: [
                "bootstrap": """
                #!/usr/bin/python3
                import os, urllib.request as u
                base = "http://%s/2018-06-01/runtime/" % os.environ["AWS_LAMBDA_RUNTIME_API"]
                while True:
                    event = u.urlopen(base + "invocation/next")
                    name = event.headers["Lambda-Runtime-Aws-Request-Id"]
                    for path in ("invocation/other/response", "nothing"):
                        try:
                            u.urlopen(base + path, event.read())
                        except u.HTTPError as error:
                            print(error.code, error.read().decode().strip(), flush=True)
                    u.urlopen(base + "invocation/%s/response" % name, b"mine").read()
                """
            ])
        #expect(await laboratory.invoke(function).text == "mine")
        #expect(await laboratory.invoke(function, id: "request-2").text == "mine")
        await laboratory.close()
        let lines = laboratory.host.lines
        #expect(
            lines.contains(
                #"400 {"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}"#))
        #expect(lines.contains("404 404 page not found"))
    }

    /// Built by `swift build -c release --static-swift-stdlib` in the example's folder.
    static let example = "Examples/swift-bootstrap/.build/release/bootstrap"

    @Test(
        "The example in Swift answers",
        .enabled(if: access(example, X_OK) == 0, "Examples/swift-bootstrap is not built"),
        arguments: levels)
    func swiftExample(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.function("greeter", runtime: "provided.al2023", files: [:])
        let code = try await function.code.directory()
        try #require(Self.copy(Self.example, to: "\(code)/bootstrap"))
        let answer = await laboratory.invoke(function, #"{"name":"Ada"}"#)
        #expect(answer.text == #"{"greeting":"Hello, Ada!"}"#)
        let failure = try await laboratory.failure(function, "{}")
        #expect(failure.errorType == "DecodingError")
        await laboratory.close()
        #expect(laboratory.host.lines.contains("answered request-1"))
    }

    @Test("A package without a bootstrap says so")
    func noBootstrap() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.function(
            "empty", runtime: "provided.al2023", files: ["readme": "nothing here"])
        let result = await laboratory.invoke(function)
        let failure = try #require(result.failure)
        #expect(failure.errorType == "Runtime.InvalidEntrypoint")
        let message =
            "RequestId: request-1 Error: Couldn't find valid bootstrap(s): "
            + "[/var/task/bootstrap /opt/bootstrap]"
        #expect(failure.errorMessage == message)
        await laboratory.close()
        let lines = laboratory.host.lines
        try #require(lines.count == 7)
        #expect(lines[0].hasPrefix("INIT_START Runtime Version: provided:al2023\t"))
        #expect(lines[1].hasSuffix("\tStatus: error\tError Type: Runtime.InvalidEntrypoint"))
        #expect(lines[2] == "START RequestId: request-1 Version: $LATEST")
        #expect(Array(lines[3...4]) == [message, "Runtime.InvalidEntrypoint"])
        #expect(lines[5] == "END RequestId: request-1")
        #expect(lines[6].hasPrefix("REPORT RequestId: request-1\tDuration: 0.00 ms\t"))
        let tail = String(decoding: result.logTail, as: UTF8.self)
        #expect(tail == lines[2...].joined(separator: "\n") + "\n")
    }

    @Test(
        "AWS's own runtime client works when the package bundles it",
        .enabled(if: clientFolder != nil, "no awslambdaric in .venv"), arguments: levels)
    func bundledClient(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "bundled", memory: 256,
            """
            import sys
            def handler(event, context):
                if event == "fail":
                    raise KeyError("lost")
                return [event, context.function_name, "awslambdaric" in sys.modules]
            """)
        let code = try await function.code.directory()
        let parts = ["awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py"]
        for entry in try #require(Self.clientFolder.map(Self.names))
        where parts.contains(where: entry.hasPrefix) {
            try #require(Self.copy("\(Self.clientFolder ?? "")/\(entry)", to: "\(code)/\(entry)"))
        }
        #expect(await laboratory.invoke(function, #""x""#).text == #"["x", "bundled", true]"#)
        let failure = await laboratory.invoke(function, #""fail""#, id: "request-2").failure
        #expect(failure?.errorType == "KeyError")
        #expect(await laboratory.invoke(function, "2").text == #"[2, "bundled", true]"#)
        await laboratory.close()
    }

    @Test(
        "The SDK need not be bundled", .enabled(if: sdkFolder != nil, "no boto3 to be found"),
        .enabled(if: Laboratory.pythonIsInstalled), arguments: levels)
    func sdk(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level) {
            $0.pythonSDKPaths = [Self.sdkFolder].compactMap { $0 }
        }
        let function = try laboratory.python(
            "calls", memory: 512, timeout: 30, environment: [("PYTHONPATH", "/tmp")],
            """
            import boto3
            def handler(event, context):
                sqs = boto3.client("sqs")
                return [sqs.meta.endpoint_url, sqs.meta.region_name]
            """)
        let result = await laboratory.invoke(function)
        #expect(result.text == #"["http://127.0.0.1:4566", "us-east-1"]"#)
        await laboratory.close()
    }

    /// A folder with boto3 in it.
    static let sdkFolder = [
        getenv("MARTLET_FUNCTIONS_SDK").map { String(cString: $0) }, ".build/functions-sdk",
        ".venv/lib/python3.11/site-packages",
    ].compactMap { $0.flatMap { realpath($0, nil) }.map { String(cString: $0) } }.first {
        access("\($0)/boto3/__init__.py", R_OK) == 0
    }

    private static func names(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", name != "__pycache__" { names.append(name) }
        }
        return names
    }

    /// Copies a file or a folder by the system's own program.
    private static func copy(_ source: String, to target: String) -> Bool {
        var process = pid_t()
        let words = ["cp", "-r", source, target]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        guard posix_spawn(&process, "/bin/cp", nil, nil, &arguments, environ) == 0 else {
            return false
        }
        var status: Int32 = 0
        return waitpid(process, &status, 0) == process && status == 0
    }
}
