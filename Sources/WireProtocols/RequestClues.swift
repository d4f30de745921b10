// SPDX-License-Identifier: Apache-2.0
// What a request says about its service before anything is verified: the signing scope and the
// Action parameter.

/// The service in a SigV4 credential scope.
package enum SigningScope {
    /// From the `Authorization` header or a presigned query; a claim, not a proof.
    package static func service(of request: WireRequest) -> String? {
        if let header = request.headers.first("authorization"),
            let credential = header.split(whereSeparator: { $0 == " " || $0 == "," })
                .first(where: { $0.hasPrefix("Credential=") })
        {
            return service(in: credential.split(separator: "/", omittingEmptySubsequences: false))
        }
        for pair in request.query.split(separator: "&") where pair.hasPrefix("X-Amz-Credential=") {
            guard let text = PercentText.decoded(pair.dropFirst(17).utf8, isForm: true) else {
                return nil
            }
            return service(in: text.split(separator: "/", omittingEmptySubsequences: false))
        }
        return nil
    }

    /// The fourth of access key, date, region, service and terminator.
    private static func service(in parts: [Substring]) -> String? {
        guard parts.count == 5, !parts[3].isEmpty else { return nil }
        return String(parts[3])
    }
}

/// The `Action` and `Version` of a query request.
struct QueryAction {
    let name: String
    let version: String

    /// `nil` when there is no `Action`, or the body is something else than a form.
    init?(_ request: WireRequest) {
        let type = request.headers.first("content-type") ?? ""
        var action: String?
        var version = ""
        var sources: [ArraySlice<UInt8>] = [Array(request.query.utf8)[...]]
        if type.hasPrefix("application/x-www-form-urlencoded") { sources.append(request.body[...]) }
        for source in sources {
            for part in source.split(separator: UInt8(ascii: "&")) {
                if action == nil, part.starts(with: "Action=".utf8) {
                    action = PercentText.decoded(part.dropFirst(7), isForm: true)
                } else if version.isEmpty, part.starts(with: "Version=".utf8) {
                    version = PercentText.decoded(part.dropFirst(8), isForm: true) ?? ""
                }
            }
        }
        guard let action, !action.isEmpty else { return nil }
        name = action
        self.version = version
    }
}
