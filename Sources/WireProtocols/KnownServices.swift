// SPDX-License-Identifier: Apache-2.0
// Services of AWS that Martlet may not have, known well enough to be named in a refusal.

import ServiceCatalog

/// The catalogue, parsed when first needed: a request for what is not there is rare.
struct KnownServices: Sendable {
    /// One line of the catalogue.
    struct Entry: Sendable {
        let signingName: String
        let endpointPrefix: String
        /// botocore's name of its protocol.
        let kind: String
        let serviceID: String

        var foreignProtocol: any WireProtocol {
            switch kind {
            case "json-1.0": AWSJSONProtocol(version: "1.0")
            case "json": AWSJSONProtocol(version: "1.1")
            case "query": AWSQueryProtocol()
            case "ec2": ForeignProtocol(form: .ec2Query)
            case "rest-xml": ForeignProtocol(form: .restXML)
            case "smithy-rpc-v2-cbor": ForeignProtocol(form: .rpcV2CBOR)
            default: RestJSONProtocol()
            }
        }
    }

    static let shared = KnownServices(lines: ServiceCatalog.lines)

    private var bySigningName: [String: Entry] = [:]
    private var byTargetPrefix: [String: Entry] = [:]
    private var byEndpointPrefix: [String: Entry] = [:]

    /// Where several services share a name, the first line stands for all.
    init(lines: String) {
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 5).map(String.init)
            guard fields.count == 6 else { continue }
            let entry = Entry(
                signingName: fields[1], endpointPrefix: fields[2], kind: fields[3],
                serviceID: fields[5])
            if bySigningName[fields[1]] == nil { bySigningName[fields[1]] = entry }
            if fields[4] != "-", byTargetPrefix[fields[4]] == nil {
                byTargetPrefix[fields[4]] = entry
            }
            if byEndpointPrefix[fields[2]] == nil { byEndpointPrefix[fields[2]] = entry }
        }
    }

    func signing(_ name: String) -> Entry? { bySigningName[name] ?? byEndpointPrefix[name] }
    func target(_ prefix: String) -> Entry? { byTargetPrefix[prefix] }
}
