// SPDX-License-Identifier: Apache-2.0
// A queue's URL in all the forms that AWS and emulators of it ever handed out. Whether there is
// such a queue is the registry's business.

import Basics

/// What the URL of a queue names.
///
/// The last two steps of the path are account and name, whatever the host. A region is named by
/// `https://sqs.REGION.amazonaws.com/…`, by the older `https://REGION.queue.amazonaws.com/…` and
/// `https://queue.amazonaws.com/…`, and by the path `…/queue/REGION/…`.
struct QueueURL {
    let account: AccountID
    let name: String
    /// `nil` when the URL says nothing of it, as with one of this server's own.
    let region: Region?

    init?(parsing url: String) {
        var rest = url[...]
        guard let name = Self.takeLastStep(&rest), let owner = Self.takeLastStep(&rest),
            let account = AccountID(owner)
        else { return nil }
        self.account = account
        self.name = String(name)
        region = Self.region(inPath: rest) ?? Self.region(inHost: rest)
    }

    /// Takes the last step off a path, whatever slashes stand around it.
    private static func takeLastStep(_ path: inout Substring) -> Substring? {
        let slash = UInt8(ascii: "/")
        let utf8 = path.utf8
        var end = utf8.endIndex
        while end > utf8.startIndex, utf8[utf8.index(before: end)] == slash {
            utf8.formIndex(before: &end)
        }
        var start = end
        while start > utf8.startIndex, utf8[utf8.index(before: start)] != slash {
            utf8.formIndex(before: &start)
        }
        defer { path = path[..<start] }
        return start < end ? path[start..<end] : nil
    }

    /// The region of `…/queue/REGION`.
    private static func region(inPath rest: Substring) -> Region? {
        var rest = rest
        guard let last = takeLastStep(&rest), let marker = takeLastStep(&rest), marker == "queue"
        else { return nil }
        return Region(last)
    }

    private static func region(inHost rest: Substring) -> Region? {
        var rest = rest
        guard let authority = takeLastStep(&rest) else { return nil }
        let labels = authority.prefix { $0 != ":" }.lowercased().split(separator: ".")
        guard labels.count >= 3 else { return nil }
        if labels == ["queue", "amazonaws", "com"] { return .usEast1 }
        if labels[0] == "sqs" { return named(labels[1]) }
        return labels[1] == "queue" ? named(labels[0]) : nil
    }

    /// Other labels may stand where a region does: `sqs.localhost.localstack.cloud`.
    private static func named(_ label: Substring) -> Region? {
        label.contains("-") ? Region(label) : nil
    }
}
