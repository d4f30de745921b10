// SPDX-License-Identifier: Apache-2.0
// AWS's quotas for identities and sessions, in one place.

/// Quotas of IAM and STS; AWS's defaults.
package struct IAMLimits: Sendable {
    package var rolesPerAccount = 1000
    package var usersPerAccount = 5000
    package var policiesPerAccount = 1500
    package var attachedPoliciesPerEntity = 10
    package var versionsPerPolicy = 5
    package var accessKeysPerUser = 2
    package var tagsPerEntity = 50
    /// Characters of a managed policy, white space not counted.
    package var managedPolicyCharacters = 6144
    /// Characters of all inline policies of a role, white space not counted.
    package var rolePolicyCharacters = 10_240
    package var userPolicyCharacters = 2048
    package var trustPolicyCharacters = 2048
    /// Characters of a session policy with its managed policies' ARNs.
    package var sessionPolicyCharacters = 2048

    package init() {}
}
