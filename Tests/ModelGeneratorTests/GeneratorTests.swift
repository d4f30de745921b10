// SPDX-License-Identifier: Apache-2.0
// The generator on models small enough to read.

import Basics
import Testing

@testable import ModelGenerator

@Suite struct GeneratorTests {
    private func model(_ shapes: String) throws -> ServiceModel {
        let root = try JSONValue(
            parsing: """
                {"metadata":{"serviceId":"Sample","serviceFullName":"Sample Service",
                "endpointPrefix":"sample","protocol":"json","jsonVersion":"1.1",
                "apiVersion":"2020-01-01","targetPrefix":"Sample"},
                "operations":{"Do":{"name":"Do","http":{"method":"POST","requestUri":"/"},
                "input":{"shape":"In"}}},"shapes":{\(shapes)}}
                """)
        return ServiceModel(root: root, paginators: .null)
    }

    private let choice = """
        {"model":"sample","namespace":"Sample","target":"SampleWire",
        "validationError":"ValidationException","operations":["Do"]}
        """

    private func types(_ shapes: String) throws -> String {
        let emitter = ServiceEmitter(
            choice: try ServiceChoice(JSONValue(parsing: choice)), model: try model(shapes))
        return try emitter.files().first { $0.name == "Sample+Types.swift" }?.text ?? ""
    }

    @Test(arguments: [
        ("QueueUrl", "queueUrl"), ("KMSKeyArn", "kmsKeyArn"), ("ARN", "arn"),
        ("MD5OfMessageBody", "md5OfMessageBody"), ("tags", "tags"), ("Default", "`default`"),
        ("S3Key", "s3Key"), ("VpcConfig", "vpcConfig"),
    ])
    func propertiesAreNamed(member: String, property: String) {
        #expect(Names.property(member) == property)
    }

    @Test(arguments: [
        ("RequestResponse", "requestResponse"), ("python3.12", "python3_12"), ("ALL", "all"),
        ("TRIM_HORIZON", "trimHorizon"), ("provided.al2023", "providedAl2023"), ("*", "all"),
        ("2.0", "_2_0"), ("in", "`in`"),
    ])
    func enumerationCasesAreNamed(value: String, name: String) {
        #expect(Names.enumCase(value) == name)
    }

    @Test func requiredMembersAreNotOptional() throws {
        let text = try types(
            """
            "In":{"type":"structure","required":["A"],"members":{
            "A":{"shape":"Text"},"B":{"shape":"Text","documentation":"secret words"}}},
            "Text":{"type":"string","max":5}
            """)
        #expect(text.contains("package var a: String\n"))
        #expect(text.contains("package var b: String?\n"))
        #expect(text.contains("A ! string max=5"))
        #expect(!text.contains("secret words"))
    }

    @Test func directRecursionIsBoxedAndListsAreNot() throws {
        let text = try types(
            """
            "In":{"type":"structure","members":{"A":{"shape":"In"},"B":{"shape":"Ins"},
            "C":{"shape":"Other"}}},"Ins":{"type":"list","member":{"shape":"In"}},
            "Other":{"type":"structure","members":{"D":{"shape":"Ins"}}}
            """)
        #expect(text.contains("package var a: Indirect<In>?"))
        #expect(text.contains("package var b: [In]?"))
        #expect(text.contains("package var c: Other?"))
    }

    @Test func unionsBecomeEnumerationsWithAnUnknownCase() throws {
        let text = try types(
            """
            "In":{"type":"structure","members":{"A":{"shape":"U"}}},
            "U":{"type":"structure","union":true,"members":{"X":{"shape":"Text"}}},
            "Text":{"type":"string"}
            """)
        #expect(text.contains("package indirect enum U: WireStructure {"))
        #expect(text.contains("case x(String)"))
        #expect(text.contains("case unknown"))
        #expect(text.contains("U union"))
    }

    @Test func onlyReachableShapesAreEmitted() throws {
        let text = try types(
            """
            "In":{"type":"structure","members":{}},
            "Other":{"type":"structure","members":{}}
            """)
        #expect(text.contains("struct In"))
        #expect(!text.contains("struct Other"))
    }

    @Test func unsupportedPatternsEndTheGenerator() throws {
        let shapes = """
            "In":{"type":"structure","members":{"A":{"shape":"Text"}}},
            "Text":{"type":"string","pattern":"(?!x).*"WAIVER}
            """
        #expect(throws: GeneratorError.self) {
            try types(shapes.replacing("WAIVER", with: ""))
        }
        let waived = try types(shapes.replacing("WAIVER", with: ",\"uncheckedPattern\":true"))
        #expect(waived.contains("A string\n"))
    }

    @Test func patchesMergeAndNeedAReason() throws {
        let model = try JSONValue(parsing: "{\"a\":{\"b\":{\"c\":1,\"d\":2}}}")
        let patch = try JSONValue(
            parsing: """
                {"patches":[{"path":"/a","merge":{"b":{"c":3,"d":null}},"reason":"why"}]}
                """)
        #expect(try Patches.apply(patch, to: model).text == "{\"a\":{\"b\":{\"c\":3}}}")
        let bare = try JSONValue(parsing: "{\"patches\":[{\"path\":\"/a\",\"merge\":{}}]}")
        #expect(throws: GeneratorError.self) { try Patches.apply(bare, to: model) }
        let lost = try JSONValue(
            parsing: "{\"patches\":[{\"path\":\"/x/y\",\"merge\":{},\"reason\":\"why\"}]}")
        #expect(throws: GeneratorError.self) { try Patches.apply(lost, to: model) }
    }

    @Test func outputIsTheSameEachTime() throws {
        let shapes = """
            "In":{"type":"structure","members":{"A":{"shape":"M"}}},
            "M":{"type":"map","key":{"shape":"Text"},"value":{"shape":"Text"}},
            "Text":{"type":"string","enum":["b","a"]}
            """
        #expect(try types(shapes) == types(shapes))
    }
}
