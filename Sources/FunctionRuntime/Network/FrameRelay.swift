// SPDX-License-Identifier: Apache-2.0
// Carries Ethernet frames between a function's interface and the program that speaks for it.
// Whose they are and when to carry is decided elsewhere.

import Glibc

/// One interface joined to one channel, both non-blocking.
///
/// A frame that the interface does not take is lost, as on any wire; towards the program the
/// interface waits instead.
final class FrameRelay {
    /// How a channel tells one frame from the next.
    enum Framing: Sendable {
        /// One packet each.
        case packets
        /// A stream in which four bytes, the highest first, hold the length of what follows.
        case lengths
    }

    enum Outcome: Equatable {
        case done
        /// The channel is full: go on when it is writable.
        case blocked
        case broken
    }

    private static let frameBytesMax = 65_536 + 64
    /// So that one function's traffic does not keep the others waiting.
    private static let framesAtOnce = 64

    let interface: Int32
    let channel: Int32
    private let framing: Framing
    private var buffer = [UInt8](repeating: 0, count: frameBytesMax)
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var incoming: [UInt8] = []

    init(interface: Int32, channel: Int32, framing: Framing) {
        self.interface = interface
        self.channel = channel
        self.framing = framing
    }

    /// From the function to the program.
    func carryOut() -> Outcome {
        for _ in 0..<Self.framesAtOnce {
            while sent < outgoing.count {
                let count = outgoing[sent...].withUnsafeBytes {
                    Glibc.send(channel, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return errno == EAGAIN ? .blocked : .broken }
                sent += count
            }
            let count = read(interface, &buffer, buffer.count)
            guard count > 0 else { return errno == EAGAIN ? .done : .broken }
            outgoing.removeAll(keepingCapacity: true)
            if framing == .lengths {
                for shift in [24, 16, 8, 0] { outgoing.append(UInt8(count >> shift & 0xFF)) }
            }
            outgoing.append(contentsOf: buffer[0..<count])
            sent = 0
        }
        return .done
    }

    /// From the program to the function.
    func carryIn() -> Outcome {
        for _ in 0..<Self.framesAtOnce {
            let count = read(channel, &buffer, buffer.count)
            guard count > 0 else { return count < 0 && errno == EAGAIN ? .done : .broken }
            switch framing {
            case .packets: _ = write(interface, buffer, count)
            case .lengths:
                incoming.append(contentsOf: buffer[0..<count])
                guard deliverWhole() else { return .broken }
            }
        }
        return .done
    }

    /// Hands on the frames that are complete; `false` for a length that cannot be.
    private func deliverWhole() -> Bool {
        var start = 0
        while incoming.count - start >= 4 {
            let length = incoming[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= Self.frameBytesMax else { return false }
            guard incoming.count - start - 4 >= length else { break }
            incoming[(start + 4)..<(start + 4 + length)].withUnsafeBytes {
                _ = write(interface, $0.baseAddress, $0.count)
            }
            start += 4 + length
        }
        incoming.removeFirst(start)
        return true
    }
}
