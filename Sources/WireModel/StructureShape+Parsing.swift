// SPDX-License-Identifier: Apache-2.0
// Reading shapes from the compact text that generated code carries. Text compiles in no time
// and is parsed once, when a structure is first used.

extension StructureShape {
    package convenience init(parsing text: String) {
        self.init(name: text, members: [])
    }
}
