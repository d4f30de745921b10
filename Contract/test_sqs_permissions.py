# SPDX-License-Identifier: Apache-2.0
"""AddPermission and RemovePermission, and what a queue's policy may hold.

Provenance: "documentation" is the SQS API reference and the Developer Guide's quotas; "recorded" are
AWS's own answers as other projects recorded them against the real service.
"""

import json

import pytest

from functions import allow, document
from support import arn_of, attribute, fresh, redriven, refused

OTHER = "123456789012"


def policy_of(sqs, url):
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    text = found.get("Attributes", {}).get("Policy")
    return json.loads(text) if text else None


def add(sqs, url, label, accounts=(OTHER,), actions=("SendMessage",)):
    sqs.add_permission(QueueUrl=url, Label=label, AWSAccountIds=list(accounts),
                       Actions=list(actions))


def statement(sqs, url, label, account=OTHER, action="SQS:SendMessage"):
    return {"Sid": label, "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": action,
            "Resource": arn_of(sqs, url)}


def test_policy_is_written_as_aws_writes_it(sqs, queue):
    # recorded: version, id, single values without a list; the last label takes the policy along.
    add(sqs, queue, "one", actions=["ReceiveMessage"])
    add(sqs, queue, "two", accounts=[OTHER, "210987654321"], actions=["*", "GetQueueUrl"])
    second = {**statement(sqs, queue, "two"), "Action": ["SQS:*", "SQS:GetQueueUrl"],
              "Principal": {"AWS": [f"arn:aws:iam::{OTHER}:root",
                                    "arn:aws:iam::210987654321:root"]}}
    assert policy_of(sqs, queue) == {
        "Version": "2008-10-17", "Id": f"{arn_of(sqs, queue)}/SQSDefaultPolicy",
        "Statement": [statement(sqs, queue, "one", action="SQS:ReceiveMessage"), second]}
    sqs.remove_permission(QueueUrl=queue, Label="one")
    assert policy_of(sqs, queue)["Statement"] == [second]
    sqs.remove_permission(QueueUrl=queue, Label="two")
    assert policy_of(sqs, queue) is None


def test_policy_that_was_set_is_added_to(sqs, queue):
    own = {"Sid": "own", "Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
           "Resource": arn_of(sqs, queue),
           "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    given = {"Version": "2012-10-17", "Id": "mine", "Statement": own}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(given)})
    add(sqs, queue, "label")
    assert policy_of(sqs, queue) == {
        **given, "Statement": [own, statement(sqs, queue, "label")]}
    sqs.remove_permission(QueueUrl=queue, Label="own")
    assert policy_of(sqs, queue) == {**given, "Statement": [statement(sqs, queue, "label")]}


def test_other_account_may_do_what_it_was_given(martlet, sqs, queue, account):
    other = martlet.client("sqs", account=OTHER)
    with refused("AccessDenied", 403):
        other.send_message(QueueUrl=queue, MessageBody="no")
    add(sqs, queue, "send")
    other.send_message(QueueUrl=queue, MessageBody="yes")
    with refused("AccessDenied", 403):
        other.receive_message(QueueUrl=queue)
    sqs.remove_permission(QueueUrl=queue, Label="send")
    with refused("AccessDenied", 403):
        other.send_message(QueueUrl=queue, MessageBody="no")
    assert attribute(sqs, queue, "ApproximateNumberOfMessages") == "1"


def test_no_policy_gives_away_what_is_the_owners(martlet, sqs, queue):
    # documentation: "Cross-account permissions don't apply to this action."
    add(sqs, queue, "all", actions=["*"])
    other = martlet.client("sqs", account=OTHER)
    assert other.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = arn_of(sqs, queue)
    calls = [
        lambda: add(other, queue, "mine"),
        lambda: other.remove_permission(QueueUrl=queue, Label="all"),
        lambda: other.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "1"}),
        lambda: other.tag_queue(QueueUrl=queue, Tags={"a": "b"}),
        lambda: other.untag_queue(QueueUrl=queue, TagKeys=["a"]),
        lambda: other.list_queue_tags(QueueUrl=queue),
        lambda: other.start_message_move_task(SourceArn=arn),
        lambda: other.list_message_move_tasks(SourceArn=arn),
        lambda: other.delete_queue(QueueUrl=queue),
    ]
    for call in calls:
        with refused("AccessDenied", 403):
            call()
    assert attribute(sqs, queue, "DelaySeconds") == "0"


