# SPDX-License-Identifier: Apache-2.0
"""The members of IAM and STS and where the effect of each shows."""

import datetime
import json

from botocore.exceptions import ClientError

from functions import LAMBDA_TRUST, allow, document
from members import OTHER_POLICY, POLICY, Names, Sent, every, operation, pages
from support import fresh

# IAM ---------------------------------------------------------------------------------------

OTHER_TRUST = {**LAMBDA_TRUST, "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
TAGS = [{"Key": "k", "Value": "v"}]
READ_ONLY = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
FULL = "arn:aws:iam::aws:policy/AmazonSQSFullAccess"
NOBODY = Names("nobody")
NO_POLICY = Names(lambda g: f"arn:aws:iam::{g.account}:policy/none")
MARKED = ("Marker", "Marker", "MaxItems")


def role_of(g, p):
    return g.iam.get_role(RoleName=p["RoleName"])["Role"]


def user_of(g, p):
    return g.iam.get_user(UserName=p["UserName"])["User"]


def boundary(found):
    return found["PermissionsBoundary"]["PermissionsBoundaryArn"]


operation(
    "iam", "CreateRole",
    lambda g: {"RoleName": fresh(), "AssumeRolePolicyDocument": json.dumps(LAMBDA_TRUST)},
    RoleName=Sent("given", lambda g, p, r: role_of(g, p)["RoleName"] == "given"),
    Path=Sent("/p/", lambda g, p, r: role_of(g, p)["Path"] == "/p/"),
    AssumeRolePolicyDocument=Sent(
        json.dumps(OTHER_TRUST),
        lambda g, p, r: role_of(g, p)["AssumeRolePolicyDocument"] == OTHER_TRUST),
    Description=Sent("given", lambda g, p, r: role_of(g, p)["Description"] == "given"),
    MaxSessionDuration=Sent(7200, lambda g, p, r: role_of(g, p)["MaxSessionDuration"] == 7200),
    PermissionsBoundary=Sent(FULL, lambda g, p, r: boundary(role_of(g, p)) == FULL),
    Tags=Sent(TAGS, lambda g, p, r: role_of(g, p)["Tags"] == TAGS))
operation(
    "iam", "CreateUser", lambda g: {"UserName": fresh()},
    UserName=Sent("given", lambda g, p, r: user_of(g, p)["UserName"] == "given"),
    Path=Sent("/p/", lambda g, p, r: user_of(g, p)["Path"] == "/p/"),
    PermissionsBoundary=Sent(FULL, lambda g, p, r: boundary(user_of(g, p)) == FULL),
    Tags=Sent(TAGS, lambda g, p, r: user_of(g, p)["Tags"] == TAGS))


def role_given(g):
    return {"RoleName": g.rolename()}


def user_given(g):
    return {"UserName": g.user()}


operation("iam", "GetRole", role_given, RoleName=NOBODY)
operation("iam", "DeleteRole", role_given, RoleName=NOBODY)
operation("iam", "GetUser", user_given, UserName=NOBODY)
operation("iam", "DeleteUser", user_given, UserName=NOBODY)
operation(
    "iam", "UpdateRole", role_given, RoleName=NOBODY,
    Description=Sent("given", lambda g, p, r: role_of(g, p)["Description"] == "given"),
    MaxSessionDuration=Sent(7200, lambda g, p, r: role_of(g, p)["MaxSessionDuration"] == 7200))
operation(
    "iam", "UpdateAssumeRolePolicy",
    lambda g: {**role_given(g), "PolicyDocument": json.dumps(LAMBDA_TRUST)}, RoleName=NOBODY,
    PolicyDocument=Sent(
        json.dumps(OTHER_TRUST),
        lambda g, p, r: role_of(g, p)["AssumeRolePolicyDocument"] == OTHER_TRUST))
operation(
    "iam", "ListInstanceProfilesForRole", role_given, RoleName=NOBODY,
    MaxItems=Sent(1, lambda g, p, r: r["InstanceProfiles"] == []),
    Marker=Names("none"))
operation(
    "iam", "ListRoles", lambda g: [g.rolename(Path="/p/"), g.rolename()] and {},
    PathPrefix=Sent("/p/", lambda g, p, r: {found["Path"] for found in r["Roles"]} == {"/p/"}),
    **pages("Roles", *MARKED))
operation(
    "iam", "ListUsers", lambda g: [g.user(Path="/p/"), g.user()] and {},
    PathPrefix=Sent("/p/", lambda g, p, r: {found["Path"] for found in r["Users"]} == {"/p/"}),
    **pages("Users", *MARKED))


def with_policies(owner):
    """A role or user with two of each kind of policy."""
    def given(g):
        member = f"{owner.title()}Name"
        params = {member: g.rolename() if owner == "role" else g.user()}
        for name in ("a", "b"):
            getattr(g.iam, f"put_{owner}_policy")(
                **params, PolicyName=name, PolicyDocument=POLICY)
        for arn in (FULL, g.policy(Path="/p/")):
            getattr(g.iam, f"attach_{owner}_policy")(**params, PolicyArn=arn)
        return params
    return given


def inline(owner, member):
    def shows(g, p, r):
        found = getattr(g.iam, f"get_{owner}_policy")(
            **{member: p[member]}, PolicyName=p["PolicyName"])
        return found["PolicyDocument"] == json.loads(p["PolicyDocument"])
    return shows


for owner in ("role", "user"):
    title = owner.title()
    member, given = f"{title}Name", with_policies(owner)
    alone = role_given if owner == "role" else user_given
    operation(
        "iam", f"Put{title}Policy",
        lambda g, given=given: {**given(g), "PolicyName": "a", "PolicyDocument": POLICY},
        **{member: NOBODY},
        PolicyName=Sent("given", inline(owner, member)),
        PolicyDocument=Sent(OTHER_POLICY, inline(owner, member)))
    for verb in ("Get", "Delete"):
        operation("iam", f"{verb}{title}Policy",
                  lambda g, given=given: {**given(g), "PolicyName": "a"},
                  **{member: NOBODY}, PolicyName=Names("none"))
    operation("iam", f"List{title}Policies", given, **{member: NOBODY},
              **pages("PolicyNames", *MARKED))
    operation(
        "iam", f"ListAttached{title}Policies", given, **{member: NOBODY},
        PathPrefix=Sent("/p/", lambda g, p, r: len(r["AttachedPolicies"]) == 1),
        **pages("AttachedPolicies", *MARKED))
    operation("iam", f"Attach{title}Policy",
              lambda g, alone=alone: {**alone(g), "PolicyArn": FULL},
              **{member: NOBODY}, PolicyArn=NO_POLICY)
    operation("iam", f"Detach{title}Policy",
              lambda g, given=given: {**given(g), "PolicyArn": FULL},
              **{member: NOBODY}, PolicyArn=NO_POLICY)

    def tags_of(g, p, owner=owner, member=member):
        return getattr(g.iam, f"list_{owner}_tags")(**{member: p[member]})["Tags"]

    def tagged(g, owner=owner, member=member):
        tags = [{"Key": key, "Value": "v"} for key in ("a", "b")]
        return {member: g.rolename(Tags=tags) if owner == "role" else g.user(Tags=tags)}

    operation("iam", f"Tag{title}", lambda g, alone=alone: {**alone(g), "Tags": []},
              **{member: NOBODY},
              Tags=Sent(TAGS, lambda g, p, r, tags_of=tags_of: tags_of(g, p) == TAGS))
    operation("iam", f"Untag{title}",
              lambda g, tagged=tagged: {**tagged(g), "TagKeys": ["none"]}, **{member: NOBODY},
              TagKeys=Sent(["a"], lambda g, p, r, tags_of=tags_of: [
                  tag["Key"] for tag in tags_of(g, p)] == ["b"]))
    operation("iam", f"List{title}Tags", tagged, **{member: NOBODY}, **pages("Tags", *MARKED))


def policy_of(g, r):
    return g.iam.get_policy(PolicyArn=r["Policy"]["Arn"])["Policy"]


def text_of(g, arn, version):
    return g.iam.get_policy_version(
        PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def policy_given(g):
    return {"PolicyArn": g.policy()}


def two_versions(g):
    arn = g.policy()
    g.iam.create_policy_version(PolicyArn=arn, PolicyDocument=OTHER_POLICY)
    return {"PolicyArn": arn}


def default(g, p):
    return g.iam.get_policy(PolicyArn=p["PolicyArn"])["Policy"]["DefaultVersionId"]


operation(
    "iam", "CreatePolicy", lambda g: {"PolicyName": fresh(), "PolicyDocument": POLICY},
    PolicyName=Sent("given", lambda g, p, r: policy_of(g, r)["PolicyName"] == "given"),
    Path=Sent("/p/", lambda g, p, r: policy_of(g, r)["Path"] == "/p/"),
    PolicyDocument=Sent(
        OTHER_POLICY,
        lambda g, p, r: text_of(g, r["Policy"]["Arn"], "v1") == json.loads(OTHER_POLICY)),
    Description=Sent("given", lambda g, p, r: policy_of(g, r)["Description"] == "given"),
    Tags=Sent(TAGS, lambda g, p, r: policy_of(g, r)["Tags"] == TAGS))
operation("iam", "GetPolicy", policy_given, PolicyArn=NO_POLICY)
operation("iam", "DeletePolicy", policy_given, PolicyArn=NO_POLICY)
operation(
    "iam", "CreatePolicyVersion", lambda g: {**policy_given(g), "PolicyDocument": POLICY},
    PolicyArn=NO_POLICY,
    PolicyDocument=Sent(
        OTHER_POLICY,
        lambda g, p, r: text_of(g, p["PolicyArn"], "v2") == json.loads(OTHER_POLICY)),
    SetAsDefault=Sent(True, lambda g, p, r: default(g, p) == "v2"))
operation("iam", "SetDefaultPolicyVersion", lambda g: {**two_versions(g), "VersionId": "v1"},
          PolicyArn=NO_POLICY,
          VersionId=Sent("v2", lambda g, p, r: default(g, p) == "v2"))
for verb in ("Get", "Delete"):
    operation("iam", f"{verb}PolicyVersion", lambda g: {**two_versions(g), "VersionId": "v2"},
              PolicyArn=NO_POLICY, VersionId=Names("v9"))
operation("iam", "ListPolicyVersions", two_versions, PolicyArn=NO_POLICY,
          **pages("Versions", *MARKED))


def policies_given(g):
    """Two policies of the account's own: one below a path and attached, one a boundary."""
    attached, bounding = g.policy(Path="/p/"), g.policy()
    g.iam.attach_user_policy(UserName=g.user(PermissionsBoundary=bounding), PolicyArn=attached)
    g.attached, g.bounding = attached, bounding
    return {"Scope": "Local"}


def arns(g, p):
    return {found["Arn"] for found in every(g.iam, "list_policies", "Policies", p)}


operation(
    "iam", "ListPolicies", policies_given,
    Scope=Sent("AWS", lambda g, p, r: FULL in arns(g, p) and g.attached not in arns(g, p)),
    OnlyAttached=Sent(True, lambda g, p, r: {g.attached, g.bounding} <= arns(g, p)
                      and g.policy() not in arns(g, p)),
    PathPrefix=Sent("/p/", lambda g, p, r: g.attached in arns(g, p)
                    and g.bounding not in arns(g, p)),
    PolicyUsageFilter=Sent("PermissionsBoundary", lambda g, p, r: g.bounding in arns(g, p)
                           and g.attached not in arns(g, p)),
    **pages("Policies", *MARKED))


def key_given(g):
    """A user with two keys."""
    name = g.user()
    g.iam.create_access_key(UserName=name)
    key = g.iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    return {"UserName": name, "AccessKeyId": key}


def without_id(g):
    return {"UserName": key_given(g)["UserName"]}


def states(g, p):
    found = g.iam.list_access_keys(UserName=p["UserName"])["AccessKeyMetadata"]
    return {key["AccessKeyId"]: key["Status"] for key in found}


NO_KEY = Names("AKIAIOSFODNN7EXAMPLE")
operation(
    "iam", "CreateAccessKey", user_given,
    UserName=Sent(lambda g, p: g.user(), lambda g, p, r:
                  list(states(g, p)) == [r["AccessKey"]["AccessKeyId"]]))
operation("iam", "ListAccessKeys", without_id, UserName=NOBODY,
          **pages("AccessKeyMetadata", *MARKED))
operation("iam", "DeleteAccessKey", key_given, UserName=NOBODY, AccessKeyId=NO_KEY)
operation("iam", "GetAccessKeyLastUsed", lambda g: {"AccessKeyId": key_given(g)["AccessKeyId"]},
          AccessKeyId=NO_KEY)
operation(
    "iam", "UpdateAccessKey", lambda g: {**key_given(g), "Status": "Active"}, UserName=NOBODY,
    AccessKeyId=NO_KEY,
    Status=Sent("Inactive", lambda g, p, r: states(g, p)[p["AccessKeyId"]] == "Inactive"))

# STS ---------------------------------------------------------------------------------------


def assumable(g, **condition):
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": g.account}, "Action": "sts:AssumeRole",
         **condition}]}
    return {"RoleArn": g.role(allow("sqs:*"), trust=trust), "RoleSessionName": "session"}


