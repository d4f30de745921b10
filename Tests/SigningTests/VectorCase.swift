// SPDX-License-Identifier: Apache-2.0
// AWS's published SigV4 examples, read from outside the repository.

import Basics
import Foundation
import Signing

/// One directory of the test vectors.
struct VectorCase: CustomStringConvertible, Sendable {
    let name: String
    let request: WireRequest
    let canonicalRequest: String
    let stringToSign: String
    let signature: String
    /// The request as sent, with its authorization.
    let signedRequest: WireRequest
    let secret: String
    let service: String
    let region: String
    let time: Timestamp
    let isNormalized: Bool
    let token: String?
    let omitsToken: Bool

    var description: String { name }

    /// `MARTLET_SIGV4_VECTORS`, else the shared data beside the repository.
    static var directory: URL {
        if let path = ProcessInfo.processInfo.environment["MARTLET_SIGV4_VECTORS"] {
            return URL(filePath: path)
        }
        return URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "shared/data/sigv4/v4")
    }

    static var isPresent: Bool { FileManager.default.fileExists(atPath: directory.path()) }

    static func all() throws -> [VectorCase] {
        try FileManager.default.contentsOfDirectory(atPath: directory.path()).sorted()
            .map(VectorCase.init(name:))
    }

    init(name: String) throws {
        let folder = Self.directory.appending(path: name)
        func text(_ file: String) throws -> String {
            try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        }
        struct Missing: Error {}
        let context = try JSONValue(parsing: try text("context.json"))
        guard let secret = context["credentials"]?["secret_access_key"]?.stringValue,
            let service = context["service"]?.stringValue,
            let region = context["region"]?.stringValue,
            let time = context["timestamp"]?.stringValue.flatMap({ Timestamp(iso8601: $0) }),
            let isNormalized = context["normalize"]?.boolValue
        else { throw Missing() }
        self.name = name
        self.secret = secret
        self.service = service
        self.region = region
        self.time = time
        self.isNormalized = isNormalized
        token = context["credentials"]?["token"]?.stringValue
        omitsToken = context["omit_session_token"]?.boolValue ?? false
        request = try WireRequest(try text("request.txt"))
        signedRequest = try WireRequest(try text("header-signed-request.txt"))
        canonicalRequest = try text("header-canonical-request.txt")
        stringToSign = try text("header-string-to-sign.txt")
        signature = try text("header-signature.txt")
    }
}

/// A request in the plain text form of the vectors.
struct WireRequest: SignableRequest, Sendable {
    var method: String
    var rawPath: String
    var rawQuery: String
    var headers: [(name: String, value: String)] = []
    var body: [UInt8]

    init(
        method: String, path: String, query: String = "",
        headers: [(name: String, value: String)], body: [UInt8] = []
    ) {
        self.method = method
        rawPath = path
        rawQuery = query
        self.headers = headers
        self.body = body
    }

    /// Reads a request; the target may hold spaces, as some vectors do.
    init(_ text: String) throws {
        struct Malformed: Error {}
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = parts[0].split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.removeFirst()
        guard let first = start.firstIndex(of: " "), let last = start.lastIndex(of: " "),
            first < last
        else { throw Malformed() }
        method = String(start[..<first])
        let target = start[start.index(after: first)..<last]
        let mark = target.firstIndex(of: "?") ?? target.endIndex
        rawPath = String(target[..<mark])
        rawQuery = mark < target.endIndex ? String(target[target.index(after: mark)...]) : ""
        body = parts.count > 1 ? Array(parts[1].utf8) : []
        for line in lines where !line.isEmpty {
            if line.first == " ", let last = headers.indices.last {
                headers[last].value += line
                continue
            }
            guard let colon = line.firstIndex(of: ":") else { throw Malformed() }
            headers.append(
                (line[..<colon].lowercased(), String(line[line.index(after: colon)...])))
        }
    }

    func values(ofHeader name: String) -> [String] {
        headers.filter { $0.name == name }.map(\.value)
    }
}
