// SPDX-License-Identifier: Apache-2.0
// One page of a listing of queues: where it begins, how long it is, and the token of the next.

import Basics

/// A page of names in their order.
struct NamePage {
    /// The name after which the page begins.
    let start: String?
    let limit: Int
    /// Without `MaxResults` AWS cuts a list off silently.
    private let givesToken: Bool

    init(maxResults: Int32?, nextToken: String?, limits: SQSLimits) throws {
        limit = Int(maxResults ?? Int32(clamping: limits.listResultsMax))
        guard (1...limits.listResultsMax).contains(limit) else {
            throw SQSFaults.invalidValue(
                limit, "MaxResults",
                "Must be between 1 and \(limits.listResultsMax), if provided.")
        }
        givesToken = maxResults != nil
        start = try nextToken.map { token in
            guard let bytes = Base64.decode(token),
                let name = String(validating: bytes, as: UTF8.self)
            else { throw SQSFaults.invalidValue(token, "NextToken", "Invalid pagination token.") }
            return name
        }
    }

    /// The page of names that were found, of which there may be one too many, and the token.
    func cut(_ found: [String]) -> (names: [String], token: String?) {
        guard found.count > limit else { return (found, nil) }
        let names = Array(found.prefix(limit))
        return (names, givesToken ? names.last.map { Base64.encode(Array($0.utf8)) } : nil)
    }
}

extension SQSService {
    func page(_ maxResults: Int32?, _ nextToken: String?) throws -> NamePage {
        try NamePage(maxResults: maxResults, nextToken: nextToken, limits: limits)
    }
}
