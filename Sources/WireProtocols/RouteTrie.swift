// SPDX-License-Identifier: Apache-2.0
// URI templates of one rest service as a tree of path segments, so that matching costs the
// path's length, not the number of operations.

/// A matcher of method and raw path.
struct RouteTrie<Target: Sendable>: Sendable {
    private struct Node: Sendable {
        var literals: [String: Int] = [:]
        var label: Int?
        var greedy: Int?
        var routes: [Route] = []
    }

    private struct Route: Sendable {
        let method: String
        /// `name` or `name=value` pairs that the query must have.
        let query: [String]
        let labels: [String]
        let target: Target
    }

    /// A target with the raw text of its labels.
    struct Match {
        let target: Target
        let labels: [(name: String, raw: Substring)]
    }

    /// Segments beyond which no path is looked at.
    private static var segmentsMax: Int { 64 }

    private var nodes = [Node()]

    /// Adds a template such as `/functions/{Name}/code?full` or `/{Bucket}/{Key+}`.
    mutating func insert(method: String, template: String, target: Target) {
        let parts = template.split(separator: "?", maxSplits: 1)
        var node = 0
        var labels: [String] = []
        for segment in (parts.first ?? "").split(separator: "/") {
            let isLabel = segment.hasPrefix("{") && segment.hasSuffix("}")
            guard isLabel else {
                node = child(of: node, \.literals[String(segment)])
                continue
            }
            let name = segment.dropFirst().dropLast()
            labels.append(String(name.hasSuffix("+") ? name.dropLast() : name))
            node = name.hasSuffix("+") ? child(of: node, \.greedy) : child(of: node, \.label)
        }
        let query = parts.count > 1 ? parts[1].split(separator: "&").map(String.init) : []
        let route = Route(method: method, query: query, labels: labels, target: target)
        // The route that asks for more of the query is tried first.
        let place = nodes[node].routes.firstIndex { $0.query.count < query.count }
        nodes[node].routes.insert(route, at: place ?? nodes[node].routes.count)
    }

    private mutating func child(of node: Int, _ slot: WritableKeyPath<Node, Int?>) -> Int {
        if let child = nodes[node][keyPath: slot] { return child }
        nodes.append(Node())
        nodes[node][keyPath: slot] = nodes.count - 1
        return nodes.count - 1
    }

    /// The route of a request; `path` and `query` are as sent.
    func match(method: String, path: String, query: String) -> Match? {
        let segments = path.split(separator: "/", maxSplits: Self.segmentsMax)
        guard segments.count <= Self.segmentsMax else { return nil }
        let pairs = query.split(separator: "&")
        // Depth-first over alternatives, literal before label before greedy.
        var pending: [(node: Int, next: Int, raw: [Substring])] = [(0, 0, [])]
        while let (node, next, raw) = pending.popLast() {
            if next == segments.count {
                if let match = route(of: node, method, pairs, raw) { return match }
                continue
            }
            if let greedy = nodes[node].greedy, let first = segments[next...].first,
                let last = segments.last
            {
                let rest = path[first.startIndex..<last.endIndex]
                pending.append((greedy, segments.count, raw + [rest]))
            }
            if let label = nodes[node].label {
                pending.append((label, next + 1, raw + [segments[next]]))
            }
            if let literal = nodes[node].literals[String(segments[next])] {
                pending.append((literal, next + 1, raw))
            }
        }
        return nil
    }

    private func route(
        of node: Int, _ method: String, _ pairs: [Substring], _ raw: [Substring]
    ) -> Match? {
        let found = nodes[node].routes.first { route in
            route.method == method
                && route.query.allSatisfy { wanted in
                    pairs.contains { $0 == wanted || $0.hasPrefix(wanted + "=") }
                }
        }
        return found.map { route in
            Match(
                target: route.target,
                labels: zip(route.labels, raw).map { (name: $0, raw: $1) })
        }
    }
}
