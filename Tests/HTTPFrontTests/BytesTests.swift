// SPDX-License-Identifier: Apache-2.0
// Looks at many bytes at once, held against looking at each.

import Testing

@testable import HTTPFront

@Suite struct BytesTests {
    /// Every byte at every place of a text that is otherwise plain, or all tabs, or beyond ASCII.
    @Test(arguments: [0x61, 0x09, 0xC3, 0x80] as [UInt8])
    func controlsAreFoundWhereverTheyStand(_ filling: UInt8) {
        for count in 1...20 {
            for place in 0..<count {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: filling, count: count)
                    bytes[place] = byte
                    let isControl = byte < 0x20 && byte != 0x09 || byte == 0x7F
                    let found = bytes.withUnsafeBytes { ASCII.hasControl($0) }
                    if found != isControl { Issue.record("\(byte) at \(place) of \(count)") }
                }
            }
        }
    }

    @Test func namesAreEqualButForTheCaseOfLetters() {
        func equal(_ left: String, _ right: String) -> Bool {
            Array(left.utf8).withUnsafeBytes { left in
                Array(right.utf8).withUnsafeBytes { ASCII.equalsIgnoringCase(left, $0) }
            }
        }
        #expect(equal("X-Amz-Target", "x-amz-target"))
        #expect(!equal("x-amz-target", "x-amz-targe"))
        // `@` and `[` stand beside the letters, `` ` `` and `{` 0x20 above them.
        #expect(!equal("@", "`"))
        #expect(!equal("[", "{"))
        #expect(equal("", ""))
    }

    @Test func coresAreCountedFromTheMask() {
        func count(_ text: String) -> Int? { Affinity.coreCount(inStatus: Array(text.utf8)[...]) }
        #expect(count("Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n") == 2)
        #expect(count("Cpus_allowed:\tffffffff,00000001\n") == 33)
        #expect(count("Cpus_allowed:\t0\n") == nil)
        #expect(count("Name:\tx\n") == nil)
    }

    @Test func thisProcessHasCores() { #expect((Affinity.coreCount ?? 0) > 0) }
}
