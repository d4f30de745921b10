// SPDX-License-Identifier: Apache-2.0
// Query parameters as a tree of their dotted names. Its size is bounded by the number of
// parameters, whatever indices they claim.

import WireModel

/// `Entry.1.Id=a&Entry.1.Body=b` as nested nodes.
struct QueryTree {
    /// More parameters than any query operation takes.
    static let nodesMax = 20_000
    private static let depthMax = 32
    /// Digits of a list index; larger ones are no index.
    private static let indexDigitsMax = 9

    private struct Edge: Hashable {
        let parent: Int
        let name: String
    }

    private struct Node {
        let name: String
        var value: String?
        var children: [Int] = []
    }

    static let root = 0

    private var nodes = [Node(name: "")]
    private var edges: [Edge: Int] = [:]

    /// Parses form-encoded bytes: a body, or the query of a URI.
    init(_ parts: [[UInt8]]) throws(WireReadError) {
        for bytes in parts {
            guard let pairs = PercentText.pairs(of: bytes, countMax: Self.nodesMax) else {
                throw WireReadError("The query parameters are malformed or too many")
            }
            for (name, value) in pairs { try insert(name, value) }
        }
    }

    private mutating func insert(_ name: String, _ value: String) throws(WireReadError) {
        var node = Self.root
        let steps = name.split(
            separator: ".", maxSplits: Self.depthMax, omittingEmptySubsequences: false)
        guard steps.count <= Self.depthMax else {
            throw WireReadError("A query parameter is nested too deeply")
        }
        for step in steps {
            let edge = Edge(parent: node, name: String(step))
            if let next = edges[edge] {
                node = next
                continue
            }
            guard nodes.count < Self.nodesMax else {
                throw WireReadError("The query parameters are malformed or too many")
            }
            nodes.append(Node(name: edge.name))
            nodes[node].children.append(nodes.count - 1)
            node = nodes.count - 1
            edges[edge] = node
        }
        nodes[node].value = value
    }

    func child(_ name: String, of node: Int) -> Int? { edges[Edge(parent: node, name: name)] }

    func value(of node: Int) -> String? { nodes[node].value }

    func hasChildren(_ node: Int) -> Bool { !nodes[node].children.isEmpty }

    /// The children that are list items, in order of their index.
    func items(of node: Int) -> [Int] {
        nodes[node].children
            .compactMap { child in
                let name = nodes[child].name
                guard name.utf8.count <= Self.indexDigitsMax, let index = Int(name), index >= 0
                else { return nil }
                return (index, child)
            }
            .sorted { (left: (Int, Int), right: (Int, Int)) in left < right }
            .map { (pair: (Int, Int)) in pair.1 }
    }
}
