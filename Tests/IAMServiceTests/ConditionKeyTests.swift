// SPDX-License-Identifier: Apache-2.0
// What IAM and STS give to conditions: tags of callers and of what they call on, the policy and
// the boundary a call is about, the source a service acts for.

import Basics
import IAMService
import IdentityAccess
import ServiceKit
import Storage
import Testing
import WireModel

@Suite struct ConditionKeyTests {
    private let fixture = Fixture()

    private static let function = ARN(
        service: "lambda", region: .usEast1, account: .local, resource: "function:f")

    private func allow(_ action: String, if condition: String) -> String {
        #"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "\#(action)", "#
            + #""Resource": "*", "Condition": \#(condition)}]}"#
    }

    private func tags(_ pairs: KeyValuePairs<String, String>) -> JSONValue {
        .array(pairs.map { .object(["Key": .string($0.key), "Value": .string($0.value)]) })
    }

    /// A user with tags and one inline policy.
    private func user(
        _ policy: String, tags pairs: KeyValuePairs<String, String> = [:]
    ) async throws -> Principal {
        let made = try await fixture.call(
            "CreateUser", input(["UserName": "ann"]).adding("Tags", tags(pairs)))
        try await fixture.call(
            "PutUserPolicy",
            input(["UserName": "ann", "PolicyName": "p", "PolicyDocument": policy]))
        let id = try #require(made.text("User.UserId"))
        return .user(UserPrincipal(account: .local, name: "ann", id: id))
    }

    private func role(_ name: String, _ pairs: KeyValuePairs<String, String>) async throws {
        try await fixture.call(
            "CreateRole",
            input(["RoleName": name, "AssumeRolePolicyDocument": Policy.lambdaTrust])
                .adding("Tags", tags(pairs)))
    }

    @Test func callersMayBeHeldToWhatTheyShareATagWith() async throws {
        let ann = try await user(
            allow(
                "iam:GetRole",
                if: #"{"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}"#),
            tags: ["Team": "blue"])
        try await role("ours", ["team": "blue"])
        try await role("theirs", ["team": "red"])
        try await fixture.call("GetRole", input(["RoleName": "ours"]), as: ann)
        let refused = await fixture.refusal("GetRole", input(["RoleName": "theirs"]), as: ann)
        #expect(refused.first == "AccessDenied")
        // A tag that changes binds the next call.
        try await fixture.call(
            "TagRole", input(["RoleName": "theirs"]).adding("Tags", tags(["team": "blue"])))
        try await fixture.call("GetRole", input(["RoleName": "theirs"]), as: ann)
        try await fixture.call(
            "TagUser", input(["UserName": "ann"]).adding("Tags", tags(["team": "red"])))
        #expect(
            await fixture.refusal("GetRole", input(["RoleName": "ours"]), as: ann).first
                == "AccessDenied")
    }

