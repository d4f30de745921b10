// SPDX-License-Identifier: Apache-2.0
// How large a body may be, decided before any of it is read.

import HTTPFront

enum BodyLimit {
    /// Ten messages of together 1 MiB, escaped at worst to six times that in JSON.
    static let usual = 8 << 20
    /// A 50 MB archive in Base64 with its request around it.
    static let functionCode = 72 << 20

    /// The limit for the operation a head announces.
    static func bytes(for head: HTTPRequestHead) -> Int {
        head.rawPathBytes.starts(with: "/2015-03-31/functions".utf8) ? functionCode : usual
    }
}
