// SPDX-License-Identifier: Apache-2.0
// The listener over real sockets.

import Basics
import HTTPFront
import NIOCore
import NIOPosix
import Testing

@Suite struct ServerTests {
    @Test func pipelinedRequestsAreAnsweredInOrderAndTheLastCloses() async throws {
        try await withServer { _, listener, group in
            let text = try await exchange(
                "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "POST /b?c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                    + "GET /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                with: listener, on: group)
            let one = "HTTP/1.1 200 OK\r\ndate: Tue, 15 Nov 1994 08:12:31 GMT\r\n"
            let last = "\(one)connection: close\r\ncontent-length: 8\r\n\r\nGET /d 0"
            #expect(
                text
                    == "\(one)content-length: 8\r\n\r\nGET /a 0"
                    + "\(one)content-length: 9\r\n\r\nPOST /b 3\(last)")
        }
    }
}
