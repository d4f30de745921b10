// SPDX-License-Identifier: Apache-2.0
// Reading shapes back from the generator's text, and looking members up.

import Testing
import WireModel

@Suite struct ShapeTextTests {
    private let shape = StructureShape(
        parsing: """
            Sample
            Name ! w=name q=Names.member at=label string min=1 max=5 re=[a-c%20]+
            Kind old string enum=a%2cb,c
            Tags token map flat kn=Key en=Value max=3 < string max=2 > < list < struct of=Tag > >
            When secret timestamp ts=iso8601
            """)

    @Test func keepsNamesAndBindings() throws {
        let name = try #require(shape["Name"])
        #expect(name.wireName == "name")
        #expect(name.queryName == "Names.member")
        #expect(name.location == .label)
        #expect(name.isRequired)
        #expect(name.pathName == "name")
        #expect(shape["Kind"]?.isDeprecated == true)
        #expect(shape["Tags"]?.isIdempotencyToken == true)
        #expect(shape["When"]?.isSensitive == true)
    }

    @Test func keepsConstraints() throws {
        let type = try #require(shape["Name"]?.type)
        #expect(type.min == 1)
        #expect(type.max == 5)
        #expect(type.pattern == "[a-c ]+")
        #expect(shape["Kind"]?.type.enumValues == ["a,b", "c"])
        #expect(shape["When"]?.type.timestampFormat == .iso8601)
    }

    @Test func keepsNestedTypes() throws {
        let tags = try #require(shape["Tags"]?.type)
        #expect(tags.isFlattened)
        #expect(tags.keyName == "Key")
        #expect(tags.elementName == "Value")
        #expect(tags.max == 3)
        #expect(tags.key?.max == 2)
        #expect(tags.element?.kind == .list)
        #expect(tags.element?.element?.structureName == "Tag")
    }

    @Test func findsBodyMembersByTheirBytes() {
        #expect(shape.index(ofWireName: "Kind") == 1)
        #expect(shape.index(ofWireName: "When") == 3)
        #expect(shape.index(ofWireName: "kind") == nil)
        #expect(shape.index(ofWireName: "") == nil)
        // A label is not in the body, whatever the body claims.
        #expect(shape.index(ofWireName: "name") == nil)
    }

    @Test func findsEachOfManyNames() {
        let names = (0..<120).map { "Member\($0)" }
        let shape = StructureShape(
            parsing: "Wide\n" + names.map { "\($0) string" }.joined(separator: "\n"))
        for (index, name) in names.enumerated() {
            #expect(shape.index(ofWireName: name) == index)
        }
        #expect(shape.index(ofWireName: "Member120") == nil)
    }

    @Test func memberSetsHoldEveryIndex() {
        var set = MemberSet()
        for index in [0, 63, 64, 127] { set.insert(index) }
        #expect(set.indices == [0, 63, 64, 127])
        var other = MemberSet()
        other.insert(63)
        other.insert(127)
        #expect(set.subtracting(other).indices == [0, 64])
    }

    @Test func wordsViolationsAsAWSDoes() {
        let violations = [
            ConstraintViolation(
                path: "name", topMember: "Name", member: "Name", kind: .lengthMax(5),
                value: "abcdef"),
            ConstraintViolation(
                path: "kind", topMember: "Kind", member: "Kind", kind: .required, value: nil),
        ]
        #expect(
            ConstraintViolation.summary(of: violations)
                == "2 validation errors detected: Value 'abcdef' at 'name' failed to satisfy "
                + "constraint: Member must have length less than or equal to 5; Value null at "
                + "'kind' failed to satisfy constraint: Member must not be null")
    }
}
