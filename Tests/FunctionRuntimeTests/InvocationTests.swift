// SPDX-License-Identifier: Apache-2.0
// Functions run for real, at every level this machine has: what comes back, and how they fail.

import Basics
import FunctionRuntime
import LambdaService
import Testing

let levels: [SandboxLevel] = [.rlimits, .namespaces]

@Suite(.serialized, .timeLimit(.minutes(1)), .enabled(if: Laboratory.pythonIsInstalled))
struct InvocationTests {
    @Test("An event comes back, the second one from the same environment", arguments: levels)
    func echo(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "echo",
            """
            count = 0
            def handler(event, context):
                global count
                count += 1
                return {"event": event, "count": count, "id": context.aws_request_id}
            """)
        let first = await laboratory.invoke(function, #"{"a":[1,2.5,"é",null,true]}"#)
        #expect(
            first.text
                == #"{"event": {"a": [1, 2.5, "\u00e9", null, true]}, "count": 1, "id": "request-1"}"#
        )
        #expect(first.initMilliseconds != nil)
        let second = await laboratory.invoke(function, "7", id: "request-2")
        #expect(second.text == #"{"event": 7, "count": 2, "id": "request-2"}"#)
        #expect(second.initMilliseconds == nil)
        #expect(second.logStream == first.logStream)
        await laboratory.close()
        #expect(laboratory.host.streams == [first.logStream])
    }

    @Test("Variables and context are those of AWS", arguments: levels)
    func variables(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "names", memory: 256, environment: [("COLOUR", "blue")],
            """
            import os
            def handler(event, context):
                e = os.environ
                return [
                    e["COLOUR"], e["_HANDLER"], e["AWS_REGION"], e["AWS_DEFAULT_REGION"],
                    e["AWS_LAMBDA_FUNCTION_NAME"], e["AWS_LAMBDA_FUNCTION_VERSION"],
                    e["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], e["AWS_LAMBDA_LOG_GROUP_NAME"],
                    e["AWS_ACCESS_KEY_ID"], e["AWS_SECRET_ACCESS_KEY"], e["AWS_SESSION_TOKEN"],
                    e["AWS_EXECUTION_ENV"], e["TZ"], e["AWS_ENDPOINT_URL"],
                    context.function_name, context.memory_limit_in_mb, context.function_version,
                    context.invoked_function_arn,
                    e["AWS_LAMBDA_LOG_STREAM_NAME"] == context.log_stream_name,
                    9000 < context.get_remaining_time_in_millis() <= 10000,
                    os.getcwd() == e["LAMBDA_TASK_ROOT"]]
            """)
        let result = await laboratory.invoke(function)
        #expect(
            result.text == """
                ["blue", "main.handler", "us-east-1", "us-east-1", "names", "$LATEST", "256", \
                "/aws/lambda/names", "ASIAEXAMPLE", "secret-of-the-session", "token", \
                "AWS_Lambda_python3.11", ":UTC", "http://127.0.0.1:4566", "names", "256", \
                "$LATEST", "arn:aws:lambda:us-east-1:000000000000:function:names", true, true, \
                true]
                """)
        await laboratory.close()
    }

    @Test("A raised exception comes back as AWS words it, and the environment lives on")
    func exceptions() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python(
            "raises",
            """
            def handler(event, context):
                if event == 1:
                    raise ValueError("no such colour")
                if event == 2:
                    return {1, 2}
                return "well"
            """)
        let failed = await laboratory.invoke(function, "1")
        let failure = try #require(failed.failure)
        #expect(failure.kind == .unhandled)
        #expect(failure.errorType == "ValueError")
        #expect(failure.errorMessage == "no such colour")
        let document = try JSONValue(parsing: failure.payload)
        #expect(document["requestId"] == .string("request-1"))
        let trace = try #require(document["stackTrace"]?.arrayValue)
        #expect(trace.count == 1)
        #expect(trace.first?.stringValue?.contains("main.py\", line 3, in handler") == true)
        let unwritable = await laboratory.invoke(function, "2")
        #expect(unwritable.failure?.errorType == "Runtime.MarshalError")
        #expect(
            unwritable.failure?.errorMessage
                == "Unable to marshal response: Object of type set is not JSON serializable")
        let well = await laboratory.invoke(function, "3")
        #expect(well.text == "\"well\"")
        #expect(well.initMilliseconds == nil)
        await laboratory.close()
        let error = laboratory.host.lines.first { $0.hasPrefix("[ERROR]") }
        #expect(
            error?.hasPrefix(
                "[ERROR] ValueError: no such colour\rTraceback (most recent call last):\r") == true)
    }

    @Test(
        "What cannot be loaded is named as on AWS",
        arguments: [
            (
                "import nothing_like_it", "main.handler", "Runtime.ImportModuleError",
                "Unable to import module 'main': No module named 'nothing_like_it'"
            ),
            (
                "def handler(:", "main.handler", "Runtime.UserCodeSyntaxError",
                "Syntax error in module 'main': invalid syntax (main.py, line 1)"
            ),
            (
                "x = 1", "main.handler", "Runtime.HandlerNotFound",
                "Handler 'handler' missing on module 'main'"
            ),
            (
                "x = 1", "other.handler", "Runtime.ImportModuleError",
                "Unable to import module 'other': No module named 'other'"
            ),
            (
                "x = 1", "handler", "Runtime.MalformedHandlerName",
                "Bad handler 'handler': not enough values to unpack (expected 2, got 1)"
            ),
            ("1 / 0", "main.handler", "ZeroDivisionError", "division by zero"),
        ])
    func loading(source: String, handler: String, type: String, message: String) async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.function(
            "broken", handler: handler, files: ["main.py": source])
        let failure = try await laboratory.failure(function)
        #expect(failure.errorType == type)
        #expect(failure.errorMessage == message)
        await laboratory.close()
        let report = laboratory.host.lines.last ?? ""
        #expect(report.contains("\tStatus: error\tError Type: \(type)"))
    }

    @Test(
        "A process that ends is told from one that fails", arguments: levels,
        [
            ("sys.exit(1)", "Runtime exited with error: exit status 1"),
            ("sys.exit(0)", "Runtime exited without providing a reason"),
            ("os._exit(7)", "Runtime exited with error: exit status 7"),
            ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ])
    func exits(level: SandboxLevel, ending: (statement: String, reason: String)) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "ends", "import os, sys\ndef handler(event, context):\n    \(ending.statement)\n")
        let failure = try await laboratory.failure(function)
        #expect(failure.errorType == "Runtime.ExitError")
        #expect(failure.errorMessage == "RequestId: request-1 Error: \(ending.reason)")
        let again = await laboratory.invoke(function, id: "request-2")
        #expect(again.failure?.errorType == "Runtime.ExitError")
        #expect(again.initMilliseconds != nil)
        await laboratory.close()
    }

    @Test("A function that takes too long is ended", arguments: levels)
    func timeout(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "sleeps", timeout: 1,
            "import time\ndef handler(event, context):\n    print('dozing')\n    time.sleep(60)\n")
        let result = await laboratory.invoke(function)
        let failure = try #require(result.failure)
        #expect(failure.errorType == "Sandbox.Timedout")
        #expect(
            failure.errorMessage
                == "RequestId: request-1 Error: Task timed out after 1.00 seconds")
        #expect(result.durationMilliseconds == 1000)
        let initial = try #require(result.initMilliseconds)
        #expect(result.billedMilliseconds == Int((1000 + initial).rounded(.up)))
        await laboratory.close()
        let lines = laboratory.host.lines
        #expect(lines.contains("dozing"))
        #expect(
            lines.contains { $0.hasSuffix(" request-1 Task timed out after 1.00 seconds") })
        #expect(lines.last?.hasSuffix("\tStatus: timeout") == true)
    }

    @Test("A function that takes more memory than it has is ended", arguments: levels)
    func memory(level: SandboxLevel) async throws {
        let laboratory = try Laboratory(level: level)
        let function = try laboratory.python(
            "hungry",
            """
            def handler(event, context):
                kept = []
                while True:
                    kept.append(bytearray(8 << 20))
            """)
        let result = await laboratory.invoke(function)
        let failure = try #require(result.failure)
        #expect(failure.errorType == "Runtime.OutOfMemory")
        #expect(
            failure.errorMessage
                == "RequestId: request-1 Error: Runtime exited with error: signal: killed")
        #expect(result.maxMemoryMegabytes == 128)
        await laboratory.close()
    }

    @Test("A response past the limit fails, one at the limit does not")
    func size() async throws {
        let laboratory = try Laboratory()
        let function = try laboratory.python(
            "wide", memory: 256,
            "def handler(event, context):\n    return 'x' * event\n")
        let fits = await laboratory.invoke(function, "6291554")
        #expect(fits.text?.utf8.count == 6_291_556)
        let failure = try await laboratory.failure(function, "6291555")
        #expect(failure.errorType == "Function.ResponseSizeTooLarge")
        #expect(
            failure.errorMessage == "Response payload size exceeded maximum allowed payload size "
                + "(6291556 bytes).")
        let event = "\"" + String(repeating: "y", count: 6_000_000) + "\""
        let counts = try laboratory.python(
            "counts", memory: 256, "def handler(event, context):\n    return len(event)\n")
        #expect(await laboratory.invoke(counts, event).text == "6000000")
        await laboratory.close()
    }

    @Test("An init that takes too long is begun again within the function's own timeout")
    func slowInit() async throws {
        let laboratory = try Laboratory { $0.initNanoseconds = 200_000_000 }
        let function = try laboratory.python(
            "slow", timeout: 1, "import time\ntime.sleep(30)\ndef handler(e, c):\n    pass\n")
        let failure = try await laboratory.failure(function)
        #expect(failure.errorType == "Sandbox.Timedout")
        await laboratory.close()
        let lines = laboratory.host.lines
        #expect(
            lines.contains("INIT_REPORT Init Duration: 200.00 ms\tPhase: init\tStatus: timeout"))
        #expect(lines.filter { $0.hasPrefix("INIT_START") }.count == 2)
    }
}
