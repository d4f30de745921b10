// SPDX-License-Identifier: Apache-2.0
// Bytes from inside a sandbox to requests of the Runtime API. HTTP/1.1 with a length or chunks,
// nothing else; every length has a bound, since the peer is the function's own code.

/// One request to an environment's Runtime API.
struct RuntimeRequest: Equatable, Sendable {
    var method: String
    var path: String
    /// Names in lower case, in order of arrival.
    var headers: [Header] = []
    var body: [UInt8] = []
    /// The body went past the limit; what came of it was dropped.
    var isOversized = false

    struct Header: Equatable, Sendable {
        let name: String
        let value: String
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// What the peer sent is not a request; the connection ends after the answer.
struct RuntimeRequestMalformed: Error, Equatable {
    let status: Int
    let reason: String
}

/// An incremental parser of requests on one connection.
struct RuntimeRequestParser {
    enum Event: Equatable {
        case request(RuntimeRequest)
        /// The peer waits for `100 Continue` before it sends a body.
        case expectsContinue
    }

    /// AWS's limit of a response, 6 MiB and a little.
    static let bodyBytesMax = 6_291_556
    static let headBytesMax = 65_536
    /// Beyond this even skipping ends.
    static let skippedBytesMax = 1 << 30

    private enum Phase {
        case head
        case counted(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailer
    }

    private var buffer: [UInt8] = []
    private var position = 0
    private var phase = Phase.head
    private var request = RuntimeRequest(method: "", path: "")
    private var received = 0

    mutating func append(_ bytes: some Sequence<UInt8>) {
        if position > 65_536 || position == buffer.count {
            buffer.removeSubrange(0..<position)
            position = 0
        }
        buffer.append(contentsOf: bytes)
    }

    /// The next complete thing in what was appended, `nil` when more is needed.
    mutating func next() throws(RuntimeRequestMalformed) -> Event? {
        while true {
            switch phase {
            case .head:
                guard let head = try takeHead() else { return nil }
                try begin(head)
                if case .counted(0) = phase { continue }
                if request.header("expect")?.lowercased() == "100-continue" {
                    return .expectsContinue
                }
            case .counted(let remaining):
                let rest = remaining - (try takeBody(upTo: remaining))
                phase = .counted(remaining: rest)
                if rest == 0 { return .request(finish()) }
                return nil
            case .chunkSize:
                guard let line = try takeLine() else { return nil }
                let size = try Self.chunkSize(line)
                phase = size == 0 ? .trailer : .chunk(remaining: size)
            case .chunk(let remaining):
                let rest = remaining - (try takeBody(upTo: remaining))
                phase = rest == 0 ? .chunkEnd : .chunk(remaining: rest)
                if rest > 0 { return nil }
            case .chunkEnd:
                guard let line = try takeLine() else { return nil }
                guard line.isEmpty else { throw Self.malformed("chunk") }
                phase = .chunkSize
            case .trailer:
                guard let line = try takeLine() else { return nil }
                if line.isEmpty { return .request(finish()) }
            }
        }
    }

    private mutating func finish() -> RuntimeRequest {
        defer {
            request = RuntimeRequest(method: "", path: "")
            received = 0
            phase = .head
        }
        return request
    }

    private static func malformed(_ reason: String) -> RuntimeRequestMalformed {
        RuntimeRequestMalformed(status: 400, reason: reason)
    }

    // MARK: Head

    /// The lines up to the empty one.
    private mutating func takeHead() throws(RuntimeRequestMalformed) -> [ArraySlice<UInt8>]? {
        var lines: [ArraySlice<UInt8>] = []
        var start = position
        var index = position
        while index < buffer.count {
            guard buffer[index] == UInt8(ascii: "\n") else {
                index += 1
                continue
            }
            guard index > start, buffer[index - 1] == UInt8(ascii: "\r") else {
                throw Self.malformed("line end")
            }
            let line = buffer[start..<index - 1]
            index += 1
            start = index
            if line.isEmpty {
                position = index
                return lines
            }
            lines.append(line)
            guard lines.count <= 128 else { throw Self.malformed("too many headers") }
        }
        guard buffer.count - position <= Self.headBytesMax else {
            throw RuntimeRequestMalformed(status: 431, reason: "head too large")
        }
        return nil
    }

    private mutating func begin(_ lines: [ArraySlice<UInt8>]) throws(RuntimeRequestMalformed) {
        guard let first = lines.first else { throw Self.malformed("request line") }
        let parts = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].first == UInt8(ascii: "/"),
            parts[2].elementsEqual("HTTP/1.1".utf8) || parts[2].elementsEqual("HTTP/1.0".utf8)
        else { throw Self.malformed("request line") }
        request.method = String(decoding: parts[0], as: UTF8.self)
        request.path = String(decoding: parts[1], as: UTF8.self)
        for line in lines.dropFirst() { request.headers.append(try Self.header(line)) }
        phase = try bodyPhase()
    }

    private static func header(
        _ line: ArraySlice<UInt8>
    ) throws(RuntimeRequestMalformed) -> RuntimeRequest.Header {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw malformed("header") }
        var value = line[(colon + 1)...]
        while let byte = value.first, byte == 0x20 || byte == 0x09 { value = value.dropFirst() }
        while let byte = value.last, byte == 0x20 || byte == 0x09 { value = value.dropLast() }
        return RuntimeRequest.Header(
            name: String(decoding: line[..<colon], as: UTF8.self).lowercased(),
            value: String(decoding: value, as: UTF8.self))
    }

    private func bodyPhase() throws(RuntimeRequestMalformed) -> Phase {
        let lengths = request.headers.filter { $0.name == "content-length" }
        let codings = request.headers.filter { $0.name == "transfer-encoding" }
        if let coding = codings.first {
            guard codings.count == 1, lengths.isEmpty, coding.value.lowercased() == "chunked"
            else { throw Self.malformed("transfer coding") }
            return .chunkSize
        }
        guard let length = lengths.first else { return .counted(remaining: 0) }
        guard lengths.count == 1, length.value.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let count = Int(length.value)
        else { throw Self.malformed("content length") }
        guard count <= Self.skippedBytesMax else {
            throw RuntimeRequestMalformed(status: 413, reason: "body too large")
        }
        return .counted(remaining: count)
    }

    // MARK: Body

    private mutating func takeLine() throws(RuntimeRequestMalformed) -> [UInt8]? {
        guard let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.count - position <= 4096 else { throw Self.malformed("line") }
            return nil
        }
        guard end > position, buffer[end - 1] == UInt8(ascii: "\r") else {
            throw Self.malformed("line end")
        }
        defer { position = end + 1 }
        return Array(buffer[position..<end - 1])
    }

    private static func chunkSize(_ line: [UInt8]) throws(RuntimeRequestMalformed) -> Int {
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
        guard !digits.isEmpty, digits.count <= 8,
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
        else { throw malformed("chunk size") }
        return size
    }

    private mutating func takeBody(upTo count: Int) throws(RuntimeRequestMalformed) -> Int {
        let taken = min(count, buffer.count - position)
        received += taken
        guard received <= Self.skippedBytesMax else {
            throw RuntimeRequestMalformed(status: 413, reason: "body too large")
        }
        if received <= Self.bodyBytesMax {
            request.body.append(contentsOf: buffer[position..<position + taken])
        } else {
            request.isOversized = true
            request.body = []
        }
        position += taken
        return taken
    }
}
