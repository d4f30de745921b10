# SPDX-License-Identifier: Apache-2.0
"""IAM and STS: roles, policies, users, keys and sessions. Whether they bind is test_permissions.

Expectations are the API references' unless marked recorded or ours.
"""

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from botocore.exceptions import ClientError

from functions import BASIC, LAMBDA_TRUST, QUEUE_EXECUTION, allow, document
from harness import eventually
from support import fresh, query_headers, refused, xml_of

MANAGED = [
    "service-role/AWSLambdaBasicExecutionRole", "service-role/AWSLambdaSQSQueueExecutionRole",
    "AmazonSQSFullAccess", "AmazonSQSReadOnlyAccess", "CloudWatchLogsFullAccess",
    "AWSLambda_FullAccess", "AdministratorAccess"]


@pytest.fixture
def iam(martlet, account):
    return martlet.client("iam", account=account)


@pytest.fixture
def sts(martlet, account):
    return martlet.client("sts", account=account, parameter_validation=False)


def make_role(iam, **more):
    name = fresh("role")
    return name, iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST), **more)["Role"]


def trust_account(account):
    return {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole"}]}


# Roles -------------------------------------------------------------------------------------


def test_a_role_comes_back_as_made(iam, account):
    name, made = make_role(
        iam, Description="for tests", Path="/service/", MaxSessionDuration=7200,
        Tags=[{"Key": "team", "Value": "a"}])
    assert made["Arn"] == f"arn:aws:iam::{account}:role/service/{name}"
    assert made["RoleId"].startswith("AROA")
    found = iam.get_role(RoleName=name)["Role"]
    for member in ("Arn", "RoleId", "Path", "RoleName", "CreateDate"):
        assert found[member] == made[member]
    assert found["Description"] == "for tests" and found["MaxSessionDuration"] == 7200
    # boto3 decodes the URL-encoded document that the API sends.
    assert found["AssumeRolePolicyDocument"] == LAMBDA_TRUST
    assert found["Tags"] == [{"Key": "team", "Value": "a"}]


def test_roles_are_listed_by_path_and_in_pages(iam):
    names = sorted(make_role(iam, Path="/paged/")[0] for _ in range(5))
    make_role(iam)
    pages = list(iam.get_paginator("list_roles").paginate(
        PathPrefix="/paged/", PaginationConfig={"PageSize": 2}))
    assert [role["RoleName"] for page in pages for role in page["Roles"]] == names
    assert [len(page["Roles"]) for page in pages] == [2, 2, 1]


def test_a_name_is_taken_once(iam):
    # recorded: EntityAlreadyExists, 409.
    name, _ = make_role(iam)
    with refused("EntityAlreadyExists", 409, f"Role with name {name} already exists."):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST))


def test_missing_role_is_named(iam):
    # recorded: NoSuchEntity, 404.
    with refused("NoSuchEntity", 404, "The role with name missing cannot be found."):
        iam.get_role(RoleName="missing")


@pytest.mark.parametrize("text", [
    "not json", "[]", "{}", '{"Version": "2012-10-17"}',
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}',
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}'])
def test_bad_trust_policies_are_refused(iam, text):
    with refused("MalformedPolicyDocument", 400):
        iam.create_role(RoleName=fresh(), AssumeRolePolicyDocument=text)


def test_trust_policy_and_description_can_be_changed(iam, account):
    name, _ = make_role(iam)
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps(trust_account(account)))
    iam.update_role(RoleName=name, Description="changed", MaxSessionDuration=3600)
    found = iam.get_role(RoleName=name)["Role"]
    assert found["AssumeRolePolicyDocument"] == trust_account(account)
    assert found["Description"] == "changed"


