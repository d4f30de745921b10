# SPDX-License-Identifier: Apache-2.0
"""Asynchronous invocation: accepted once, retried on time, and ended in exactly one way.

Developer guide, "Invoking Lambda functions asynchronously" and "dead-letter queues"; records of
destinations as recorded from AWS. Waiting is done by the clock.
"""

import json

import pytest

from functions import allow
from harness import eventually
from support import refused, server_of_this_module

martlet = server_of_this_module

FAILS = "def handler(event, context):\n    print('ATTEMPT')\n    raise ValueError('no')\n"
WORKS = "def handler(event, context):\n    print('DONE', event)\n    return {'ok': True}\n"


@pytest.fixture
def role(app):
    """May log, and send to queues, which dead letters and destinations need."""
    return app.role(allow("sqs:SendMessage"))


def attempts(app, name, count, what="attempts"):
    """Waits for so many attempts and checks that there are no more."""
    eventually(lambda: app.count(name, "ATTEMPT") >= count, 15, f"{count} {what}")
    assert app.count(name, "ATTEMPT") == count


def send(app, name, payload):
    reply = app.functions.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(payload).encode())
    assert reply["StatusCode"] == 202
    assert reply["Payload"].read() == b""
    return reply["ResponseMetadata"]["RequestId"]


def test_event_runs_once_when_it_succeeds(app, frozen):
    # documentation: 202 at once; one invocation where nothing fails.
    name = app.function(WORKS)
    send(app, name, {"a": 1})
    eventually(lambda: app.count(name, "DONE {'a': 1}") == 1, 15, "the invocation")
    frozen.advance("1h")
    assert app.count(name, "DONE") == 1


def test_request_id_is_the_same_in_reply_and_every_attempt(app, frozen):
    # recorded: retries keep the request's id.
    name = app.function(FAILS)
    request = send(app, name, {})
    frozen.advance("10m")
    eventually(lambda: app.count(name, f"START RequestId: {request}") == 3, 15, "three starts")


def test_retries_come_after_one_and_after_two_minutes(app, frozen):
    # documentation: two more attempts, one minute, then two minutes between them.
    name = app.function(FAILS)
    send(app, name, {})
    attempts(app, name, 1, "attempt")
    frozen.advance("59s")
    attempts(app, name, 1)
    frozen.advance("1s")
    attempts(app, name, 2)
    frozen.advance("1m59s")
    attempts(app, name, 2)
    frozen.advance("1s")
    attempts(app, name, 3)
    frozen.advance("6h")
    attempts(app, name, 3)


def test_one_advance_runs_all_retries_to_rest(app, frozen):
    # design 5: an advance lets the work that it causes come to rest before time moves on.
    name = app.function(FAILS)
    send(app, name, {})
    frozen.advance("10m")
    attempts(app, name, 3)


def test_dead_letter_holds_the_event_and_three_attributes(app, role, frozen):
    # documentation: the payload unchanged; RequestID, ErrorCode, ErrorMessage.
    url = app.queue()
    name = app.function(FAILS, role=role, DeadLetterConfig={"TargetArn": app.arn(url)})
    request = send(app, name, {"order": 7})
    frozen.advance("10m")
    eventually(lambda: app.sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )["Attributes"]["ApproximateNumberOfMessages"] == "1", 15, "the dead letter")
    (letter,) = app.take(url)
    assert json.loads(letter["Body"]) == {"order": 7}
    attributes = letter["MessageAttributes"]
    assert attributes["RequestID"] == {"DataType": "String", "StringValue": request}
    assert attributes["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}
    assert attributes["ErrorMessage"]["StringValue"] == "no"
    attempts(app, name, 3)


def test_failure_destination_gets_a_record_of_the_invocation(app, role, frozen):
    # documentation: the record's members; condition RetriesExhausted.
    url = app.queue()
    name = app.function(FAILS, role=role)
    app.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": app.arn(url)}})
    request = send(app, name, {"order": 7})
    frozen.advance("10m")
    (message,) = eventually(lambda: app.take(url), 15, "the record")
    record = json.loads(message["Body"])
    arn = f"arn:aws:lambda:us-east-1:{app.account}:function:{name}:$LATEST"
    assert record["version"] == "1.0" and record["timestamp"].endswith("Z")
    assert record["requestContext"] == {
        "requestId": request, "functionArn": arn, "condition": "RetriesExhausted",
        "approximateInvokeCount": 2}
    assert record["requestPayload"] == {"order": 7}
    assert record["responseContext"] == {
        "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorType"] == "ValueError"
    attempts(app, name, 2)
    assert app.take(url) == []


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_retry_attempts_are_configurable(app, role, frozen, retries):
    # documentation: MaximumRetryAttempts 0 to 2.
    name = app.function(FAILS, role=role)
    app.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=retries)
    send(app, name, {})
    frozen.advance("1h")
    attempts(app, name, retries + 1)


def test_event_older_than_its_maximum_age_is_not_retried(app, role, frozen):
    # documentation: MaximumEventAgeInSeconds 60 to 21,600; condition EventAgeExceeded.
    url = app.queue()
    name = app.function(FAILS, role=role)
    app.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": app.arn(url)}})
    send(app, name, {})
    attempts(app, name, 1)
    frozen.advance("1h")
    (message,) = eventually(lambda: app.take(url), 15, "the record")
    context = json.loads(message["Body"])["requestContext"]
    assert context["condition"] == "EventAgeExceeded"


