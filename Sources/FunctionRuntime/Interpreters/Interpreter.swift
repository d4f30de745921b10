// SPDX-License-Identifier: Apache-2.0
// Which interpreter stands for a runtime identifier: parsing the identifier and choosing among
// what was found. Looking around on the machine is InterpreterSearch's.

/// A runtime identifier taken apart.
enum RuntimeFamily: Equatable, Sendable {
    case python(minor: Int)
    case node(major: Int)
    case provided
    case unknown

    init(_ identifier: String) {
        if identifier.hasPrefix("python3."), let minor = Int(identifier.dropFirst(8)) {
            self = .python(minor: minor)
        } else if identifier.hasPrefix("nodejs"), identifier.hasSuffix(".x"),
            let major = Int(identifier.dropFirst(6).dropLast(2))
        {
            self = .node(major: major)
        } else if identifier == "provided" || identifier.hasPrefix("provided.") {
            self = .provided
        } else {
            self = .unknown
        }
    }
}

/// An interpreter found on the machine.
struct Interpreter: Equatable, Sendable {
    /// The real binary, never a version manager's shim.
    let path: String
    /// Python's minor or Node's major version.
    let version: Int
    /// The installation's root when it lies outside the system's own folders.
    let prefix: String?
}

/// What a runtime identifier comes to.
enum InterpreterChoice: Equatable, Sendable {
    case exact(Interpreter)
    case substitute(Interpreter, warning: String)
    case missing(explanation: String)

    /// Picks the exact version, else the nearest and of two equally near the newer.
    static func choose(
        _ identifier: String, among found: [Interpreter], strict: Bool
    ) -> InterpreterChoice {
        let wanted: Int
        let name: @Sendable (Int) -> String
        let package: String
        switch RuntimeFamily(identifier) {
        case .python(let minor):
            (wanted, package) = (minor, "python3")
            name = { "Python 3.\($0)" }
        case .node(let major):
            (wanted, package) = (major, "nodejs")
            name = { "Node.js \($0)" }
        case .provided, .unknown:
            return .missing(explanation: "The runtime \(identifier) is not supported here.")
        }
        // The first found of each version wins: folders come in order of preference.
        if let exact = found.first(where: { $0.version == wanted }) { return .exact(exact) }
        let nearest = found.enumerated().min { left, right in
            let leftRank = (abs(left.element.version - wanted), -left.element.version, left.offset)
            let rightRank = (
                abs(right.element.version - wanted), -right.element.version, right.offset
            )
            return leftRank < rightRank
        }?.element
        guard let nearest, !strict else {
            let others = nearest.map { "; \(name($0.version)) is there but --runtimes=strict" }
            return .missing(
                explanation: "No \(name(wanted)) for the runtime \(identifier) on this machine"
                    + "\(others ?? ""). Install it, on Debian: apt-get install \(package)")
        }
        return .substitute(
            nearest,
            warning: "The runtime \(identifier) runs on \(name(nearest.version)) "
                + "(\(nearest.path)), since no \(name(wanted)) is installed here.")
    }
}
