// SPDX-License-Identifier: Apache-2.0
// The two kinds of identity that policies are attached to, and where they differ.

import Storage

/// A role or a user.
enum EntityKind: UInt8, Hashable, Sendable {
    case role = 1
    case user = 2

    var keyKind: KeyKind { self == .role ? .iamRole : .iamUser }

    /// As in ARNs and AWS's messages.
    var noun: String { self == .role ? "role" : "user" }

    /// As at the beginning of AWS's messages and in the names of quotas.
    var title: String { self == .role ? "Role" : "User" }

    /// First letters of the unique id.
    var idPrefix: String { self == .role ? "AROA" : "AIDA" }
}