def test_role_with_policies_cannot_be_deleted(iam):
    # recorded: DeleteConflict, 409.
    name, _ = make_role(iam)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    with refused("DeleteConflict", 409):
        iam.delete_role(RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.attach_role_policy(RoleName=name, PolicyArn=BASIC)
    with refused("DeleteConflict", 409):
        iam.delete_role(RoleName=name)
    iam.detach_role_policy(RoleName=name, PolicyArn=BASIC)
    iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", 404):
        iam.get_role(RoleName=name)


def test_role_tags(iam):
    name, _ = make_role(iam)
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    iam.untag_role(RoleName=name, TagKeys=["a"])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "b", "Value": ""}]


# Policies ----------------------------------------------------------------------------------


def test_inline_policies(iam):
    name, _ = make_role(iam)
    text = document(allow(["sqs:SendMessage", "sqs:ReceiveMessage"], "arn:aws:sqs:*:*:q"))
    iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=text)
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["inline"]
    got = iam.get_role_policy(RoleName=name, PolicyName="inline")
    assert got["PolicyDocument"] == json.loads(text)
    with refused("NoSuchEntity", 404):
        iam.get_role_policy(RoleName=name, PolicyName="other")


@pytest.mark.parametrize("text", [
    "not json", "{}", document({"Effect": "Allow", "Action": "sqs:*"}),
    document({"Effect": "Allow", "Resource": "*"}), document(allow("no-colon")),
    document({**allow("sqs:*"), "NotAction": "sqs:SendMessage"}),
    document({**allow("sqs:*"), "Principal": "*"})])
def test_bad_inline_policies_are_refused(iam, text):
    name, _ = make_role(iam)
    with refused("MalformedPolicyDocument", 400):
        iam.put_role_policy(RoleName=name, PolicyName="bad", PolicyDocument=text)
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []


def test_what_cannot_be_judged_yet_is_refused_by_name(iam):
    # ours: never ignored.
    name, _ = make_role(iam)
    condition = {"StringEquals": {"aws:Referer": "a"}}
    text = document(allow("sqs:*", Condition=condition))
    with pytest.raises(iam.exceptions.ClientError) as refusal:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=text)
    assert "aws:Referer" in str(refusal.value)


