// SPDX-License-Identifier: Apache-2.0
// Query requests posted to a queue's own URL: the path names the queue, so that `QueueUrl` may be
// left out, as SQS's first clients did.

import Basics
import WireProtocols

enum QueuePath {
    /// Adds the queue that the path names to a form that names none.
    static func complete(_ request: inout WireRequest) {
        guard request.path.utf8.count > 1 else { return }
        let parts = request.path.split(separator: "/", omittingEmptySubsequences: true)
        guard parts.count == 2 || parts.count == 4, parts.count == 2 || parts[0] == "queue",
            AccountID(parts[parts.count - 2]) != nil,
            request.headers.first("x-amz-target") == nil,
            !request.query.contains("QueueUrl="), !names(request.body)
        else { return }
        let address =
            "QueueUrl=http%3A%2F%2Flocalhost%2F\(parts.joined(separator: "%2F"))"
        request.query = request.query.isEmpty ? address : "\(request.query)&\(address)"
    }

    /// Whether a form has a `QueueUrl` already.
    private static func names(_ body: [UInt8]) -> Bool {
        let name = Array("QueueUrl=".utf8)
        guard body.count >= name.count else { return false }
        return (0...(body.count - name.count)).contains { start in
            body[start] == name[0] && body[start..<start + name.count].elementsEqual(name)
                && (start == 0 || body[start - 1] == UInt8(ascii: "&"))
        }
    }
}
