// SPDX-License-Identifier: Apache-2.0
// Managed and inline policies, their versions, and what refuses their deletion.

import Basics
import IAMService
import IdentityAccess
import Testing

@Suite struct PolicyTests {
    private let fixture = Fixture()
    private let arn = "arn:aws:iam::000000000000:policy/team/p"

    private func create() async throws {
        try await fixture.call(
            "CreatePolicy",
            input([
                "PolicyName": "p", "Path": "/team/", "PolicyDocument": Policy.allow("sqs:*"),
            ]))
    }

    private func addVersion(_ action: String, asDefault: Bool) async throws -> JSONValue {
        try await fixture.call(
            "CreatePolicyVersion",
            input(["PolicyArn": arn, "PolicyDocument": Policy.allow(action)])
                .adding("SetAsDefault", .bool(asDefault)))
    }

    @Test func aPolicyIsCreatedOnceAndReadBack() async throws {
        try await create()
        let read = try await fixture.call("GetPolicy", input(["PolicyArn": arn]))
        #expect(read.text("Policy.DefaultVersionId") == "v1")
        #expect(read.at("Policy.AttachmentCount")?.integerValue == 0)
        #expect(
            await fixture.refusal(
                "CreatePolicy", input(["PolicyName": "P", "PolicyDocument": Policy.allow("a:*")]))
                == [
                    "EntityAlreadyExists",
                    "A policy called P already exists. Duplicate names are not allowed.",
                ])
        #expect(
            await fixture.refusal("GetPolicy", input(["PolicyArn": "\(arn)x"]))
                == ["NoSuchEntity", "Policy \(arn)x was not found."])
    }

    @Test func versionsAreCountedOnAndBounded() async throws {
        try await create()
        for number in 2...5 {
            let made = try await addVersion("sqs:Get*", asDefault: false)
            #expect(made.text("PolicyVersion.VersionId") == "v\(number)")
        }
        let document = input(["PolicyArn": arn, "PolicyDocument": Policy.allow("sns:*")])
        #expect(
            await fixture.refusal("CreatePolicyVersion", document).first == "LimitExceeded")
        let second = input(["PolicyArn": arn, "VersionId": "v2"])
        try await fixture.call("SetDefaultPolicyVersion", second)
        #expect(
            await fixture.refusal("DeletePolicyVersion", second)
                == ["DeleteConflict", "Cannot delete the default version of a policy."])
        try await fixture.call(
            "DeletePolicyVersion", input(["PolicyArn": arn, "VersionId": "v1"]))
        let made = try await fixture.call("CreatePolicyVersion", document)
        #expect(made.text("PolicyVersion.VersionId") == "v6")
        let list = try await fixture.call("ListPolicyVersions", input(["PolicyArn": arn]))
        #expect(list.at("Versions")?.arrayValue?.count == 5)
        #expect(
            await fixture.refusal(
                "GetPolicyVersion", input(["PolicyArn": arn, "VersionId": "v1"]))
                == [
                    "NoSuchEntity",
                    "Policy \(arn) version v1 does not exist or is not attachable.",
                ])
    }

    @Test func aPolicyInUseIsNotDeleted() async throws {
        try await create()
        try await fixture.call(
            "CreateUser", input(["UserName": "ann", "PermissionsBoundary": arn]))
        let name = input(["PolicyArn": arn])
        let inUse = ["DeleteConflict", "Cannot delete a policy attached to entities."]
        #expect(await fixture.refusal("DeletePolicy", name) == inUse)
        try await fixture.call("DeleteUser", input(["UserName": "ann"]))
        try await fixture.call("CreateUser", input(["UserName": "bob"]))
        let attachment = input(["UserName": "bob", "PolicyArn": arn])
        try await fixture.call("AttachUserPolicy", attachment)
        #expect(await fixture.refusal("DeletePolicy", name) == inUse)
        let read = try await fixture.call("GetPolicy", name)
        #expect(read.at("Policy.AttachmentCount")?.integerValue == 1)
        try await fixture.call("DetachUserPolicy", attachment)
        _ = try await addVersion("sns:*", asDefault: true)
        #expect(await fixture.refusal("DeletePolicy", name).first == "DeleteConflict")
        try await fixture.call(
            "DeletePolicyVersion", input(["PolicyArn": arn, "VersionId": "v1"]))
        try await fixture.call("DeletePolicy", name)
        #expect(await fixture.refusal("GetPolicy", name).first == "NoSuchEntity")
    }

    @Test func publishedPoliciesAreThereForEveryAccount() async throws {
        let arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        let read = try await fixture.call("GetPolicy", input(["PolicyArn": arn]))
        #expect(read.text("Policy.Path") == "/service-role/")
        let version = try await fixture.call(
            "GetPolicyVersion", input(["PolicyArn": arn, "VersionId": "v1"]))
        #expect(version.text("PolicyVersion.Document")?.contains("logs%3ACreateLogGroup") == true)
        let aws = try await fixture.call("ListPolicies", input(["Scope": "AWS"]))
        #expect(aws.at("Policies")?.arrayValue?.count == 7)
        try await create()
        let local = try await fixture.call("ListPolicies", input(["Scope": "Local"]))
        #expect(local.at("Policies")?.arrayValue?.count == 1)
        let used = try await fixture.call(
            "ListPolicies", JSONValue.object([:]).adding("OnlyAttached", .bool(true)))
        #expect(used.at("Policies")?.arrayValue?.isEmpty == true)
    }

    @Test func attachingTwiceIsOneAttachment() async throws {
        try await fixture.call("CreateUser", input(["UserName": "ann"]))
        let sqs = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
        for _ in 0..<2 {
            try await fixture.call(
                "AttachUserPolicy", input(["UserName": "ann", "PolicyArn": sqs]))
        }
        let list = try await fixture.call(
            "ListAttachedUserPolicies", input(["UserName": "ann"]))
        #expect(list.at("AttachedPolicies")?.arrayValue?.count == 1)
        #expect(list.text("AttachedPolicies.0.PolicyName") == "AmazonSQSFullAccess")
        let unknown = "arn:aws:iam::aws:policy/Nothing"
        #expect(
            await fixture.refusal(
                "AttachUserPolicy", input(["UserName": "ann", "PolicyArn": unknown]))
                == ["NoSuchEntity", "Policy \(unknown) does not exist or is not attachable."])
    }

    @Test func inlinePoliciesAreListedReadAndReplaced() async throws {
        try await fixture.call("CreateUser", input(["UserName": "ann"]))
        for action in ["sqs:SendMessage", "sqs:ReceiveMessage"] {
            try await fixture.call(
                "PutUserPolicy",
                input([
                    "UserName": "ann", "PolicyName": "p", "PolicyDocument": Policy.allow(action),
                ]))
        }
        let name = input(["UserName": "ann", "PolicyName": "p"])
        let read = try await fixture.call("GetUserPolicy", name)
        #expect(read.text("PolicyDocument")?.contains("ReceiveMessage") == true)
        let list = try await fixture.call("ListUserPolicies", input(["UserName": "ann"]))
        #expect(list.at("PolicyNames")?.arrayValue == [.string("p")])
        try await fixture.call("DeleteUserPolicy", name)
        #expect(
            await fixture.refusal("GetUserPolicy", name)
                == ["NoSuchEntity", "The user policy with name p cannot be found."])
    }

    @Test func inlinePoliciesAreBoundedTogether() async throws {
        try await fixture.call("CreateUser", input(["UserName": "ann"]))
        func put(_ name: String, _ count: Int) -> JSONValue {
            input([
                "UserName": "ann", "PolicyName": name,
                "PolicyDocument": Policy.allow(
                    "sqs:*", on: "arn:aws:sqs:*:*:" + String(repeating: "x", count: count)),
            ])
        }
        try await fixture.call("PutUserPolicy", put("a", 1000))
        #expect(
            await fixture.refusal("PutUserPolicy", put("b", 1000))
                == ["LimitExceeded", "Maximum policy size of 2048 bytes exceeded for user ann"])
        try await fixture.call("PutUserPolicy", put("a", 1500))
    }

    @Test func whatCannotBeJudgedIsRefusedByName() async throws {
        try await fixture.call("CreateUser", input(["UserName": "ann"]))
        let text =
            #"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "#
            + #""Resource": "*", "Condition": {"StringEquals": {"aws:Referer": "x"}}}]}"#
        let refusal = await fixture.refusal(
            "PutUserPolicy",
            input(["UserName": "ann", "PolicyName": "p", "PolicyDocument": text]))
        #expect(refusal.first == "MalformedPolicyDocument")
        #expect(refusal.last?.contains("aws:Referer") == true)
    }
}
