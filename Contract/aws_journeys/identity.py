# SPDX-License-Identifier: Apache-2.0
"""IAM and STS by the AWS CLI."""

import json

from functions import BASIC, LAMBDA_TRUST
from harness import eventually

TRUST = json.dumps(LAMBDA_TRUST)
SENDS = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]})
READS = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*"}]})


def a_roles_life(aws):
    made = aws("iam create-role --role-name worker --path /team/ --description first"
               f" --assume-role-policy-document '{TRUST}' --tags Key=team,Value=a")["Role"]
    assert made["Arn"] == f"arn:aws:iam::{aws.account}:role/team/worker"
    assert made["RoleId"].startswith("AROA")
    assert aws.process("iam list-roles")["Roles"][0]["Arn"] == made["Arn"]
    assert aws("iam list-roles --path-prefix /team/ --query Roles[].RoleName") == ["worker"]
    assert aws("iam list-roles --path-prefix /none/") == {"Roles": []}
    role = "--role-name worker"
    found = aws(f"iam get-role {role}")["Role"]
    assert found["AssumeRolePolicyDocument"] == LAMBDA_TRUST, "decoded by the CLI"
    assert (found["Description"], found["MaxSessionDuration"]) == ("first", 3600)

    aws(f"iam update-role {role} --description second --max-session-duration 7200")
    trust = _trust_account(aws)
    aws(f"iam update-assume-role-policy {role} --policy-document '{trust}'")
    found = aws(f"iam get-role {role}")["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("second", 7200)
    assert found["AssumeRolePolicyDocument"] == json.loads(trust)

    aws(f"iam tag-role {role} --tags Key=env,Value=dev Key=owner,Value=me")
    assert aws(f"iam list-role-tags {role}")["Tags"] == [
        {"Key": "team", "Value": "a"}, {"Key": "env", "Value": "dev"},
        {"Key": "owner", "Value": "me"}]
    aws(f"iam untag-role {role} --tag-keys team owner")
    assert aws(f"iam list-role-tags {role}")["Tags"] == [{"Key": "env", "Value": "dev"}]

    profiles = aws(f"iam list-instance-profiles-for-role {role}")
    assert profiles == {"InstanceProfiles": []}
    aws(f"iam delete-role {role}")
    assert aws.refused(f"iam get-role {role}") == (
        "An error occurred (NoSuchEntity) when calling the GetRole operation: "
        "The role with name worker cannot be found.")


def policies_of_a_role(aws):
    aws(f"iam create-role --role-name worker --assume-role-policy-document '{TRUST}'")
    aws(f"iam put-role-policy --role-name worker --policy-name sends --policy-document '{SENDS}'")
    assert aws("iam list-role-policies --role-name worker") == {"PolicyNames": ["sends"]}
    got = aws("iam get-role-policy --role-name worker --policy-name sends")
    assert got == {
        "RoleName": "worker", "PolicyName": "sends", "PolicyDocument": json.loads(SENDS)}
    aws(f"iam attach-role-policy --role-name worker --policy-arn {BASIC}")
    attached = "iam list-attached-role-policies --role-name worker"
    assert aws(attached) == {"AttachedPolicies": [
        {"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": BASIC}]}
    assert "(DeleteConflict)" in aws.refused("iam delete-role --role-name worker")
    aws(f"iam detach-role-policy --role-name worker --policy-arn {BASIC}")
    assert aws(attached) == {"AttachedPolicies": []}
    aws("iam delete-role-policy --role-name worker --policy-name sends")
    assert aws("iam list-role-policies --role-name worker") == {"PolicyNames": []}


def a_managed_policys_life(aws):
    made = aws(f"iam create-policy --policy-name sends --policy-document '{SENDS}'")["Policy"]
    policy = f"--policy-arn {made['Arn']}"
    assert made["Arn"] == f"arn:aws:iam::{aws.account}:policy/sends"
    assert aws("iam list-policies --scope Local --query Policies[].Arn") == [made["Arn"]]
    assert BASIC in aws("iam list-policies --scope AWS --query Policies[].Arn")

    document = aws.file("reads.json", READS.encode())
    second = aws(f"iam create-policy-version {policy} --policy-document file://{document}")
    assert second["PolicyVersion"]["VersionId"] == "v2"
    assert second["PolicyVersion"]["IsDefaultVersion"] is False
    got = aws(f"iam get-policy-version {policy} --version-id v2")["PolicyVersion"]
    assert got["Document"] == json.loads(READS)
    assert aws(f"iam get-policy {policy}")["Policy"]["DefaultVersionId"] == "v1"
    aws(f"iam set-default-policy-version {policy} --version-id v2")
    assert aws(f"iam get-policy {policy}")["Policy"]["DefaultVersionId"] == "v2"
    aws(f"iam delete-policy-version {policy} --version-id v1")
    listed = aws(f"iam list-policy-versions {policy} --query Versions[].VersionId")
    assert listed == ["v2"]
    aws(f"iam delete-policy {policy}")
    assert "(NoSuchEntity)" in aws.refused(f"iam get-policy {policy}")


def a_users_life(aws):
    made = aws("iam create-user --user-name ann --tags Key=team,Value=a")["User"]
    assert made["Arn"] == f"arn:aws:iam::{aws.account}:user/ann"
    aws("iam create-user --user-name bob --path /team/")
    names = "iam list-users --query Users[].UserName"
    assert aws(f"{names} --page-size 1") == ["ann", "bob"], "the CLI turns the pages"
    page = aws("iam list-users --max-items 1")
    assert [user["UserName"] for user in page["Users"]] == ["ann"]
    rest = aws(f"iam list-users --starting-token {page['NextToken']}")
    assert [user["UserName"] for user in rest["Users"]] == ["bob"]
    found = aws("iam get-user --user-name ann")["User"]
    assert (found["UserId"], found["CreateDate"]) == (made["UserId"], made["CreateDate"])

    aws("iam tag-user --user-name ann --tags Key=env,Value=dev")
    assert aws("iam list-user-tags --user-name ann")["Tags"] == [
        {"Key": "team", "Value": "a"}, {"Key": "env", "Value": "dev"}]
    aws("iam untag-user --user-name ann --tag-keys team")
    assert aws("iam list-user-tags --user-name ann")["Tags"] == [{"Key": "env", "Value": "dev"}]

    aws(f"iam put-user-policy --user-name ann --policy-name sends --policy-document '{SENDS}'")
    assert aws("iam list-user-policies --user-name ann") == {"PolicyNames": ["sends"]}
    got = aws("iam get-user-policy --user-name ann --policy-name sends")
    assert got["PolicyDocument"] == json.loads(SENDS)
    aws(f"iam attach-user-policy --user-name ann --policy-arn {BASIC}")
    attached = "iam list-attached-user-policies --user-name ann"
    assert aws(f"{attached} --query AttachedPolicies[].PolicyArn") == [BASIC]
    assert "(DeleteConflict)" in aws.refused("iam delete-user --user-name ann")
    aws(f"iam detach-user-policy --user-name ann --policy-arn {BASIC}")
    assert aws(attached) == {"AttachedPolicies": []}
    aws("iam delete-user-policy --user-name ann --policy-name sends")
    assert aws("iam list-user-policies --user-name ann") == {"PolicyNames": []}
    aws("iam delete-user --user-name ann")
    assert aws(names) == ["bob"]


def an_access_keys_life(aws):
    aws("iam create-user --user-name ann")
    made = aws("iam create-access-key --user-name ann")["AccessKey"]
    ann = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}
    caller = aws("sts get-caller-identity", **ann)
    assert caller["Arn"] == f"arn:aws:iam::{aws.account}:user/ann"
    assert "(AccessDenied)" in aws.refused("iam list-users", **ann)
    aws(f"iam put-user-policy --user-name ann --policy-name all --policy-document '{_allow_all()}'")
    assert aws("iam get-user --query User.UserName", **ann) == "ann", "who asks, where none is named"
    (listed,) = aws("iam list-access-keys", **ann)["AccessKeyMetadata"]
    assert (listed["AccessKeyId"], listed["Status"]) == (made["AccessKeyId"], "Active")
    last = f"iam get-access-key-last-used --access-key-id {made['AccessKeyId']}"
    eventually(lambda: aws(last)["AccessKeyLastUsed"]["ServiceName"] in ("sts", "iam"), 10,
               "the last use being known")

    aws(f"iam update-access-key --user-name ann --access-key-id {made['AccessKeyId']}"
        " --status Inactive")
    assert "(InvalidClientTokenId)" in aws.refused("sts get-caller-identity", **ann)
    aws(f"iam delete-access-key --user-name ann --access-key-id {made['AccessKeyId']}")
    assert aws("iam list-access-keys --user-name ann") == {"AccessKeyMetadata": []}


