// SPDX-License-Identifier: Apache-2.0
// What a durable answer costs at least: our own listener, one append of the request's body to the
// store, the group's sync, a constant answer. The reference beside which SendMessage is measured.
//
//     BareDurable DIRECTORY PORT

import Basics
import Foundation
import HTTPFront
import NIOCore
import NIOPosix
import RocksStorage
import Storage
import Synchronization

/// Answers every request alike once its body is durable.
final class BareDurable: HTTPApplication {
    private let store: RocksStore
    private let next = Atomic<UInt64>(0)
    /// As long as the answer to a SendMessage.
    private let answer = Array(
        (#"{"MD5OfMessageBody":"00000000000000000000000000000000","#
            + #""MessageId":"00000000-0000-4000-8000-000000000000"}"#).utf8)

    init(_ store: RocksStore) { self.store = store }

    func admit(_ head: HTTPRequestHead) -> HeadDecision { .accept(bodyBytesMax: 1 << 20) }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let number = next.wrappingAdd(1, ordering: .relaxed).newValue
        var batch = WriteBatch()
        batch.put(key: KeyEncoder(.test).unsigned(number).key, value: request.body)
        do {
            try await store.commit(batch)
            return HTTPResponse(
                status: 200, headers: [("content-type", "application/x-amz-json-1.0")],
                body: answer)
        } catch {
            return HTTPResponse(status: 503)
        }
    }
}

func wallClock() -> Timestamp {
    Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
}

guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[2]) else {
    print("usage: BareDurable DIRECTORY PORT")
    exit(2)
}
let store = try RocksStore.open(RocksConfiguration(directory: CommandLine.arguments[1]))
let server = try await HTTPServer(group: HTTPServer.makeGroup(), wallClock: wallClock)
let listener = try await server.bind(
    host: "127.0.0.1", port: port, tag: "bare", application: BareDurable(store))
print("Ready.")
while true { try await Task.sleep(for: .seconds(3600)) }
