# SPDX-License-Identifier: Apache-2.0
"""Permission is real: who is refused, in which words, from outside and from inside a function.

Wordings as AWS's (IAM user guide, "Troubleshoot access denied error messages", and recorded
answers); that nothing changes is ours. A page's cross-site form and its rebinding host are in
test_edge.py.
"""

import json
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from functions import BASIC, ECHO, Application, allow, document, installed_python, packed
from support import arn_of, attribute, fill, fresh, receive, refused, server_of_this_module

martlet = server_of_this_module

INVALID_TOKEN = "The security token included in the request is invalid"
EXPIRED = "The security token included in the request is expired"
WRONG_SIGNATURE = (
    "The request signature we calculated does not match the signature you provided.")


@pytest.fixture
def user(app):
    """(name, access key id, secret) of a fresh user without any policy."""
    name = fresh("user")
    app.iam.create_user(UserName=name)
    key = app.iam.create_access_key(UserName=name)["AccessKey"]
    return name, key["AccessKeyId"], key["SecretAccessKey"]


def grant(app, user, *statements):
    app.iam.put_user_policy(
        UserName=user[0], PolicyName="given", PolicyDocument=document(*statements))


def as_user(martlet, service, user):
    return martlet.client(service, key=user[1], secret=user[2])


def denied(action, app, user, resource):
    """The part of the message that names who, what and on what; SQS writes actions small."""
    return (f"User: arn:aws:iam::{app.account}:user/{user[0]} is not authorized to perform: "
            f"{action} on resource: {resource}")


# Keys --------------------------------------------------------------------------------------


CODES = {"sqs": "InvalidClientTokenId", "sts": "InvalidClientTokenId",
         "iam": "InvalidClientTokenId", "lambda": "UnrecognizedClientException",
         "logs": "UnrecognizedClientException"}


def ask(client, service):
    """One harmless call of the service."""
    return {
        "sqs": lambda: client.list_queues(), "sts": lambda: client.get_caller_identity(),
        "iam": lambda: client.list_users(), "lambda": lambda: client.list_functions(),
        "logs": lambda: client.describe_log_groups()}[service]()


@pytest.mark.parametrize("service", CODES)
def test_key_that_was_never_issued(martlet, service):
    # design 6: what looks like AWS's key and is none of ours is refused.
    for key in ("AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"):
        stranger = martlet.client(service, key=key, secret="s" * 40)
        with refused(CODES[service], saying=INVALID_TOKEN) as refusal:
            ask(stranger, service)
        assert refusal.status in (400, 403)


@pytest.mark.parametrize("service", CODES)
def test_deleted_key(martlet, app, user, service):
    grant(app, user, allow("*"))
    client = as_user(martlet, service, user)
    ask(client, service)
    app.iam.delete_access_key(UserName=user[0], AccessKeyId=user[1])
    with refused(CODES[service], saying=INVALID_TOKEN):
        ask(client, service)


@pytest.mark.parametrize(
    ("service", "code"),
    [("sqs", "SignatureDoesNotMatch"), ("sts", "SignatureDoesNotMatch"),
     ("iam", "SignatureDoesNotMatch"), ("lambda", "InvalidSignatureException"),
     ("logs", "InvalidSignatureException")])
def test_wrong_secret(martlet, app, user, service, code):
    grant(app, user, allow("*"))
    wrong = martlet.client(service, key=user[1], secret="x" * 40)
    with refused(code, saying=WRONG_SIGNATURE):
        ask(wrong, service)


@pytest.mark.parametrize(
    ("service", "code"),
    [("sqs", "ExpiredToken"), ("sts", "ExpiredToken"), ("iam", "ExpiredToken"),
     ("lambda", "ExpiredTokenException"), ("logs", "ExpiredTokenException")])
def test_expired_session(martlet, app, frozen, service, code):
    # design 5: token expiry is model time.
    credentials = session(app, allow("*"))
    client = with_session(martlet, service, credentials)
    ask(client, service)
    frozen.advance("61m")
    with refused(code, saying=EXPIRED):
        ask(client, service)


def session(app, *statements, policy=None):
    """Credentials of a session of a fresh role that this account's root may assume."""
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{app.account}:root"},
        "Action": "sts:AssumeRole"}]}
    arn = app.role(*statements, managed=(), trust=trust)
    more = {"Policy": document(*policy)} if policy else {}
    return app.sts.assume_role(RoleArn=arn, RoleSessionName="test", **more)["Credentials"]


