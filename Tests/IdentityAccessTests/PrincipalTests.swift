// SPDX-License-Identifier: Apache-2.0
// The names a principal is known by.

import Basics
import IdentityAccess
import Testing

@Suite struct PrincipalTests {
    @Test func sessionsAreNamedByStsAndSeenByPoliciesAsTheirRole() {
        let session = Principal.role(
            RoleSession(
                account: .local, rolePath: "/service/", roleName: "worker", roleID: "AROAX",
                sessionName: "one"))
        #expect(session.arn == "arn:aws:sts::000000000000:assumed-role/worker/one")
        #expect(session.policyARN == "arn:aws:iam::000000000000:role/service/worker")
        #expect(session.userID == "AROAX:one")
    }

    @Test func usersKeepTheirPath() {
        let user = Principal.user(
            UserPrincipal(account: .local, path: "/team/", name: "ann", id: "AIDAX"))
        #expect(user.arn == "arn:aws:iam::000000000000:user/team/ann")
        #expect(user.userID == "AIDAX")
    }
}
