// SPDX-License-Identifier: Apache-2.0
// The checks of a model's constraints on values as they are read, and where in the request
// they stood, in AWS's spelling.

extension ShapeReader {
    /// The place of the current value: `entries.1.member.id`.
    package var path: String {
        var steps: [String] = []
        for frame in frames {
            if let structure = frame.structure {
                guard structure.members.indices.contains(frame.position) else { continue }
                steps.append(structure.members[frame.position].pathName)
            } else if frame.type.kind == .list {
                steps.append(String(frame.position + 1))
                steps.append("member")
            } else {
                steps.append(frame.key)
                steps.append("member")
            }
        }
        return steps.joined(separator: ".")
    }

    /// Model name of the member of the outermost structure.
    package var topMember: String { name(of: frames.first) }

    /// Model name of the innermost structure member.
    package var innermostMember: String { name(of: frames.last { $0.structure != nil }) }

    private func name(of frame: Frame?) -> String {
        guard let frame, let structure = frame.structure,
            structure.members.indices.contains(frame.position)
        else { return "" }
        return structure.members[frame.position].name
    }

    /// Length, pattern and enumeration of a string.
    func check(_ value: String, _ type: TypeShape) {
        if type.min != nil || type.max != nil { checkLength(value, type) }
        if let matcher = type.matcher, let pattern = type.pattern, !matcher.matches(value) {
            report(.pattern(pattern), value: cut(value))
        }
        if !type.enumValues.isEmpty, !type.enumValues.contains(value) {
            report(.enumeration(type.enumValues), value: cut(value))
        }
    }

    /// Lengths count UTF-16 units, as Java does; bytes decide where they can, being cheaper.
    private func checkLength(_ value: String, _ type: TypeShape) {
        let byteCount = value.utf8.count
        let isSurelyIn =
            Double(byteCount) <= type.max ?? .infinity
            && Double((byteCount + 2) / 3) >= type.min ?? 0
        if isSurelyIn { return }
        let count = Double(value.utf16.count)
        if let min = type.min, count < min { report(.lengthMin(Int64(min)), value: cut(value)) }
        if let max = type.max, count > max { report(.lengthMax(Int64(max)), value: cut(value)) }
    }

    /// Size of a blob or collection, which is described rather than quoted.
    func checkCount(_ count: Int, unit: String) {
        let value = count == 0 ? "[]" : "[\(count) \(unit)]"
        if let min = current.min, Double(count) < min {
            report(.lengthMin(Int64(min)), value: value)
        }
        if let max = current.max, Double(count) > max {
            report(.lengthMax(Int64(max)), value: value)
        }
    }

    func checkRange(_ number: Double, _ text: @autoclosure () -> String) {
        if let min = current.min, number < min { report(.rangeMin(min), value: text()) }
        if let max = current.max, number > max { report(.rangeMax(max), value: text()) }
    }

    func checkUnion() {
        guard let frame = frames.last, frame.present.indices.count != 1 else { return }
        report(.union, value: nil)
    }

    private func cut(_ value: String) -> String { String(value.prefix(1024)) }
}
