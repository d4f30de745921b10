// SPDX-License-Identifier: Apache-2.0
// Functions run for real, at every level this machine has.

import Basics
import FunctionRuntime
import LambdaService
import Testing

@Suite(.serialized, .enabled(if: Laboratory.pythonIsInstalled))
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
        await laboratory.close()
    }
}

let levels: [SandboxLevel] = [.rlimits, .namespaces]