def with_session(martlet, service, credentials):
    return martlet.client(
        service, key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
        token=credentials["SessionToken"])


def test_session_without_or_with_another_token(martlet, app):
    credentials = session(app, allow("*"))
    for token in (None, "not-the-token", credentials["SessionToken"][:-4] + "AAAA"):
        client = martlet.client(
            "sqs", key=credentials["AccessKeyId"], secret=credentials["SecretAccessKey"],
            token=token)
        with refused("InvalidClientTokenId", 403):
            client.list_queues()


def test_old_signature_is_refused_by_the_real_clock(martlet, app, user):
    # design 5: signature skew is checked against the real clock, 15 minutes.
    grant(app, user, allow("*"))
    request = AWSRequest(
        "POST", martlet.endpoint + "/", data=b"{}",
        headers={"Content-Type": "application/x-amz-json-1.0",
                 "X-Amz-Target": "AmazonSQS.ListQueues"})
    SigV4Auth(Credentials(user[1], user[2]), "sqs", "us-east-1").add_auth(request)
    good = dict(request.headers.items())
    assert martlet.raw("POST", "/", good, b"{}").status == 200
    day = datetime.now(UTC).strftime("%Y%m%d")
    stale = good | {"X-Amz-Date": f"{int(day) - 10000}T000000Z"}
    assert martlet.raw("POST", "/", stale, b"{}").status in (400, 403)


# Policies bind -----------------------------------------------------------------------------


def test_user_without_policy_may_do_nothing(martlet, app, user, queue):
    sqs = as_user(martlet, "sqs", user)
    with refused("AccessDenied", 403) as refusal:
        sqs.send_message(QueueUrl=queue, MessageBody="m")
    expected = denied("sqs:SendMessage", app, user, arn_of(app.sqs, queue))
    assert expected.lower() in refusal.message.lower()
    assert "because no identity-based policy allows" in refusal.message
    assert attribute(app.sqs, queue, "ApproximateNumberOfMessages") == "0"


@pytest.mark.parametrize(
    ("service", "code", "action"),
    [("iam", "AccessDenied", "iam:ListUsers"), ("lambda", "AccessDeniedException",
     "lambda:ListFunctions"), ("logs", "AccessDeniedException", "logs:DescribeLogGroups")])
def test_each_service_says_so_in_its_own_code(martlet, app, user, service, code, action):
    with refused(code) as refusal:
        ask(as_user(martlet, service, user), service)
    assert refusal.status in (400, 403)
    assert action in refusal.message and user[0] in refusal.message


def test_caller_identity_needs_no_permission(martlet, user):
    # documentation: GetCallerIdentity cannot be denied.
    found = as_user(martlet, "sts", user).get_caller_identity()
    assert found["Arn"].endswith(f":user/{user[0]}")


def test_grants_are_by_action_and_resource(martlet, app, user, queue):
    other = app.queue()
    grant(app, user, allow("sqs:SendMessage", arn_of(app.sqs, queue)))
    sqs = as_user(martlet, "sqs", user)
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    for call in (lambda: sqs.send_message(QueueUrl=other, MessageBody="m"),
                 lambda: sqs.receive_message(QueueUrl=queue),
                 lambda: sqs.delete_queue(QueueUrl=queue)):
        with refused("AccessDenied", 403):
            call()


def test_batches_need_the_permission_of_the_single_operation(martlet, app, user, queue):
    # documentation: SQS API permissions, SendMessageBatch needs sqs:SendMessage.
    entries = [{"Id": "1", "MessageBody": "m"}]
    sqs = as_user(martlet, "sqs", user)
    with refused("AccessDenied", 403):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    grant(app, user, allow("sqs:SendMessage"))
    assert sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]


def test_wildcards_not_actions_and_explicit_denies(martlet, app, user, queue):
    sqs = as_user(martlet, "sqs", user)
    grant(app, user, allow("sqs:Send*"))
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    grant(app, user, allow("*"), {
        "Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"})
    with refused("AccessDenied", 403, "with an explicit deny in an identity-based policy"):
        sqs.send_message(QueueUrl=queue, MessageBody="m")
    sqs.receive_message(QueueUrl=queue)
    grant(app, user, {"Effect": "Allow", "NotAction": "sqs:SendMessage", "Resource": "*"})
    sqs.receive_message(QueueUrl=queue)
    with refused("AccessDenied", 403):
        sqs.send_message(QueueUrl=queue, MessageBody="m")