def test_customer_managed_policies(iam, account):
    name = fresh("policy")
    text = document(allow("sqs:*"))
    made = iam.create_policy(PolicyName=name, PolicyDocument=text, Description="d")["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{account}:policy/{name}"
    assert made["DefaultVersionId"] == "v1" and made["AttachmentCount"] == 0
    role, _ = make_role(iam)
    iam.attach_role_policy(RoleName=role, PolicyArn=made["Arn"])
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert attached == [{"PolicyName": name, "PolicyArn": made["Arn"]}]
    assert iam.get_policy(PolicyArn=made["Arn"])["Policy"]["AttachmentCount"] == 1
    local = iam.list_policies(Scope="Local")["Policies"]
    assert [policy["PolicyName"] for policy in local] == [name]
    with refused("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=made["Arn"])
    iam.detach_role_policy(RoleName=role, PolicyArn=made["Arn"])
    iam.delete_policy(PolicyArn=made["Arn"])


def test_policy_versions(iam):
    made = iam.create_policy(
        PolicyName=fresh("policy"), PolicyDocument=document(allow("sqs:*")))["Policy"]
    second = document(allow("sqs:SendMessage"))
    iam.create_policy_version(
        PolicyArn=made["Arn"], PolicyDocument=second, SetAsDefault=True)
    found = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert found["DefaultVersionId"] == "v2"
    got = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v2")["PolicyVersion"]
    assert got["Document"] == json.loads(second) and got["IsDefaultVersion"] is True
    with refused("DeleteConflict", 409):
        iam.delete_policy_version(PolicyArn=made["Arn"], VersionId="v2")
    iam.set_default_policy_version(PolicyArn=made["Arn"], VersionId="v1")
    iam.delete_policy_version(PolicyArn=made["Arn"], VersionId="v2")
    listed = iam.list_policy_versions(PolicyArn=made["Arn"])["Versions"]
    assert [version["VersionId"] for version in listed] == ["v1"]


@pytest.mark.parametrize("name", MANAGED)
def test_managed_policies_of_aws_are_there(iam, name):
    # Their documents are AWS's.
    arn = f"arn:aws:iam::aws:policy/{name}"
    found = iam.get_policy(PolicyArn=arn)["Policy"]
    assert found["PolicyName"] == name.split("/")[-1]
    version = iam.get_policy_version(PolicyArn=arn, VersionId=found["DefaultVersionId"])
    assert version["PolicyVersion"]["Document"]["Statement"]
    role, _ = make_role(iam)
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn]


def test_queue_execution_policy_holds_what_a_mapping_needs(iam):
    # documentation: AWSLambdaSQSQueueExecutionRole in the AWS managed policy reference.
    found = iam.get_policy_version(
        PolicyArn=QUEUE_EXECUTION,
        VersionId=iam.get_policy(PolicyArn=QUEUE_EXECUTION)["Policy"]["DefaultVersionId"])
    (statement,) = found["PolicyVersion"]["Document"]["Statement"]
    assert set(statement["Action"]) == {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
        "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
    assert statement["Effect"] == "Allow" and statement["Resource"] == "*"


def test_managed_policy_that_does_not_exist_cannot_be_attached(iam):
    role, _ = make_role(iam)
    with refused("NoSuchEntity", 404):
        iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/Missing")


# Users and keys ----------------------------------------------------------------------------


def test_users(iam, account):
    name = fresh("user")
    made = iam.create_user(UserName=name)["User"]
    assert made["Arn"] == f"arn:aws:iam::{account}:user/{name}"
    assert made["UserId"].startswith("AIDA")
    assert iam.get_user(UserName=name)["User"]["UserId"] == made["UserId"]
    assert [user["UserName"] for user in iam.list_users()["Users"]] == [name]
    iam.put_user_policy(
        UserName=name, PolicyName="p", PolicyDocument=document(allow("sqs:*")))
    assert iam.list_user_policies(UserName=name)["PolicyNames"] == ["p"]
    iam.attach_user_policy(UserName=name, PolicyArn=BASIC)
    with refused("DeleteConflict", 409):
        iam.delete_user(UserName=name)
    iam.delete_user_policy(UserName=name, PolicyName="p")
    iam.detach_user_policy(UserName=name, PolicyArn=BASIC)
    iam.delete_user(UserName=name)
    with refused("NoSuchEntity", 404, f"The user with name {name} cannot be found."):
        iam.get_user(UserName=name)


def test_access_keys(martlet, iam):
    # documentation: two keys a user; the secret is shown once.
    name = fresh("user")
    iam.create_user(UserName=name)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    assert made["AccessKeyId"].startswith("AKIA") and len(made["AccessKeyId"]) == 20
    assert len(made["SecretAccessKey"]) == 40 and made["Status"] == "Active"
    iam.create_access_key(UserName=name)
    with refused("LimitExceeded", 409):
        iam.create_access_key(UserName=name)
    listed = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert len(listed) == 2 and all("SecretAccessKey" not in key for key in listed)
    caller = martlet.client("sts", key=made["AccessKeyId"], secret=made["SecretAccessKey"])
    assert caller.get_caller_identity()["Arn"].endswith(f":user/{name}")
    iam.update_access_key(
        UserName=name, AccessKeyId=made["AccessKeyId"], Status="Inactive")
    with refused("InvalidClientTokenId", 403):
        caller.get_caller_identity()


def test_last_use_of_a_key_is_told(martlet, iam, account):
    # documentation: N/A until the first use; then its time, service and region. Kept by the hour
    # in the background, so it is there a little after the call.
    name = fresh("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    before = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
    assert before["UserName"] == name
    assert before["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    with pytest.raises(ClientError):
        martlet.client("sts", key=key["AccessKeyId"], secret="x" * 40).get_caller_identity()
    assert iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"]) | {
        "ResponseMetadata": None} == before | {"ResponseMetadata": None}
    caller = martlet.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    caller.get_caller_identity()

    def used():
        found = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        return found["AccessKeyLastUsed"] if "LastUsedDate" in found["AccessKeyLastUsed"] else None

    found = eventually(used, 5, "the last use")
    assert (found["ServiceName"], found["Region"]) == ("sts", "us-east-1")
    assert abs((found["LastUsedDate"] - datetime.now(UTC)).total_seconds()) < 300


# Callers and sessions ----------------------------------------------------------------------


def test_caller_identity_of_a_root(sts, account):
    found = sts.get_caller_identity()
    assert found["Account"] == account
    assert found["Arn"] == f"arn:aws:iam::{account}:root"
    assert found["UserId"] == account


def test_caller_identity_of_test(martlet):
    # wire-facts B3: test/test is account 000000000000.
    found = martlet.client("sts").get_caller_identity()
    assert found["Account"] == "000000000000"


def test_assumed_role_is_a_session_of_its_own(martlet, iam, sts, account):
    name, role = make_role(iam)
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps(trust_account(account)))
    reply = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session-1")
    assert reply["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{account}:assumed-role/{name}/session-1")
    assert reply["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:session-1"
    given = reply["Credentials"]
    assert given["AccessKeyId"].startswith("ASIA")
    assert 3500 < (given["Expiration"] - datetime.now(UTC)).total_seconds() < 3700
    found = session(martlet, "sts", given).get_caller_identity()
    assert found["Arn"] == reply["AssumedRoleUser"]["Arn"]
    assert found["UserId"] == f"{role['RoleId']}:session-1"


def session(martlet, service, credentials):
    return martlet.client(
        service, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
        token=credentials["SessionToken"])


def test_role_is_assumed_only_by_whom_it_trusts(iam, sts, account):
    # recorded: the wording of AccessDenied.
    _, role = make_role(iam)
    with refused("AccessDenied", 403, "is not authorized to perform: sts:AssumeRole on resource: "
                 + role["Arn"]):
        sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")


def test_missing_role_cannot_be_assumed(sts, account):
    # recorded: AccessDenied, not NoSuchEntity, so that roles cannot be probed.
    with refused("AccessDenied", 403):
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/missing", RoleSessionName="session")


@pytest.mark.parametrize(
    "wrong", [{"DurationSeconds": 899}, {"DurationSeconds": 43_201}, {"RoleSessionName": "a b"}])
def test_session_parameters_have_ranges(iam, sts, account, wrong):
    # model: constraints; documentation: 15 minutes to the role's maximum.
    name, role = make_role(iam)
    iam.update_assume_role_policy(
        RoleName=name, PolicyDocument=json.dumps(trust_account(account)))
    with refused("ValidationError", 400):
        sts.assume_role(**{"RoleArn": role["Arn"], "RoleSessionName": "session", **wrong})


def test_query_documents_are_url_encoded_on_the_wire(martlet, iam, account):
    # documentation: "Policies returned by this operation are URL-encoded".
    name, _ = make_role(iam)
    form = f"Action=GetRole&Version=2010-05-08&RoleName={name}".encode()
    reply = martlet.raw("POST", "/", query_headers(account, "iam"), form)
    text = xml_of(reply).findtext(".//AssumeRolePolicyDocument")
    assert "%" in text and json.loads(unquote(text)) == LAMBDA_TRUST


@pytest.mark.parametrize("size", [1, 2, len(MANAGED), 100])
def test_pages_of_policies_hold_no_more_than_asked_for(iam, size):
    # documentation: ListPolicies, MaxItems; published policies and the account's own alike.
    own = {iam.create_policy(PolicyName=fresh(), PolicyDocument=document(allow("sqs:*")))
           ["Policy"]["Arn"] for _ in range(3)}
    found, marker = [], {}
    while True:
        page = iam.list_policies(MaxItems=size, **marker)
        assert len(page["Policies"]) <= size
        found += [policy["Arn"] for policy in page["Policies"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    published = {f"arn:aws:iam::aws:policy/{name}" for name in MANAGED}
    assert len(found) == len(set(found)) and set(found) >= own | published
