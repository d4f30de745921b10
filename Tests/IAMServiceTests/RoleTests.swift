// SPDX-License-Identifier: Apache-2.0
// Roles and users: life cycle, uniqueness, listing, tags.

import Basics
import IAMService
import IdentityAccess
import Storage
import Testing

@Suite struct RoleTests {
    private let fixture = Fixture()

    private func role(_ name: String, path: String = "/") -> JSONValue {
        input([
            "RoleName": name, "Path": path, "AssumeRolePolicyDocument": Policy.lambdaTrust,
        ])
    }

    @Test func aRoleIsReadBackAsItWasCreated() async throws {
        let made = try await fixture.call(
            "CreateRole", role("worker", path: "/svc/").adding("Description", .string("d")))
        #expect(made.text("Role.Arn") == "arn:aws:iam::000000000000:role/svc/worker")
        let id = try #require(made.text("Role.RoleId"))
        #expect(id.hasPrefix("AROA") && id.utf8.count == 21)
        let read = try await fixture.call("GetRole", input(["RoleName": "worker"]))
        #expect(read.text("Role.RoleId") == id)
        #expect(read.text("Role.Description") == "d")
        #expect(read.at("Role.MaxSessionDuration")?.integerValue == 3600)
        let document = try #require(read.text("Role.AssumeRolePolicyDocument"))
        #expect(document.hasPrefix("%7B%22Version%22%3A%20%222012-10-17%22"))
    }

