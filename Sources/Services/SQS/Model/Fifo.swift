// SPDX-License-Identifier: Apache-2.0
// A first-in first-out list with amortised constant cost at both of its uses.

/// An array whose front can be taken without moving the rest.
struct Fifo<Element: Sendable>: Sequence, Sendable {
    private var storage: [Element?] = []
    private var head = 0

    init() {}

    var count: Int { storage.count - head }
    var isEmpty: Bool { head == storage.count }
    var first: Element? { isEmpty ? nil : storage[head] }

    var lastElement: Element? { isEmpty ? nil : storage[storage.count - 1] }

    mutating func append(_ element: Element) { storage.append(element) }

    @discardableResult
    mutating func removeFirst() -> Element? {
        guard head < storage.count else { return nil }
        let element = storage[head]
        storage[head] = nil
        head += 1
        if head == storage.count {
            storage.removeAll(keepingCapacity: storage.count <= 64)
            head = 0
        } else if head > 64, head > storage.count / 2 {
            storage.removeFirst(head)
            head = 0
        }
        return element
    }

    mutating func removeAll() {
        storage = []
        head = 0
    }

    func makeIterator() -> AnyIterator<Element> {
        var position = head
        return AnyIterator {
            guard position < storage.count else { return nil }
            defer { position += 1 }
            return storage[position]
        }
    }
}