def test_conditions_bind(martlet, app, user, queue):
    sqs = as_user(martlet, "sqs", user)
    for condition, passes in (
            ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
            ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, False),
            ({"StringLike": {"aws:username": "user-*"}}, True),
            ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{app.account}:role/*"}}, False),
            ({"Bool": {"aws:SecureTransport": "true"}}, False)):
        grant(app, user, allow("sqs:ListQueues", Condition=condition))
        if passes:
            sqs.list_queues()
        else:
            with refused("AccessDenied", 403):
                sqs.list_queues()


def test_revoked_permission_binds_at_once(martlet, app, user, queue):
    sqs = as_user(martlet, "sqs", user)
    grant(app, user, allow("sqs:*"))
    fill(sqs, queue, ["m"])
    app.iam.delete_user_policy(UserName=user[0], PolicyName="given")
    with refused("AccessDenied", 403):
        fill(sqs, queue, ["m"])


def test_session_policy_narrows_the_role(martlet, app, queue):
    # documentation: the intersection of role policy and session policy.
    narrow = session(app, allow("sqs:*"), policy=[allow("sqs:SendMessage")])
    sqs = with_session(martlet, "sqs", narrow)
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    with refused("AccessDenied", 403):
        sqs.receive_message(QueueUrl=queue)


def test_denied_call_names_the_session(martlet, app, queue):
    credentials = session(app, allow("sqs:ListQueues"))
    who = with_session(martlet, "sts", credentials).get_caller_identity()["Arn"]
    with refused("AccessDenied", 403, who):
        with_session(martlet, "sqs", credentials).send_message(QueueUrl=queue, MessageBody="m")


def test_creating_a_function_needs_pass_role(martlet, app, user):
    # documentation: iam:PassRole on the role.
    role = app.role()
    given = {"FunctionName": fresh("f"), "Runtime": installed_python(), "Role": role,
             "Handler": "index.handler", "Code": {"ZipFile": packed(ECHO)}}
    functions = as_user(martlet, "lambda", user)
    grant(app, user, allow("lambda:*"))
    with refused("AccessDeniedException", 403, "iam:PassRole"):
        functions.create_function(**given)
    grant(app, user, allow("lambda:*"), allow("iam:PassRole", role))
    functions.create_function(**given)


def tagged(**tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def test_tags_of_user_queue_and_request_bind(martlet, app, user, queue):
    # documentation: ABAC for Amazon SQS; tag keys are compared without regard to case.
    ours = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    grant(app, user, allow("sqs:SendMessage", Condition=ours))
    sqs = as_user(martlet, "sqs", user)
    for user_team, queue_team, passes in (
            ("blue", "blue", True), ("blue", "red", False), ("red", "red", True)):
        app.iam.tag_user(UserName=user[0], Tags=tagged(team=user_team))
        app.sqs.tag_queue(QueueUrl=queue, Tags={"Team": queue_team})
        if passes:
            sqs.send_message(QueueUrl=queue, MessageBody="m")
        else:
            with refused("AccessDenied", 403):
                sqs.send_message(QueueUrl=queue, MessageBody="m")
    only_cost = {"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]},
                 "StringLike": {"aws:RequestTag/cost": "1?"}}
    grant(app, user, allow("sqs:TagQueue", Condition=only_cost))
    sqs.tag_queue(QueueUrl=queue, Tags={"cost": "12"})
    for tags in ({"cost": "9"}, {"cost": "12", "other": "x"}):
        with refused("AccessDenied", 403):
            sqs.tag_queue(QueueUrl=queue, Tags=tags)


def test_what_cannot_be_judged_is_refused_by_name(app, user, queue):
    # ours: a condition is never ignored.
    statement = allow("sqs:*", Condition={"StringEquals": {"aws:Referer": "here"}})
    with refused("MalformedPolicyDocument", 400, "aws:Referer"):
        grant(app, user, statement)
    with refused("InvalidAttributeValue", 400, "aws:Referer"):
        set_policy(app, queue, {**statement, "Principal": "*"})
    unknown = allow("sqs:*", Condition={"StringMatches": {"aws:username": "a"}})
    with refused("MalformedPolicyDocument", 400, "StringMatches"):
        grant(app, user, unknown)


# Queue policies ----------------------------------------------------------------------------


def set_policy(app, queue, *statements):
    app.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": document(*statements)})


def on_queue(app, queue, principal, effect="Allow", action="sqs:SendMessage", **more):
    return {"Effect": effect, "Principal": principal, "Action": action,
            "Resource": arn_of(app.sqs, queue), **more}


def sends(sqs, queue):
    """Whether a message is let in; the refusal must be the one of a missing permission."""
    try:
        sqs.send_message(QueueUrl=queue, MessageBody="m")
        return True
    except sqs.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
        return False


def user_arn(app, user):
    return f"arn:aws:iam::{app.account}:user/{user[0]}"


def test_queue_policy_admits_without_a_policy_of_the_user(martlet, app, user, queue):
    # documentation: within one account either side suffices; an account only delegates.
    sqs = as_user(martlet, "sqs", user)
    set_policy(app, queue, on_queue(app, queue, {"AWS": app.account}))
    assert not sends(sqs, queue)
    set_policy(app, queue, on_queue(app, queue, {"AWS": user_arn(app, user)}))
    assert sends(sqs, queue)
    with refused("AccessDenied", 403):
        sqs.receive_message(QueueUrl=queue)


@pytest.mark.parametrize(("condition", "passes"), [
    ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
    ({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}, False),
    ({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}, True),
    ({"StringLike": {"aws:UserAgent": "Boto3/*"}}, True),
    ({"StringNotLike": {"aws:UserAgent": "Boto3/*"}}, False),
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00Z"}}, True),
    ({"NumericLessThan": {"aws:EpochTime": 1577836800}}, False),
    ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/user-*"}}, True),
    ({"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}}, False),
    ({"ArnEqualsIfExists": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}}, True),
    ({"Null": {"aws:TokenIssueTime": "true"}}, True),
    ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, False),
    ({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}}, True),
    ({"StringEqualsIgnoreCase": {"aws:RequestedRegion": "US-EAST-1"}}, True),
])
def test_conditions_of_a_queue_policy(martlet, app, user, queue, condition, passes):
    # documentation: IAM user guide, condition operators and global condition keys.
    set_policy(app, queue, on_queue(app, queue, "*", Condition=condition))
    assert sends(as_user(martlet, "sqs", user), queue) == passes


def test_explicit_deny_of_the_queue_binds_even_the_root(martlet, app, queue):
    # documentation: an explicit deny in a resource-based policy overrides the root's access.
    set_policy(app, queue, on_queue(app, queue, "*", "Deny"))
    with refused("AccessDenied", 403, "with an explicit deny in a resource-based policy"):
        app.sqs.send_message(QueueUrl=queue, MessageBody="m")
    app.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    assert sends(app.sqs, queue)


def test_deny_for_all_but_one(martlet, app, user, queue):
    # documentation: NotPrincipal needs each name of whoever is spared, its account too.
    grant(app, user, allow("sqs:*"))
    sqs = as_user(martlet, "sqs", user)
    own = user_arn(app, user)
    for listed, passes in (([own, app.account], True), ([own], False), ([app.account], False)):
        deny = on_queue(app, queue, None, "Deny")
        del deny["Principal"]
        set_policy(app, queue, {**deny, "NotPrincipal": {"AWS": listed}})
        assert sends(sqs, queue) == passes, listed


@pytest.fixture
def neighbour(martlet):
    """Another account with a user of no permission: (application, user)."""
    other = Application(martlet, "444455556666")
    name = fresh("user")
    other.iam.create_user(UserName=name)
    key = other.iam.create_access_key(UserName=name)["AccessKey"]
    return other, (name, key["AccessKeyId"], key["SecretAccessKey"])


def test_a_send_across_accounts_needs_both_sides(martlet, app, queue, neighbour):
    # documentation: cross-account policy evaluation logic.
    other, user = neighbour
    sqs = as_user(martlet, "sqs", user)
    arn = arn_of(app.sqs, queue)
    grant(other, user, allow("sqs:SendMessage", arn))
    with refused("AccessDenied", 403, "because no resource-based policy allows"):
        sqs.send_message(QueueUrl=queue, MessageBody="m")
    set_policy(app, queue, on_queue(app, queue, {"AWS": other.account}))
    assert sends(sqs, queue)
    other.iam.delete_user_policy(UserName=user[0], PolicyName="given")
    with refused("AccessDenied", 403, "because no identity-based policy allows"):
        sqs.send_message(QueueUrl=queue, MessageBody="m")
    # Naming the user itself does not stand in for its own side across accounts.
    set_policy(app, queue, on_queue(app, queue, {"AWS": user_arn(other, user)}))
    assert not sends(sqs, queue)
    # The neighbour's root needs the queue's side alone, and not every action is open to it.
    set_policy(app, queue, on_queue(app, queue, {"AWS": other.account}))
    assert sends(other.sqs, queue)
    with refused("AccessDenied", 403):
        other.sqs.receive_message(QueueUrl=queue)
    assert len(receive(app.sqs, queue)) == 2


def test_a_role_across_accounts(martlet, app, queue, neighbour):
    other, _ = neighbour
    credentials = session(other, allow("sqs:SendMessage"), policy=[allow("sqs:SendMessage")])
    sqs = with_session(martlet, "sqs", credentials)
    who = with_session(martlet, "sts", credentials).get_caller_identity()["Arn"]
    role = who.replace(":sts:", ":iam:").replace("assumed-role", "role").rsplit("/", 1)[0]
    for principal, passes in ((role, True), (who, True), (who + "x", False)):
        set_policy(app, queue, on_queue(app, queue, {"AWS": principal}))
        assert sends(sqs, queue) == passes, principal
    narrow = session(other, allow("sqs:*"), policy=[allow("sqs:ReceiveMessage")])
    set_policy(app, queue, on_queue(app, queue, {"AWS": other.account}))
    with refused("AccessDenied", 403, "because no session policy allows"):
        with_session(martlet, "sqs", narrow).send_message(QueueUrl=queue, MessageBody="m")


def test_any_and_all_values(martlet, app, user):
    # documentation: multivalued context keys; ForAllValues holds for a request without any.
    sqs = as_user(martlet, "sqs", user)
    create = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}

    def creates(condition, tags):
        grant(app, user, {**create, "Condition": condition})
        try:
            sqs.create_queue(QueueName=fresh(), tags=tags)
            return True
        except sqs.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied", error
            return False

    any_of = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["cost", "team"]}}
    all_of = {"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "team"]}}
    given = {**all_of, "Null": {"aws:TagKeys": "false"}}
    for tags, expected in (({"cost": "1", "other": "2"}, (True, False, False)),
                           ({"other": "2"}, (False, False, False)),
                           ({"cost": "1", "team": "2"}, (True, True, True)),
                           ({}, (False, True, False))):
        found = tuple(creates(condition, tags) for condition in (any_of, all_of, given))
        assert found == expected, tags


def test_boundary_limits_what_the_policies_grant(martlet, app, queue):
    # documentation: permissions boundaries; a NotPrincipal deny spares nobody under a boundary.
    name = fresh("user")
    app.iam.create_user(
        UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess")
    key = app.iam.create_access_key(UserName=name)["AccessKey"]
    user = (name, key["AccessKeyId"], key["SecretAccessKey"])
    grant(app, user, allow("sqs:*"))
    sqs = as_user(martlet, "sqs", user)
    sqs.get_queue_attributes(QueueUrl=queue)
    with refused("AccessDenied", 403, "because no permissions boundary allows"):
        sqs.send_message(QueueUrl=queue, MessageBody="m")
    # A grant to the user itself is not limited by the boundary.
    set_policy(app, queue, on_queue(app, queue, {"AWS": user_arn(app, user)}))
    assert sends(sqs, queue)
    spare = on_queue(app, queue, None, "Deny", "sqs:GetQueueAttributes")
    del spare["Principal"]
    set_policy(app, queue, {
        **spare, "NotPrincipal": {"AWS": [user_arn(app, user), app.account]}})
    with refused("AccessDenied", 403, "with an explicit deny in a resource-based policy"):
        sqs.get_queue_attributes(QueueUrl=queue)


# From inside a function --------------------------------------------------------------------


def test_accounts_do_not_reach_each_other(martlet, app, queue):
    # documentation: without a resource policy there is no way across accounts.
    fill(app.sqs, queue, ["mine"])
    stranger = Application(martlet, "999988887777")
    for call in (lambda: stranger.sqs.receive_message(QueueUrl=queue),
                 lambda: stranger.sqs.send_message(QueueUrl=queue, MessageBody="theirs"),
                 lambda: stranger.sqs.delete_queue(QueueUrl=queue)):
        with pytest.raises(stranger.sqs.exceptions.ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] in (
            "AccessDenied", "AWS.SimpleQueueService.NonExistentQueue")
    assert len(receive(app.sqs, queue)) == 1


CALLER = """
import boto3
from botocore.exceptions import ClientError

def handler(event, context):
    sqs = boto3.client("sqs", **event.get("credentials", {}))
    try:
        sqs.send_message(QueueUrl=event["queue"], MessageBody="from inside")
        return "sent"
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
"""


def caller(app, role):
    return app.function(CALLER, role=role, Timeout=20)


def test_function_acts_under_its_role(app, queue):
    name = caller(app, app.role(allow("sqs:SendMessage")))
    assert app.invoke(name, {"queue": queue})["Payload"] == "sent"


def test_function_without_the_action_is_refused(app, queue):
    role = app.role(allow("sqs:ReceiveMessage"))
    name = caller(app, role)
    code, message = app.invoke(name, {"queue": queue})["Payload"]
    assert code == "AccessDenied"
    who = f"arn:aws:sts::{app.account}:assumed-role/{role.rsplit('/', 1)[1]}/{name}"
    assert who in message and "sqs:sendmessage" in message.lower()
    assert receive(app.sqs, queue) == []


def test_a_permission_may_be_one_functions_alone(app, queue):
    # documentation: Lambda, "Using source function ARN to control function access behavior".
    name = fresh("f")
    role = app.role(allow("sqs:SendMessage", Condition={"ArnLike": {
        "lambda:SourceFunctionArn": f"arn:aws:lambda:us-east-1:{app.account}:function:{name}"}}))
    app.function(CALLER, name=name, role=role, Timeout=20)
    assert app.invoke(name, {"queue": queue})["Payload"] == "sent"
    code, _ = app.invoke(caller(app, role), {"queue": queue})["Payload"]
    assert code == "AccessDenied"


@pytest.mark.parametrize("key", ["test", "ACCOUNT", "anything"])
def test_function_with_hard_wired_keys_is_refused(app, queue, key):
    # issue, Shows: a function using test/test; design 6: inside, only issued keys count.
    name = caller(app, app.role(allow("sqs:*")))
    given = {"aws_access_key_id": app.account if key == "ACCOUNT" else key,
             "aws_secret_access_key": "test", "aws_session_token": ""}
    code, message = app.invoke(name, {"queue": queue, "credentials": given})["Payload"]
    assert code == "InvalidClientTokenId" and INVALID_TOKEN in message
    assert receive(app.sqs, queue) == []


class TestUnlockedFunctions:
    def test_a_flag_lets_hard_wired_keys_pass(self, martlet_with, account):
        # design 6: a flag lifts that for old code with hard-wired `test` keys.
        app = Application(martlet_with("--allow-test-keys-in-functions"), account)
        queue = app.queue()
        name = caller(app, app.role(managed=(BASIC,)))
        given = {"aws_access_key_id": account, "aws_secret_access_key": "test",
                 "aws_session_token": ""}
        assert app.invoke(name, {"queue": queue, "credentials": given})["Payload"] == "sent"


ADMIN = """
import json, os, urllib.error, urllib.request

def handler(event, context):
    found = {}
    for method, path in event:
        request = urllib.request.Request(
            os.environ["AWS_ENDPOINT_URL"] + path, method=method,
            data=b'{"action": "freeze"}' if method == "POST" else None,
            headers={"X-Martlet-Request": "1", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=5) as reply:
                found[path] = reply.status
        except urllib.error.HTTPError as error:
            found[path] = error.code
        except OSError as error:
            found[path] = str(error)
    return found
"""


def test_function_cannot_reset_or_move_the_clock(martlet, app, queue):
    # issue, Shows: a function calling /_martlet/reset changes nothing.
    fill(app.sqs, queue, ["kept"])
    paths = [("POST", "/_martlet/reset"), ("POST", "/_martlet/clock"),
             ("GET", "/_martlet/journal"), ("GET", "/_aws/sqs/messages?QueueUrl=" + queue)]
    name = app.function(ADMIN, Timeout=20)
    found = app.invoke(name, paths)["Payload"]
    assert len(found) == 4
    assert all(status in (403, 404) for status in found.values()), json.dumps(found)
    assert len(receive(app.sqs, queue)) == 1
    assert martlet.clock.show()["mode"] != "frozen"
