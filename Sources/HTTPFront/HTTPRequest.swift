// SPDX-License-Identifier: Apache-2.0
// One request as the application sees it. The target is never normalised: signatures and object
// keys depend on the exact bytes that were sent.

/// The head of a request: everything before its body.
package struct HTTPRequestHead: Sendable {
    package let method: HTTPMethod
    package let version: HTTPVersion
    /// Every header field, in order of arrival.
    ///
    /// With an absolute-form target, `host` is that target's authority (RFC 9112, 3.2.2).
    package let fields: HTTPFields
    /// The announced body length; `nil` for a chunked body, 0 when there is none.
    package let contentLength: Int?
    /// Whether the client waits for `100 Continue` before it sends the body.
    package let expectsContinue: Bool
    package let connection: ConnectionContext

    let path: Range<Int>
    let query: Range<Int>?
    let authority: Range<Int>?
    /// Whether the client wants the connection kept for another request.
    let keepsAlive: Bool

    /// The path as sent, percent escapes and dot segments untouched; `*` for `OPTIONS *`.
    package var rawPath: String { String(decoding: rawPathBytes, as: UTF8.self) }
    package var rawPathBytes: ArraySlice<UInt8> { fields.buffer[path] }
    /// What follows the first `?`, untouched; `nil` without a `?`, empty with nothing after it.
    package var rawQuery: String? {
        rawQueryBytes.map { String(decoding: $0, as: UTF8.self) }
    }
    package var rawQueryBytes: ArraySlice<UInt8>? { query.map { fields.buffer[$0] } }
    /// The authority of an absolute-form target, else the `Host` field.
    package var host: String? {
        authority.map { String(decoding: fields.buffer[$0], as: UTF8.self) } ?? header("host")
    }
    /// The first field of this name, whatever its case.
    package func header(_ name: String) -> String? { fields.first(name) }
}

/// A complete request.
package struct HTTPRequest: Sendable {
    package let head: HTTPRequestHead
    package let body: [UInt8]

    package init(head: HTTPRequestHead, body: [UInt8]) {
        self.head = head
        self.body = body
    }

    package var method: HTTPMethod { head.method }
    package var fields: HTTPFields { head.fields }
    package var connection: ConnectionContext { head.connection }
    package var rawPath: String { head.rawPath }
    package var rawQuery: String? { head.rawQuery }
    package var host: String? { head.host }
    /// The first field of this name, whatever its case.
    package func header(_ name: String) -> String? { head.header(name) }
}

extension HTTPRequest {
    /// A request that came over no wire, for calling an application directly.
    ///
    /// The caller answers for names and values being lawful; nothing is checked here.
    package init(
        method: HTTPMethod = .post, target: String = "/",
        headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        connection: ConnectionContext = ConnectionContext(id: 0, tag: "direct")
    ) {
        var buffer = Array(target.utf8)
        let mark = buffer.firstIndex(of: UInt8(ascii: "?"))
        let targetEnd = buffer.count
        var entries: [HTTPFields.Entry] = []
        for (name, value) in headers {
            let start = UInt32(clamping: buffer.count)
            buffer += Array(name.utf8)
            let middle = UInt32(clamping: buffer.count)
            buffer += Array(value.utf8)
            entries.append(
                HTTPFields.Entry(
                    nameStart: start, nameEnd: middle, valueStart: middle,
                    valueEnd: UInt32(clamping: buffer.count)))
        }
        self.init(
            head: HTTPRequestHead(
                method: method, version: .http11,
                fields: HTTPFields(buffer: buffer, entries: entries), contentLength: body.count,
                expectsContinue: false, connection: connection, path: 0..<(mark ?? targetEnd),
                query: mark.map { $0 + 1..<targetEnd }, authority: nil, keepsAlive: true),
            body: body)
    }
}