    @Test func namesAreUniqueWhateverTheirCase() async throws {
        try await fixture.call("CreateRole", role("worker"))
        #expect(
            await fixture.refusal("CreateRole", role("Worker"))
                == ["EntityAlreadyExists", "Role with name Worker already exists."])
        #expect(
            await fixture.refusal("GetRole", input(["RoleName": "nobody"]))
                == ["NoSuchEntity", "The role with name nobody cannot be found."])
    }

    @Test func aMalformedTrustPolicyIsRefused() async {
        let bad = input(["RoleName": "r", "AssumeRolePolicyDocument": "{}"])
        #expect(
            await fixture.refusal("CreateRole", bad)
                == ["MalformedPolicyDocument", "Syntax errors in policy."])
    }

    @Test func aRoleWithPoliciesIsNotDeleted() async throws {
        let name = input(["RoleName": "worker"])
        try await fixture.call("CreateRole", role("worker"))
        let inline = input([
            "RoleName": "worker", "PolicyName": "p", "PolicyDocument": Policy.allow("sqs:*"),
        ])
        try await fixture.call("PutRolePolicy", inline)
        #expect(
            await fixture.refusal("DeleteRole", name)
                == ["DeleteConflict", "Cannot delete entity, must delete policies first."])
        let managed = input([
            "RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/AmazonSQSFullAccess",
        ])
        try await fixture.call("AttachRolePolicy", managed)
        #expect(
            await fixture.refusal("DeleteRole", name)
                == ["DeleteConflict", "Cannot delete entity, must detach all policies first."])
        try await fixture.call("DetachRolePolicy", managed)
        try await fixture.call(
            "DeleteRolePolicy", input(["RoleName": "worker", "PolicyName": "p"]))
        try await fixture.call("DeleteRole", name)
        #expect(await fixture.refusal("GetRole", name).first == "NoSuchEntity")
    }

    @Test func listingPagesThroughAllInOrder() async throws {
        for index in 0..<7 { try await fixture.call("CreateRole", role("r\(index)")) }
        try await fixture.call("CreateRole", role("elsewhere", path: "/other/"))
        var names: [String] = []
        var marker: String?
        var pages = 0
        repeat {
            var request = input(["PathPrefix": "/"]).adding("MaxItems", .integer(3))
            if let marker { request = request.adding("Marker", .string(marker)) }
            let page = try await fixture.call("ListRoles", request)
            names += (page.at("Roles")?.arrayValue ?? []).compactMap { $0.text("RoleName") }
            marker = page.text("Marker")
            #expect(page.at("IsTruncated")?.boolValue == (marker != nil))
            pages += 1
        } while marker != nil
        #expect(names == ["elsewhere"] + (0..<7).map { "r\($0)" })
        #expect(pages == 3)
        let below = try await fixture.call("ListRoles", input(["PathPrefix": "/other/"]))
        #expect(below.at("Roles")?.arrayValue?.count == 1)
        #expect(
            await fixture.refusal("ListRoles", input(["Marker": "x"])).first == "ValidationError")
    }

    @Test func updatesReplaceWhatTheyName() async throws {
        try await fixture.call("CreateRole", role("worker"))
        try await fixture.call(
            "UpdateRole",
            input(["RoleName": "worker", "Description": "new"])
                .adding("MaxSessionDuration", .integer(7200)))
        let trust = Policy.trust(#"{"AWS": "000000000000"}"#)
        try await fixture.call(
            "UpdateAssumeRolePolicy", input(["RoleName": "worker", "PolicyDocument": trust]))
        let read = try await fixture.call("GetRole", input(["RoleName": "worker"]))
        #expect(read.text("Role.Description") == "new")
        #expect(read.at("Role.MaxSessionDuration")?.integerValue == 7200)
        #expect(read.text("Role.AssumeRolePolicyDocument")?.contains("000000000000") == true)
    }

    @Test func tagsMergeByKeyWithoutRegardToCase() async throws {
        try await fixture.call("CreateRole", role("worker"))
        func tag(_ key: String, _ value: String) -> JSONValue {
            input(["RoleName": "worker"]).adding(
                "Tags", .array([input(["Key": key, "Value": value])]))
        }
        try await fixture.call("TagRole", tag("Team", "a"))
        try await fixture.call("TagRole", tag("team", "b"))
        try await fixture.call("TagRole", tag("env", "x"))
        let tags = try await fixture.call("ListRoleTags", input(["RoleName": "worker"]))
        #expect(tags.at("Tags")?.arrayValue?.count == 2)
        #expect(tags.text("Tags.0.Value") == "b")
        #expect(await fixture.refusal("TagRole", tag("aws:x", "y")).first == "InvalidInput")
        try await fixture.call(
            "UntagRole",
            input(["RoleName": "worker"]).adding("TagKeys", .array([.string("TEAM")])))
        let rest = try await fixture.call("ListRoleTags", input(["RoleName": "worker"]))
        #expect(rest.text("Tags.0.Key") == "env")
    }

    @Test func quotasHold() async throws {
        var limits = IAMLimits()
        limits.rolesPerAccount = 2
        let small = Fixture(limits: limits)
        try await small.call("CreateRole", role("a"))
        try await small.call("CreateRole", role("b"))
        #expect(
            await small.refusal("CreateRole", role("c"))
                == ["LimitExceeded", "Cannot exceed quota for RolesPerAccount: 2"])
    }

    @Test func aBoundaryMustExist() async {
        let arn = "arn:aws:iam::000000000000:policy/none"
        #expect(
            await fixture.refusal(
                "CreateRole", role("r").adding("PermissionsBoundary", .string(arn)))
                == ["NoSuchEntity", "Scope ARN: \(arn) does not exist or is not attachable."])
    }

    @Test func accountsDoNotSeeEachOther() async throws {
        let other = Principal.root(try #require(AccountID("222222222222")))
        try await fixture.call("CreateRole", role("worker"))
        let name = input(["RoleName": "worker"])
        #expect(await fixture.refusal("GetRole", name, as: other).first == "NoSuchEntity")
        try await fixture.call("CreateRole", role("worker"), as: other)
        try await fixture.call("DeleteRole", name)
        try await fixture.call("GetRole", name, as: other)
    }

    @Test func rolesSurviveARestart() async throws {
        let store = MemoryStore()
        try await Fixture(store: store).call("CreateRole", role("worker"))
        try await Fixture(store: store).call("GetRole", input(["RoleName": "worker"]))
    }
}