def only_with_id(g):
    return assumable(g, Condition={"StringEquals": {"sts:ExternalId": "given"}})


def may_not_create(g, p, r):
    """The session may list queues and no more, though its role may do all."""
    keys = r["Credentials"]
    client = g.martlet.client("sqs", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"],
                              token=keys["SessionToken"])
    client.list_queues()
    try:
        client.create_queue(QueueName=fresh())
    except ClientError as error:
        return "AccessDenied" in error.response["Error"]["Code"]
    return False


def lasts(seconds):
    def shows(g, p, r):
        now = datetime.datetime.now(datetime.timezone.utc)
        left = (r["Credentials"]["Expiration"] - now).total_seconds()
        return seconds - 60 < left <= seconds + 5
    return Sent(seconds, shows)


operation("sts", "GetCallerIdentity", lambda g: {})
operation("sts", "GetSessionToken", lambda g: {}, DurationSeconds=lasts(900))
operation(
    "sts", "AssumeRole", assumable, RoleArn=Names(lambda g: f"arn:aws:iam::{g.account}:role/none"),
    RoleSessionName=Sent("given", lambda g, p, r: r["AssumedRoleUser"]["Arn"].endswith("/given")),
    PolicyArns=Sent([{"arn": READ_ONLY}], may_not_create),
    Policy=Sent(document(allow("sqs:ListQueues")), may_not_create),
    DurationSeconds=lasts(900),
    ExternalId=Sent("given", lambda g, p, r: "Credentials" in r, only_with_id))