def sessions(aws):
    assert aws.process("sts get-caller-identity") == aws("sts get-caller-identity") == {
        "UserId": aws.account, "Account": aws.account, "Arn": f"arn:aws:iam::{aws.account}:root"}
    assert aws("sts get-caller-identity --query Account --output text") == aws.account
    role = aws("iam create-role --role-name worker"
               f" --assume-role-policy-document '{_trust_account(aws)}'")["Role"]
    aws("iam create-user --user-name ann")
    aws(f"iam put-user-policy --user-name ann --policy-name all --policy-document '{_allow_all()}'")
    made = aws("iam create-access-key --user-name ann")["AccessKey"]
    ann = {"key": made["AccessKeyId"], "secret": made["SecretAccessKey"]}

    got = aws(f"sts assume-role --role-arn {role['Arn']} --role-session-name shift", **ann)
    arn = f"arn:aws:sts::{aws.account}:assumed-role/worker/shift"
    assert got["AssumedRoleUser"] == {"AssumedRoleId": f"{role['RoleId']}:shift", "Arn": arn}
    assert aws("sts get-caller-identity", **_who(got))["Arn"] == arn
    assert "(AccessDenied)" in aws.refused("sqs list-queues", **_who(got))

    got = aws("sts get-session-token --duration-seconds 900", **ann)
    assert got["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert aws("sts get-caller-identity", **_who(got)) == aws("sts get-caller-identity", **ann)
    aws("sqs create-queue --queue-name by-session", **_who(got))
    assert len(aws("sqs list-queues")["QueueUrls"]) == 1


def _who(reply):
    given = reply["Credentials"]
    return {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"],
            "token": given["SessionToken"]}


def _trust_account(aws):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{aws.account}:root"},
         "Action": "sts:AssumeRole"}]})


def _allow_all():
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}]})


JOURNEYS = (a_roles_life, policies_of_a_role, a_managed_policys_life, a_users_life,
            an_access_keys_life, sessions)