@pytest.mark.parametrize("change, code, status, words", [
    # recorded
    ({"Label": "taken"}, "InvalidParameterValue", 400,
     "Value taken for parameter Label is invalid. Reason: Already exists."),
    ({"Actions": []}, "MissingParameter", 400, "The request must contain the parameter Actions."),
    ({"Label": ""}, "MissingParameter", 400, "The request must contain the parameter Label."),
    ({"AWSAccountIds": []}, "InvalidParameterValue", 400,
     "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify."),
    ({"AWSAccountIds": ["12"]}, "InvalidParameterValue", 400,
     "Value [12] for parameter PrincipalId is invalid. Reason: Unable to verify."),
    ({"Actions": ["RemovePermission"]}, "InvalidParameterValue", 400,
     "Value SQS:RemovePermission for parameter ActionName is invalid. "
     "Reason: Only the queue owner is allowed to invoke this action."),
    ({"Actions": ["SendMessageBatch"]}, "InvalidParameterValue", 400,
     "Value SQS:SendMessageBatch for parameter ActionName is invalid. "
     "Reason: Please refer to the appropriate WSDL for a list of valid actions."),
    ({"Actions": ["*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes",
                  "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue", "SendMessage"]},
     "OverLimit", 403, "8 Actions were found, maximum allowed is 7."),
    # documentation: alphanumeric, hyphen, underscore, at most 80.
    ({"Label": "no spaces"}, "InvalidParameterValue", 400, "parameter Label is invalid"),
    ({"Label": "l" * 81}, "InvalidParameterValue", 400, "parameter Label is invalid"),
])
def test_permissions_that_are_refused(sqs, queue, change, code, status, words):
    add(sqs, queue, "taken")
    before = policy_of(sqs, queue)
    given = {"Label": "l" * 80, "AWSAccountIds": [OTHER], "Actions": ["SendMessage"]}
    with refused(code, status, words):
        sqs.add_permission(QueueUrl=queue, **{**given, **change})
    assert policy_of(sqs, queue) == before
    sqs.add_permission(QueueUrl=queue, **given)


def test_labels_that_are_not_there(sqs, queue):
    # recorded, both: without a policy, and with one that has other labels.
    with refused("InvalidParameterValue", 400,
                 "Value no for parameter Label is invalid. Reason: can't find label."):
        sqs.remove_permission(QueueUrl=queue, Label="no")
    add(sqs, queue, "yes")
    with refused("InvalidParameterValue", 400, "Value no for parameter Label is invalid. "
                 "Reason: can't find label on existing policy."):
        sqs.remove_permission(QueueUrl=queue, Label="no")


def test_policy_holds_so_much_and_no_more(sqs, queue):
    # documentation, quotas: 20 statements, 50 principals, 10 conditions, 7 actions, 8,192 bytes.
    for number in range(20):
        add(sqs, queue, f"l{number}")
    with refused("OverLimit", 403, "21 Statements were found, maximum allowed is 20."):
        add(sqs, queue, "l20")
    assert len(policy_of(sqs, queue)["Statement"]) == 20
    other = sqs.create_queue(QueueName=fresh())["QueueUrl"]

    def put(**more):
        policy = {"Version": "2012-10-17", "Statement": [{**statement(sqs, other, "s"), **more}]}
        sqs.set_queue_attributes(QueueUrl=other, Attributes={"Policy": json.dumps(policy)})
    accounts = [f"{n:012d}" for n in range(51)]
    put(Principal={"AWS": accounts[:50]})
    with refused("OverLimit", 403, "51 Principals were found, maximum allowed is 50."):
        put(Principal={"AWS": accounts})
    keys = [f"aws:PrincipalTag/{n}" for n in range(11)]
    with refused("OverLimit", 403, "11 Conditions were found, maximum allowed is 10."):
        put(Condition={"StringEquals": {key: "v" for key in keys}})
    actions = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueUrl",
               "sqs:GetQueueAttributes", "sqs:PurgeQueue", "sqs:ChangeMessageVisibility"]
    put(Action=actions)
    with refused("OverLimit", 403, "8 Actions were found, maximum allowed is 7."):
        put(Action=[*actions, "sqs:ListDeadLetterSourceQueues"])
    with refused("InvalidAttributeValue", 400):
        put(Sid="s" * 8_192)


MOVES = ("StartMessageMoveTask", "CancelMessageMoveTask", "ListMessageMoveTasks")
NEEDED = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


@pytest.mark.parametrize("missing", [*NEEDED, "SendMessage"])
def test_moves_need_the_permissions_of_what_they_do(app, martlet, sqs, missing):
    # documentation, troubleshooting DLQ redrive: these three on the dead-letter queue, and
    # SendMessage on the destination.
    source, dead = redriven(sqs)
    name = fresh("user")
    app.iam.create_user(UserName=name)
    key = app.iam.create_access_key(UserName=name)["AccessKey"]
    user = martlet.client("sqs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])

    def grant(*actions):
        statements = [allow([f"sqs:{action}" for action in actions if action != "SendMessage"],
                            arn_of(sqs, dead))]
        if "SendMessage" in actions:
            statements.append(allow("sqs:SendMessage", arn_of(sqs, source)))
        app.iam.put_user_policy(
            UserName=name, PolicyName="p", PolicyDocument=document(*statements))
    grant(*MOVES, *(action for action in (*NEEDED, "SendMessage") if action != missing))
    with refused("AccessDenied", 403, f"sqs:{missing.lower()}"):
        user.start_message_move_task(SourceArn=arn_of(sqs, dead))
    grant(*MOVES, *NEEDED, "SendMessage")
    user.start_message_move_task(SourceArn=arn_of(sqs, dead))
    assert user.list_message_move_tasks(SourceArn=arn_of(sqs, dead))["Results"]
