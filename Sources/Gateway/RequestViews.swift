// SPDX-License-Identifier: Apache-2.0
// One HTTP request as the wire protocols and the signature check see it.

import Basics
import HTTPFront
import ServiceKit
import Signing
import WireModel
import WireProtocols

extension HTTPFields: WireHeaders {
    package var all: [(name: String, value: String)] {
        (0..<count).map { position in
            let field = self[position]
            return (
                String(decoding: field.name, as: UTF8.self),
                String(decoding: field.value, as: UTF8.self)
            )
        }
    }
}

/// What a signature covers.
struct SignedView: SignableRequest {
    let request: HTTPRequest

    var method: String { request.method.name }
    var rawPath: String { request.rawPath }
    var rawQuery: String { request.rawQuery ?? "" }
    var body: [UInt8] { request.body }

    func has(header name: String) -> Bool { request.fields.firstBytes(name) != nil }
    func firstValue(ofHeader name: String) -> String? { request.header(name) }

    func values(ofHeader name: String) -> [String] {
        var values: [String] = []
        for position in 0..<request.fields.count {
            let field = request.fields[position]
            guard field.name.count == name.utf8.count,
                zip(field.name, name.utf8).allSatisfy({ Self.lowered($0) == $1 })
            else { continue }
            values.append(String(decoding: field.value, as: UTF8.self))
        }
        return values
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
    }
}

/// An input that is read from a request in its protocol.
struct HTTPInput: InputSource {
    let wire: any WireProtocol
    let request: WireRequest

    func read<Input: WireStructure>(_ type: Input.Type, of operation: OperationDescriptor) throws
        -> ReadInput<Input>
    {
        let result = try wire.read(type, of: operation, from: request)
        return ReadInput(
            input: result.input, violations: result.violations,
            presentMembers: result.presentMembers)
    }
}