def test_dead_letter_and_destination_do_not_both_stay_silent(app, role, frozen):
    # documentation: with both configured, both get the event.
    letters, records = app.queue(), app.queue()
    name = app.function(FAILS, role=role, DeadLetterConfig={"TargetArn": app.arn(letters)})
    app.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": app.arn(records)}})
    send(app, name, {})
    frozen.advance("1h")
    eventually(lambda: app.take(letters), 15, "the dead letter")
    eventually(lambda: app.take(records), 15, "the record")


def test_throttled_event_waits_and_runs_later(app, frozen):
    # documentation: throttles are retried for up to 6 hours and count as no attempt.
    name = app.function(WORKS)
    app.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    send(app, name, {})
    frozen.advance("30m")
    assert app.count(name, "DONE") == 0
    app.functions.delete_function_concurrency(FunctionName=name)
    frozen.advance("6m")
    eventually(lambda: app.count(name, "DONE") == 1, 15, "the late invocation")


def test_accepted_event_survives_a_kill(martlet, app, role, frozen):
    # reliability A1: every accepted event ends in success, dead letter, destination or expiry.
    url = app.queue()
    name = app.function(FAILS, role=role, DeadLetterConfig={"TargetArn": app.arn(url)})
    send(app, name, {"order": 1})
    attempts(app, name, 1)
    martlet.restart(kill=True)
    frozen.advance("10m")
    eventually(lambda: app.count(name, "ATTEMPT") >= 3, 15, "three attempts")
    (letter,) = eventually(lambda: app.take(url), 15, "the dead letter")
    assert json.loads(letter["Body"]) == {"order": 1}
    frozen.advance("6h")
    assert app.take(url) == []


# Configuration -----------------------------------------------------------------------------


def test_configuration_round_trip(app, role):
    name = app.function(WORKS, role=role)
    with refused("ResourceNotFoundException", 404):
        app.functions.get_function_event_invoke_config(FunctionName=name)
    target = app.arn(app.queue())
    app.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1, MaximumEventAgeInSeconds=300,
        DestinationConfig={"OnFailure": {"Destination": target}})
    app.functions.update_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0)
    got = app.functions.get_function_event_invoke_config(FunctionName=name)
    assert got["MaximumRetryAttempts"] == 0 and got["MaximumEventAgeInSeconds"] == 300
    assert got["DestinationConfig"]["OnFailure"] == {"Destination": target}
    assert got["FunctionArn"].endswith(f":function:{name}:$LATEST")
    listed = app.functions.list_function_event_invoke_configs(FunctionName=name)
    assert len(listed["FunctionEventInvokeConfigs"]) == 1
    app.functions.delete_function_event_invoke_config(FunctionName=name)
    with refused("ResourceNotFoundException", 404):
        app.functions.get_function_event_invoke_config(FunctionName=name)


@pytest.mark.parametrize(
    ("member", "value"),
    [("MaximumRetryAttempts", 3), ("MaximumRetryAttempts", -1),
     ("MaximumEventAgeInSeconds", 59), ("MaximumEventAgeInSeconds", 21_601)])
def test_configuration_has_ranges(martlet, app, role, member, value):
    name = app.function(WORKS, role=role)
    lax = martlet.client("lambda", account=app.account, parameter_validation=False)
    with refused("ValidationException", 400):
        lax.put_function_event_invoke_config(FunctionName=name, **{member: value})


def test_dead_letter_target_needs_the_roles_permission(app):
    # recorded: "… does not have permissions to call SendMessage on SQS".
    target = app.arn(app.queue())
    with refused(
            "InvalidParameterValueException", 400,
            "execution role does not have permissions to call SendMessage on SQS"):
        app.function(FAILS, role=app.role(), DeadLetterConfig={"TargetArn": target})


def test_event_body_must_be_json(app):
    name = app.function(WORKS)
    with refused("InvalidRequestContentException", 400):
        app.functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"{")


# Time --------------------------------------------------------------------------------------


def test_hung_function_times_out_under_a_frozen_clock(app, frozen):
    # issue, Shows: run timeouts are physical time.
    name = app.function("import time\ndef handler(e, c): time.sleep(60)\n", Timeout=1)
    reply = app.invoke(name)
    assert "Task timed out after 1.00 seconds" in reply["Payload"]["errorMessage"]


def test_warm_function_calls_sqs_after_four_days(app, frozen):
    # issue, Shows: environments retire before their credentials expire in virtual time.
    url = app.queue()
    name = app.function(
        "import boto3\nsqs = boto3.client('sqs')\n"
        "def handler(event, context):\n"
        "    sqs.send_message(QueueUrl=event, MessageBody='hello')\n    return 'sent'\n",
        role=app.role(allow("sqs:SendMessage")), Timeout=20)
    assert app.invoke(name, url)["Payload"] == "sent"
    frozen.advance("4d")
    assert app.invoke(name, url)["Payload"] == "sent"
    assert len(app.take(url)) == 1
