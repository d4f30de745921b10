// SPDX-License-Identifier: Apache-2.0
// The forms in which a function may be named.

import Basics
import Testing

@testable import LambdaService

@Suite struct NameTests {
    @Test(arguments: [
        ("f", "f", nil as String?, nil as String?, nil as String?),
        ("f:1", "f", "1", nil, nil), ("f:$LATEST", "f", "$LATEST", nil, nil),
        ("function:f", "f", nil, nil, nil),
        ("123456789012:function:f", "f", nil, "123456789012", nil),
        ("123456789012:function:f:2", "f", "2", "123456789012", nil),
        ("123456789012:f", "f", nil, "123456789012", nil),
        ("123456789012", "123456789012", nil, nil, nil),
        ("arn:aws:lambda:eu-west-1:123456789012:function:f", "f", nil, "123456789012", "eu-west-1"),
        (
            "arn:aws:lambda:eu-west-1:123456789012:function:f:7", "f", "7", "123456789012",
            "eu-west-1"
        ),
        ("us-east-1:123456789012:function:f", "f", nil, "123456789012", "us-east-1"),
        ("my-function-1:2", "my-function-1", "2", nil, nil),
    ])
    func reads(
        _ text: String, _ name: String, _ qualifier: String?, _ account: String?,
        _ region: String?
    ) {
        let reference = FunctionReference(parsing: text)
        #expect(reference?.name == name)
        #expect(reference?.qualifier == qualifier)
        #expect(reference?.account?.description == account)
        #expect(reference?.region?.description == region)
    }

    @Test(arguments: [
        "", ":", "f:", "a b", "f:1:2", "a.b", "f:$LATES", "arn:aws:lambda:eu-west-1:1:function",
        String(repeating: "a", count: 65), "function:f:1:2", "é",
    ])
    func refuses(_ text: String) { #expect(FunctionReference(parsing: text) == nil) }
}
