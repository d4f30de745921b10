// SPDX-License-Identifier: Apache-2.0
// An application whose answers are streamed.

import HTTPFront

/// Streams as many lines as the path says.
///
/// A negative number fails after the first piece; `/endless` sends one and waits to be cancelled.
struct StreamApplication: HTTPApplication {
    struct Torn: Error {}

    func admit(_ head: HTTPRequestHead) -> HeadDecision { .accept(bodyBytesMax: 0) }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let count = Int(request.rawPath.dropFirst())
        return HTTPResponse(
            status: 200,
            body: .stream { writer in
                guard let count else {
                    try await writer.write(Array("begun\n".utf8))
                    for await _ in AsyncStream<Void>.makeStream().stream {}
                    return
                }
                guard count >= 0 else {
                    try await writer.write(Array("torn\n".utf8))
                    throw Torn()
                }
                for number in 0..<count {
                    try await writer.write(Array("line \(number)\n".utf8))
                }
            })
    }
}
