// SPDX-License-Identifier: Apache-2.0
// What is remembered of URLs: never wrong, never much.

import Basics
import Testing

@testable import SQSService

@Suite struct QueueAddressTests {
    private func name(_ text: String, _ region: Region = .usEast1) -> QueueName {
        QueueName(account: .local, region: region, name: text)
    }

    @Test func aURLIsKnownForItsRegionOnly() throws {
        let addresses = QueueAddresses()
        #expect(addresses["http://a/000000000000/q", .usEast1] == nil)
        let entry = addresses.remember(name("q"), for: "http://a/000000000000/q")
        #expect(entry.arn == "arn:aws:sqs:us-east-1:000000000000:q")
        #expect(addresses["http://a/000000000000/q", .usEast1]?.name == name("q"))
        #expect(addresses[arn: entry.arn] == name("q"))
        let other = try #require(Region("eu-west-1"))
        #expect(addresses["http://a/000000000000/q", other] == nil)
    }

    @Test func itForgetsBeforeItGrows() {
        let addresses = QueueAddresses(countMax: 2)
        for text in ["a", "b", "c"] { _ = addresses.remember(name(text), for: text) }
        #expect(addresses["a", .usEast1] == nil)
        #expect(addresses["c", .usEast1] != nil)
        #expect(addresses[arn: name("a").arn.description] == nil)
    }

    @Test func longTextsAreNotKept() {
        let addresses = QueueAddresses()
        let url = String(repeating: "x", count: 10_000)
        #expect(addresses.remember(name("q"), for: url).name == name("q"))
        #expect(addresses[url, .usEast1] == nil)
    }
}
