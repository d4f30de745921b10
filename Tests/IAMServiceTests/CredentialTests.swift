// SPDX-License-Identifier: Apache-2.0
// Access keys and sessions: who holds them, what they may do, how they end.

import Basics
import Chronology
import IAMService
import IdentityAccess
import ServiceKit
import Storage
import Testing

@Suite struct CredentialTests {
    private let fixture = Fixture()
    private let account = "000000000000"

    private func user(_ name: String) async throws -> Principal {
        let made = try await fixture.call("CreateUser", input(["UserName": name]))
        return .user(
            UserPrincipal(
                account: .local, name: name, id: try #require(made.text("User.UserId"))))
    }

    private func allow(_ name: String, _ action: String, on resource: String = "*") async throws {
        try await fixture.call(
            "PutUserPolicy",
            input([
                "UserName": name, "PolicyName": "p\(action.utf8.count)",
                "PolicyDocument": Policy.allow(action, on: resource),
            ]))
    }

    private func role(_ name: String, trusting principal: String, _ extra: JSONValue? = nil)
        async throws -> String
    {
        var request = input([
            "RoleName": name, "AssumeRolePolicyDocument": Policy.trust(principal),
        ])
        for member in extra?.objectValue?.members ?? [] {
            request = request.adding(member.name, member.value)
        }
        return try #require(try await fixture.call("CreateRole", request).text("Role.Arn"))
    }

    @Test func aKeyIsFoundUntilItIsDeleted() async throws {
        let ann = try await user("ann")
        let made = try await fixture.call("CreateAccessKey", input(["UserName": "ann"]))
        let id = try #require(made.text("AccessKey.AccessKeyId"))
        #expect(id.hasPrefix("AKIA") && id.utf8.count == 20)
        let found = try #require(try await fixture.service.directory.credential(id))
        #expect(found.secretAccessKey == made.text("AccessKey.SecretAccessKey"))
        #expect(found.principal == ann)
        #expect(found.isActive)
        let key = input(["UserName": "ann", "AccessKeyId": id])
        try await fixture.call("UpdateAccessKey", key.adding("Status", .string("Inactive")))
        #expect(try await fixture.service.directory.credential(id)?.isActive == false)
        try await fixture.call("DeleteAccessKey", key)
        #expect(try await fixture.service.directory.credential(id) == nil)
        #expect(
            await fixture.refusal("DeleteAccessKey", key)
                == ["NoSuchEntity", "The Access Key with id \(id) cannot be found."])
    }

    @Test func aUserHasTwoKeysAtMostAndIsNotDeletedWithThem() async throws {
        let ann = try await user("ann")
        try await allow("ann", "iam:*")
        try await fixture.call("CreateAccessKey", input(["UserName": "ann"]))
        try await fixture.call("CreateAccessKey", as: ann)
        #expect(
            await fixture.refusal("CreateAccessKey", input(["UserName": "ann"]))
                == ["LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"])
        #expect(
            await fixture.refusal("DeleteUser", input(["UserName": "ann"]))
                == ["DeleteConflict", "Cannot delete entity, must delete access keys first."])
        let list = try await fixture.call("ListAccessKeys", as: ann)
        #expect(list.at("AccessKeyMetadata")?.arrayValue?.count == 2)
    }

    @Test func aUserMayDoWhatItsPoliciesSay() async throws {
        let ann = try await user("ann")
        let other = try await user("bob")
        let refused = await fixture.refusal("ListRoles", as: ann)
        #expect(
            refused == [
                "AccessDenied",
                "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: "
                    + "iam:ListRoles on resource: arn:aws:iam::000000000000:role/ because no "
                    + "identity-based policy allows the iam:ListRoles action",
            ])
        try await allow("ann", "iam:ListRoles")
        try await fixture.call("ListRoles", as: ann)
        #expect(await fixture.refusal("ListRoles", as: other).first == "AccessDenied")
        try await fixture.call(
            "DeleteUserPolicy", input(["UserName": "ann", "PolicyName": "p13"]))
        #expect(await fixture.refusal("ListRoles", as: ann).first == "AccessDenied")
    }

    @Test func permissionIsAskedForTheFullARN() async throws {
        let ann = try await user("ann")
        try await allow("ann", "iam:GetRole", on: "arn:aws:iam::*:role/team/*")
        for path in ["/team/", "/other/"] {
            try await fixture.call(
                "CreateRole",
                input([
                    "RoleName": "r\(path.utf8.count)", "Path": path,
                    "AssumeRolePolicyDocument": Policy.lambdaTrust,
                ]))
        }
        try await fixture.call("GetRole", input(["RoleName": "r6"]), as: ann)
        #expect(
            await fixture.refusal("GetRole", input(["RoleName": "r7"]), as: ann).first
                == "AccessDenied")
    }

    @Test func theBoundaryOfAUserHolds() async throws {
        let made = try await fixture.call(
            "CreatePolicy",
            input(["PolicyName": "b", "PolicyDocument": Policy.allow("iam:GetUser")]))
        let created = try await fixture.call(
            "CreateUser",
            input([
                "UserName": "cid",
                "PermissionsBoundary": try #require(made.text("Policy.Arn")),
            ]))
        let cid = Principal.user(
            UserPrincipal(
                account: .local, name: "cid", id: try #require(created.text("User.UserId"))))
        try await allow("cid", "iam:*")
        try await fixture.call("GetUser", as: cid)
        let refusal = await fixture.refusal("ListUsers", as: cid)
        #expect(refusal.last?.contains("because no permissions boundary allows") == true)
    }

    @Test func anAssumedRoleIsItsSessionAndIsFoundAfterARestart() async throws {
        let store = MemoryStore()
        let first = Fixture(store: store)
        let made = try await first.call(
            "CreateRole",
            input([
                "RoleName": "worker",
                "AssumeRolePolicyDocument": Policy.trust(#"{"AWS": "000000000000"}"#),
            ]))
        let output = try await first.call(
            "AssumeRole",
            input(["RoleArn": try #require(made.text("Role.Arn")), "RoleSessionName": "s1"]),
            of: "sts")
        #expect(
            output.text("AssumedRoleUser.Arn")
                == "arn:aws:sts::000000000000:assumed-role/worker/s1")
        let id = try #require(output.text("Credentials.AccessKeyId"))
        #expect(id.hasPrefix("ASIA") && id.utf8.count == 20)
        let second = Fixture(store: store, seed: 2)
        let found = try #require(try await second.service.directory.credential(id))
        #expect(found.sessionToken == output.text("Credentials.SessionToken"))
        #expect(found.secretAccessKey == output.text("Credentials.SecretAccessKey"))
        #expect(found.expiration == StillTime.start.adding(seconds: 3600))
        let me = try await second.call("GetCallerIdentity", as: found.principal, of: "sts")
        #expect(me.text("Arn") == "arn:aws:sts::000000000000:assumed-role/worker/s1")
        #expect(me.text("UserId")?.hasSuffix(":s1") == true)
    }

    @Test func trustPolicyAndOwnPoliciesBothCount() async throws {
        let ann = try await user("ann")
        let arn = try await role("worker", trusting: #"{"AWS": "000000000000"}"#)
        let request = input(["RoleArn": arn, "RoleSessionName": "s1"])
        let refused = [
            "AccessDenied",
            "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: "
                + "sts:AssumeRole on resource: \(arn)",
        ]
        #expect(await fixture.refusal("AssumeRole", request, as: ann, of: "sts") == refused)
        try await allow("ann", "sts:AssumeRole", on: arn)
        try await fixture.call("AssumeRole", request, as: ann, of: "sts")
        let direct = try await role(
            "named", trusting: #"{"AWS": "arn:aws:iam::000000000000:user/bob"}"#)
        let bob = try await user("bob")
        try await fixture.call(
            "AssumeRole", input(["RoleArn": direct, "RoleSessionName": "s1"]), as: bob, of: "sts")
        let missing = await fixture.refusal(
            "AssumeRole", input(["RoleArn": "\(arn)x", "RoleSessionName": "s1"]), as: ann,
            of: "sts")
        #expect(missing.first == "AccessDenied")
    }

    @Test func anExternalIdIsAskedFor() async throws {
        let trust = Policy.trust(
            #"{"AWS": "000000000000"}"#,
            condition: #"{"StringEquals": {"sts:ExternalId": "secret"}}"#)
        let made = try await fixture.call(
            "CreateRole", input(["RoleName": "ext", "AssumeRolePolicyDocument": trust]))
        let request = input([
            "RoleArn": try #require(made.text("Role.Arn")), "RoleSessionName": "s1",
        ])
        #expect(await fixture.refusal("AssumeRole", request, of: "sts").first == "AccessDenied")
        try await fixture.call(
            "AssumeRole", request.adding("ExternalId", .string("secret")), of: "sts")
    }

    @Test func sessionPoliciesNarrowTheRole() async throws {
        let arn = try await role("admin", trusting: #"{"AWS": "000000000000"}"#)
        try await fixture.call(
            "AttachRolePolicy",
            input([
                "RoleName": "admin", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
            ]))
        let output = try await fixture.call(
            "AssumeRole",
            input([
                "RoleArn": arn, "RoleSessionName": "s1", "Policy": Policy.allow("iam:ListRoles"),
            ]), of: "sts")
        let id = try #require(output.text("Credentials.AccessKeyId"))
        let session = try #require(try await fixture.service.directory.credential(id)).principal
        try await fixture.call("ListRoles", as: session)
        let refusal = await fixture.refusal("ListUsers", as: session)
        #expect(refusal.last?.contains("because no session policy allows") == true)
        #expect(output.at("PackedPolicySize")?.integerValue != nil)
    }

    @Test func durationsAreBounded() async throws {
        let arn = try await role(
            "short", trusting: #"{"AWS": "000000000000"}"#,
            .object(["MaxSessionDuration": .integer(7200)]))
        let request = input(["RoleArn": arn, "RoleSessionName": "s1"])
        try await fixture.call(
            "AssumeRole", request.adding("DurationSeconds", .integer(7200)), of: "sts")
        #expect(
            await fixture.refusal(
                "AssumeRole", request.adding("DurationSeconds", .integer(7201)), of: "sts")
                == [
                    "ValidationError",
                    "The requested DurationSeconds exceeds the MaxSessionDuration set for this "
                        + "role.",
                ])
    }

    @Test func theSessionOfADeletedOrRemadeRoleMayDoNothing() async throws {
        let arn = try await role("worker", trusting: #"{"AWS": "000000000000"}"#)
        let inline = input([
            "RoleName": "worker", "PolicyName": "p", "PolicyDocument": Policy.allow("iam:*"),
        ])
        try await fixture.call("PutRolePolicy", inline)
        let output = try await fixture.call(
            "AssumeRole", input(["RoleArn": arn, "RoleSessionName": "s1"]), of: "sts")
        let id = try #require(output.text("Credentials.AccessKeyId"))
        let session = try #require(try await fixture.service.directory.credential(id)).principal
        try await fixture.call("ListRoles", as: session)
        try await fixture.call(
            "DeleteRolePolicy", input(["RoleName": "worker", "PolicyName": "p"]))
        try await fixture.call("DeleteRole", input(["RoleName": "worker"]))
        _ = try await role("worker", trusting: #"{"AWS": "000000000000"}"#)
        try await fixture.call("PutRolePolicy", inline)
        #expect(await fixture.refusal("ListRoles", as: session).first == "AccessDenied")
    }

    @Test func servicesActUnderRolesThatTrustThem() async throws {
        let text = try await role("fn", trusting: #"{"Service": "lambda.amazonaws.com"}"#)
        let arn = try #require(ARN(parsing: text))
        let source: any RoleSource = fixture.service
        let function = ARN(
            service: "lambda", region: .usEast1, account: .local, resource: "function:f")
        let session = try await source.session(
            of: arn, for: "lambda.amazonaws.com", named: "f", source: function)
        #expect(session.arn == "arn:aws:sts::000000000000:assumed-role/fn/f")
        let issued = try await source.credentials(
            of: arn, for: "lambda.amazonaws.com", named: "f", source: function,
            seconds: 43_200)
        let found = try #require(
            try await fixture.service.directory.credential(issued.accessKeyID))
        #expect(found.secretAccessKey == issued.secretAccessKey)
        #expect(found.expiration == issued.expiration)
        await #expect(throws: (any Error).self) {
            try await source.session(
                of: arn, for: "events.amazonaws.com", named: "f", source: function)
        }
    }

    @Test func endedSessionsAreSweptOut() async throws {
        let first = try await fixture.call("GetSessionToken", of: "sts")
        let id = try #require(first.text("Credentials.AccessKeyId"))
        _ = fixture.world.clock.jump(to: StillTime.start.adding(seconds: 2 * 3600))
        try await fixture.call("GetSessionToken", of: "sts")
        #expect(try await fixture.service.directory.credential(id) != nil)
        _ = fixture.world.clock.jump(to: StillTime.start.adding(seconds: 72 * 3600))
        try await fixture.call("GetSessionToken", of: "sts")
        let fresh = Fixture(store: fixture.world.store)
        #expect(try await fresh.service.directory.credential(id) == nil)
    }

    @Test func theLastUseOfKeysAndRolesIsTold() async throws {
        _ = try await user("ann")
        let made = try await fixture.call("CreateAccessKey", input(["UserName": "ann"]))
        let id = try #require(made.text("AccessKey.AccessKeyId"))
        let name = input(["AccessKeyId": id])
        let unused = try await fixture.call("GetAccessKeyLastUsed", name)
        #expect(unused.text("AccessKeyLastUsed.ServiceName") == "N/A")
        let key = try #require(try await fixture.service.directory.credential(id))
        for _ in 0..<2 {
            fixture.service.noteUse(of: key, service: "sqs", region: .usEast1)
        }
        // The second use within the hour is not written again.
        #expect(await fixture.background.run() == 1)
        let used = try await fixture.call("GetAccessKeyLastUsed", name)
        #expect(used.text("UserName") == "ann")
        #expect(used.text("AccessKeyLastUsed.ServiceName") == "sqs")
        #expect(used.text("AccessKeyLastUsed.Region") == "us-east-1")
        let arn = try await role("worker", trusting: #"{"AWS": "000000000000"}"#)
        let session = try await fixture.call(
            "AssumeRole", input(["RoleArn": arn, "RoleSessionName": "s1"]), of: "sts")
        let sessionID = try #require(session.text("Credentials.AccessKeyId"))
        let credential = try #require(try await fixture.service.directory.credential(sessionID))
        fixture.service.noteUse(of: credential, service: "logs", region: .usEast1)
        #expect(await fixture.background.run() == 1)
        let read = try await fixture.call("GetRole", input(["RoleName": "worker"]))
        #expect(read.text("Role.RoleLastUsed.Region") == "us-east-1")
    }

    @Test func whatIsNotBuiltIsRefusedByName() async throws {
        let arn = try await role("worker", trusting: #"{"AWS": "000000000000"}"#)
        let refusal = await fixture.refusal(
            "AssumeRole",
            input(["RoleArn": arn, "RoleSessionName": "s1", "SourceIdentity": "me"]), of: "sts")
        #expect(refusal.first == "NotImplemented")
        #expect(refusal.last?.hasPrefix("SourceIdentity: ") == true)
    }
}
