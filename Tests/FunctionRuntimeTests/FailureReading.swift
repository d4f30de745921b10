// SPDX-License-Identifier: Apache-2.0
// What a test compares of a failure that a runtime posted.

import LambdaService

@testable import FunctionRuntime

enum FunctionFailureReading {
    static func read(_ request: RuntimeRequest) -> [String] {
        let failure = FunctionFailure.reported(request)
        return [failure.errorType, failure.errorMessage]
    }
}