    @Test func tagsOfARequestAreJudged() async throws {
        let ann = try await user(
            allow(
                "iam:*",
                if: #"{"StringEquals": {"aws:RequestTag/team": "blue"}, "#
                    + #""ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}}"#))
        func create(_ name: String, _ pairs: KeyValuePairs<String, String>) async -> String? {
            let given = input(["RoleName": name, "AssumeRolePolicyDocument": Policy.lambdaTrust])
                .adding("Tags", tags(pairs))
            return await fixture.refusal("CreateRole", given, as: ann).first
        }
        #expect(await create("a", ["team": "blue", "cost": "1"]) == "accepted")
        #expect(await create("b", ["team": "red"]) == "AccessDenied")
        #expect(await create("c", ["team": "blue", "Other": "1"]) == "AccessDenied")
        #expect(await create("d", [:]) == "AccessDenied")
    }

    @Test func removedTagsAreNamed() async throws {
        let ann = try await user(
            allow("iam:Untag*", if: #"{"ForAnyValue:StringEquals": {"aws:TagKeys": "cost"}}"#))
        try await role("r", ["team": "blue", "cost": "1"])
        func untag(_ key: String) async -> String? {
            let given = input(["RoleName": "r"]).adding("TagKeys", .array([.string(key)]))
            return await fixture.refusal("UntagRole", given, as: ann).first
        }
        #expect(await untag("team") == "AccessDenied")
        #expect(await untag("cost") == "accepted")
    }

    @Test func theAttachedPolicyIsJudged() async throws {
        let ann = try await user(
            allow(
                "iam:*", if: #"{"ArnLike": {"iam:PolicyARN": "arn:aws:iam::aws:policy/Amazon*"}}"#))
        try await role("r", [:])
        func attach(_ name: String) async -> String? {
            let given = input(["RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/\(name)"])
            return await fixture.refusal("AttachRolePolicy", given, as: ann).first
        }
        #expect(await attach("AmazonSQSFullAccess") == "accepted")
        #expect(await attach("AdministratorAccess") == "AccessDenied")
    }

    @Test func theBoundaryOfARoleIsJudged() async throws {
        let limit = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
        let ann = try await user(
            allow("iam:*", if: #"{"StringEquals": {"iam:PermissionsBoundary": "\#(limit)"}}"#))
        func create(_ name: String, _ boundary: String?) async -> String? {
            var given = input(["RoleName": name, "AssumeRolePolicyDocument": Policy.lambdaTrust])
            if let boundary { given = given.adding("PermissionsBoundary", .string(boundary)) }
            return await fixture.refusal("CreateRole", given, as: ann).first
        }
        #expect(await create("bound", limit) == "accepted")
        #expect(await create("free", nil) == "AccessDenied")
        try await role("free", [:])
        func put(_ role: String) async -> String? {
            let given = input([
                "RoleName": role, "PolicyName": "p", "PolicyDocument": Policy.allow("sqs:*"),
            ])
            return await fixture.refusal("PutRolePolicy", given, as: ann).first
        }
        #expect(await put("bound") == "accepted")
        #expect(await put("free") == "AccessDenied")
    }

    @Test func aTrustPolicyMayAskForTheFunctionThatLambdaActsFor() async throws {
        let trust = Policy.trust(
            #"{"Service": "lambda.amazonaws.com"}"#,
            condition: #"{"StringEquals": {"aws:SourceAccount": "000000000000"}, "#
                + #""ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:*:function:f"}}"#)
        let made = try await fixture.call(
            "CreateRole", input(["RoleName": "worker", "AssumeRolePolicyDocument": trust]))
        let arn = try #require(ARN(parsing: made.text("Role.Arn") ?? ""))
        let session = try await fixture.service.session(
            of: arn, for: "lambda.amazonaws.com", named: "f", source: Self.function)
        #expect(session.sourceFunctionARN == nil)
        let other = ARN(
            service: "lambda", region: .usEast1, account: .local, resource: "function:g")
        await #expect(throws: ServiceFault.self) {
            try await fixture.service.session(
                of: arn, for: "lambda.amazonaws.com", named: "g", source: other)
        }
    }

    @Test func aFunctionsCredentialsRememberTheFunctionOverARestart() async throws {
        let store = MemoryStore()
        let before = Fixture(store: store)
        let made = try await before.call(
            "CreateRole",
            input(["RoleName": "worker", "AssumeRolePolicyDocument": Policy.lambdaTrust]))
        let arn = try #require(ARN(parsing: made.text("Role.Arn") ?? ""))
        let issued = try await before.service.credentials(
            of: arn, for: "lambda.amazonaws.com", named: "f", source: Self.function, seconds: 900)
        let after = Fixture(store: store, seed: 2)
        let found = try #require(
            try await after.service.directory.credential(issued.accessKeyID))
        guard case .role(let session) = found.principal else {
            Issue.record("not a role")
            return
        }
        #expect(session.sourceFunctionARN == "arn:aws:lambda:us-east-1:000000000000:function:f")
    }

    @Test func theTagsOfARoleAreJudgedWhereItIsAssumed() async throws {
        let ann = try await user(Policy.allow("iam:GetUser"))
        try await fixture.call(
            "CreateRole",
            input([
                "RoleName": "shared",
                "AssumeRolePolicyDocument": Policy.trust(
                    #"{"AWS": "000000000000"}"#,
                    condition: #"{"StringEquals": {"aws:PrincipalTag/team": "blue"}}"#),
            ]).adding("Tags", tags(["team": "blue"])))
        try await fixture.call(
            "PutUserPolicy",
            input([
                "UserName": "ann", "PolicyName": "p",
                "PolicyDocument": allow(
                    "sts:AssumeRole", if: #"{"StringEquals": {"aws:ResourceTag/team": "blue"}}"#),
            ]))
        let assume = input([
            "RoleArn": "arn:aws:iam::000000000000:role/shared", "RoleSessionName": "session",
        ])
        #expect(
            await fixture.refusal("AssumeRole", assume, as: ann, of: "sts").first
                == "AccessDenied")
        try await fixture.call(
            "TagUser", input(["UserName": "ann"]).adding("Tags", tags(["team": "blue"])))
        try await fixture.call("AssumeRole", assume, as: ann, of: "sts")
    }
}
