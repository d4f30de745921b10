# SPDX-License-Identifier: Apache-2.0
"""Queues that feed functions: batches, failures, back-off, order, and when it is refused.

Developer guide, "Using Lambda with Amazon SQS"; wordings recorded from AWS; LastProcessingResult
for queues is ours.
"""

import json

import pytest

from functions import BASIC, QUEUE_EXECUTION, allow, packed
from harness import eventually
from support import bodies, counts, fill, fresh, redriven, refused, server_of_this_module

martlet = server_of_this_module

INVALID = "InvalidParameterValueException"
SEES = ("import json\n"
        "def handler(event, context):\n"
        "    print('BATCH', json.dumps([r['body'] for r in event['Records']]))\n")
POISON = ("import json\n"
          "def handler(event, context):\n"
          "    print('BATCH', json.dumps([r['body'] for r in event['Records']]))\n"
          "    if any('poison' in r['body'] for r in event['Records']):\n"
          "        raise ValueError('poison')\n")
PARTIAL = ("import json\n"
           "def handler(event, context):\n"
           "    print('BATCH', json.dumps([r['body'] for r in event['Records']]))\n"
           "    return {'batchItemFailures': [\n"
           "        {'itemIdentifier': r['messageId']}\n"
           "        for r in event['Records'] if 'poison' in r['body']]}\n")


@pytest.fixture
def worker_role(app):
    return app.role(managed=(QUEUE_EXECUTION,))


@pytest.fixture
def work(app):
    """A queue whose visibility is above the functions' timeout of 3 s."""
    return app.queue(VisibilityTimeout="30")


def batches(app, name):
    """The bodies of each invocation, in order."""
    return [json.loads(line.split("BATCH ", 1)[1])
            for line in app.lines(name) if line.startswith("BATCH ")]


def seen(app, name):
    return [body for batch in batches(app, name) for body in batch]


def empty(app, url):
    eventually(lambda: counts(app.sqs, url) == (0, 0, 0), 15, "the queue being empty")


# The event ---------------------------------------------------------------------------------


def test_record_has_the_documented_form(app, worker_role, work):
    # documentation: example event; recorded: messageAttributes' lists.
    name = app.function("import json\ndef handler(event, context): "
                        "print('EVENT', json.dumps(event))\n", role=worker_role)
    app.mapping(name, work)
    sent = app.sqs.send_message(
        QueueUrl=work, MessageBody="hello",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "order"}})
    line = eventually(
        lambda: next((each for each in app.lines(name) if each.startswith("EVENT ")), None),
        15, "the invocation")
    (record,) = json.loads(line[6:])["Records"]
    assert record["messageId"] == sent["MessageId"] and record["receiptHandle"]
    assert record["body"] == "hello" and record["md5OfBody"] == sent["MD5OfMessageBody"]
    assert record["eventSource"] == "aws:sqs" and record["awsRegion"] == "us-east-1"
    assert record["eventSourceARN"] == app.arn(work)
    assert set(record["attributes"]) >= {
        "ApproximateReceiveCount", "SentTimestamp", "SenderId",
        "ApproximateFirstReceiveTimestamp"}
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    kind = record["messageAttributes"]["kind"]
    assert kind["stringValue"] == "order" and kind["dataType"] == "String"
    assert kind["stringListValues"] == [] and kind["binaryListValues"] == []
    empty(app, work)


# Batches and deletion ----------------------------------------------------------------------


def test_messages_are_deleted_only_after_success(app, worker_role, work, frozen):
    # documentation: deleted when the function returns without error, else visible again.
    name = app.function(POISON, role=worker_role)
    app.mapping(name, work, BatchSize=1)
    fill(app.sqs, work, ["fine", "poison"])
    eventually(lambda: sorted(seen(app, name)) == ["fine", "poison"], 15, "both invocations")
    eventually(lambda: counts(app.sqs, work)[1] == 1, 5, "the poison staying in flight")
    frozen.advance("30s")
    eventually(lambda: seen(app, name).count("poison") == 2, 15, "the second attempt")
    assert seen(app, name).count("fine") == 1


def test_batch_size_bounds_each_invocation(app, worker_role, work):
    # documentation: BatchSize, default 10.
    name = app.function(SEES, role=worker_role)
    texts = [str(number) for number in range(12)]
    fill(app.sqs, work, texts)
    app.mapping(name, work, BatchSize=4)
    empty(app, work)
    eventually(lambda: sorted(seen(app, name)) == sorted(texts), 15, "all messages")
    assert all(len(batch) <= 4 for batch in batches(app, name))


def test_window_gathers_a_batch(app, worker_role, work, frozen):
    # documentation: MaximumBatchingWindowInSeconds; needed for sizes above 10.
    name = app.function(SEES, role=worker_role)
    app.mapping(name, work, BatchSize=100, MaximumBatchingWindowInSeconds=20)
    fill(app.sqs, work, [str(number) for number in range(15)])
    frozen.advance("10s")
    assert batches(app, name) == []
    frozen.advance("11s")
    eventually(lambda: len(seen(app, name)) == 15, 15, "the batch")
    assert len(batches(app, name)) == 1


def test_partial_failures_return_only_what_failed(app, worker_role, work, frozen):
    # documentation: ReportBatchItemFailures.
    name = app.function(PARTIAL, role=worker_role)
    app.mapping(name, work, FunctionResponseTypes=["ReportBatchItemFailures"])
    fill(app.sqs, work, ["one", "poison", "two"])
    eventually(lambda: counts(app.sqs, work) == (0, 1, 0), 15, "only the poison remaining")
    frozen.advance("30s")
    eventually(lambda: seen(app, name).count("poison") == 2, 15, "the second attempt")
    assert sorted(set(seen(app, name))) == ["one", "poison", "two"]
    assert len(seen(app, name)) == 4


@pytest.mark.parametrize("answer", [
    "{'batchItemFailures': [{'itemIdentifier': 'unknown'}]}",
    "{'batchItemFailures': [{'itemIdentifier': ''}]}",
    "{'batchItemFailures': [{'wrong': 'key'}]}"])
def test_bad_partial_answers_fail_the_whole_batch(app, worker_role, work, answer):
    # documentation: these are treated as a complete failure.
    name = app.function(SEES + f"    return {answer}\n", role=worker_role)
    app.mapping(name, work, FunctionResponseTypes=["ReportBatchItemFailures"])
    fill(app.sqs, work, ["one", "two"])
    eventually(lambda: sorted(seen(app, name)) == ["one", "two"], 15, "the invocation")
    eventually(lambda: counts(app.sqs, work) == (0, 2, 0), 5, "both staying in flight")


@pytest.mark.parametrize("answer", ["None", "{}", "{'batchItemFailures': []}"])
def test_empty_partial_answers_are_a_success(app, worker_role, work, answer):
    # documentation: these are treated as a complete success.
    name = app.function(SEES + f"    return {answer}\n", role=worker_role)
    app.mapping(name, work, FunctionResponseTypes=["ReportBatchItemFailures"])
    fill(app.sqs, work, ["one", "two"])
    eventually(lambda: len(seen(app, name)) == 2, 15, "the invocation")
    empty(app, work)


def test_poison_ends_in_the_dead_letter_queue(app, worker_role, frozen):
    # documentation: the queue's redrive policy ends what a function cannot process.
    source, dead = redriven(app.sqs, maximum=3, VisibilityTimeout="30")
    name = app.function(POISON, role=worker_role)
    app.mapping(name, source, BatchSize=1)
    fill(app.sqs, source, ["poison"])
    for attempt in (1, 2, 3):
        eventually(lambda: len(seen(app, name)) == attempt, 15, f"attempt {attempt}")
        frozen.advance("30s")
    eventually(lambda: counts(app.sqs, dead) == (1, 0, 0), 15, "the dead letter")
    frozen.advance("10m")
    assert len(seen(app, name)) == 3 and counts(app.sqs, source) == (0, 0, 0)


def test_one_advance_takes_poison_to_its_end(app, worker_role, frozen):
    # design 5: advance to quiescence.
    source, dead = redriven(app.sqs, maximum=3, VisibilityTimeout="30")
    name = app.function(POISON, role=worker_role)
    app.mapping(name, source, BatchSize=1)
    fill(app.sqs, source, ["poison"])
    frozen.advance("10m")
    eventually(lambda: counts(app.sqs, dead) == (1, 0, 0), 15, "the dead letter")
    assert len(seen(app, name)) == 3


# Order -------------------------------------------------------------------------------------


def fifo(app, **attributes):
    return app.queue(FifoQueue="true", VisibilityTimeout="30", **attributes)


def order(app, url, group, text):
    app.sqs.send_message(
        QueueUrl=url, MessageBody=text, MessageGroupId=group, MessageDeduplicationId=fresh())


def test_fifo_groups_are_processed_in_order(app, worker_role):
    # documentation: one batch of a group at a time, in order.
    url = fifo(app)
    for number in range(6):
        for group in ("a", "b"):
            order(app, url, group, f"{group}{number}")
    name = app.function(SEES, role=worker_role)
    app.mapping(name, url, BatchSize=2)
    eventually(lambda: len(seen(app, name)) == 12, 20, "all messages")
    for group in ("a", "b"):
        mine = [text for text in seen(app, name) if text.startswith(group)]
        assert mine == [f"{group}{number}" for number in range(6)]
    empty(app, url)


def test_fifo_stops_at_the_first_failed_item(app, worker_role, frozen):
    # documentation: for FIFO queues, return the first failure and all after it.
    url = fifo(app)
    for text in ("1", "poison", "3"):
        order(app, url, "g", text)
    code = ("import json\n"
            "def handler(event, context):\n"
            "    texts = [r['body'] for r in event['Records']]\n"
            "    print('BATCH', json.dumps(texts))\n"
            "    failed = [r for r in event['Records'] if r['body'] == 'poison']\n"
            "    return {'batchItemFailures': [\n"
            "        {'itemIdentifier': r['messageId']} for r in failed]}\n")
    name = app.function(code, role=worker_role)
    app.mapping(name, url, FunctionResponseTypes=["ReportBatchItemFailures"])
    eventually(lambda: batches(app, name) == [["1", "poison", "3"]], 15, "the first batch")
    eventually(lambda: counts(app.sqs, url) == (0, 2, 0), 5, "poison and 3 remaining")
    frozen.advance("30s")
    eventually(
        lambda: batches(app, name)[1:] == [["poison", "3"]], 15, "the second batch in order")


# Life of a mapping -------------------------------------------------------------------------


def test_a_mapping_comes_back_as_made(app, worker_role, work):
    # documentation: CreateEventSourceMapping's reply; recorded: states and reasons.
    name = app.function(SEES, role=worker_role)
    made = app.functions.create_event_source_mapping(
        FunctionName=name, EventSourceArn=app.arn(work))
    assert made["State"] in ("Creating", "Enabling", "Enabled")
    assert made["BatchSize"] == 10 and made["MaximumBatchingWindowInSeconds"] == 0
    assert made["FunctionResponseTypes"] == []
    assert made["StateTransitionReason"] == "USER_INITIATED"
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:{app.account}:function:{name}"
    app.mapping_is(made["UUID"], "Enabled")
    got = app.functions.get_event_source_mapping(UUID=made["UUID"])
    assert got["EventSourceArn"] == app.arn(work)
    assert got["LastProcessingResult"] == "No records processed"
    listed = app.functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    assert [mapping["UUID"] for mapping in listed] == [made["UUID"]]
    by_queue = app.functions.list_event_source_mappings(EventSourceArn=app.arn(work))
    assert [each["UUID"] for each in by_queue["EventSourceMappings"]] == [made["UUID"]]


def test_last_processing_result_tells_what_happened(app, worker_role, work):
    # ours; wordings documented for streams.
    name = app.function(POISON, role=worker_role)
    identifier = app.mapping(name, work)

    def result():
        got = app.functions.get_event_source_mapping(UUID=identifier)
        return got["LastProcessingResult"]

    fill(app.sqs, work, ["fine"])
    eventually(lambda: result() == "OK", 15, "OK")
    fill(app.sqs, work, ["poison"])
    eventually(lambda: result() == "PROBLEM: Function call failed", 15, "the problem")


def test_disabled_mapping_rests_and_goes_on_when_enabled(app, worker_role, work):
    # documentation: Enabled false pauses polling.
    name = app.function(SEES, role=worker_role)
    identifier = app.mapping(name, work)
    app.functions.update_event_source_mapping(UUID=identifier, Enabled=False)
    app.mapping_is(identifier, "Disabled")
    fill(app.sqs, work, ["waiting"])
    martlet_idle(app)
    assert seen(app, name) == [] and counts(app.sqs, work) == (1, 0, 0)
    app.functions.update_event_source_mapping(UUID=identifier, Enabled=True)
    eventually(lambda: seen(app, name) == ["waiting"], 15, "the message")


def martlet_idle(app):
    """Lets everything that could run come to rest: an advance waits for quiescence."""
    app.martlet.clock.advance("1s")


def test_updated_batch_size_holds(app, worker_role, work):
    name = app.function(SEES, role=worker_role)
    identifier = app.mapping(name, work, Enabled=False)
    app.functions.update_event_source_mapping(UUID=identifier, BatchSize=1)
    fill(app.sqs, work, ["a", "b", "c"])
    app.functions.update_event_source_mapping(UUID=identifier, Enabled=True)
    eventually(lambda: len(batches(app, name)) == 3, 15, "three invocations")


def test_deleted_mapping_is_gone_and_leaves_messages(app, worker_role, work):
    # recorded: the reply's state is Deleting.
    name = app.function(SEES, role=worker_role)
    identifier = app.mapping(name, work)
    assert app.functions.delete_event_source_mapping(UUID=identifier)["State"] == "Deleting"

    def gone():
        try:
            app.functions.get_event_source_mapping(UUID=identifier)
        except app.functions.exceptions.ResourceNotFoundException:
            return True

    eventually(gone, 15, "the mapping being gone")
    fill(app.sqs, work, ["left"])
    martlet_idle(app)
    assert counts(app.sqs, work) == (1, 0, 0)


def test_mapping_goes_on_after_a_kill(martlet, app, worker_role, work):
    # ours: mappings are durable and resume by themselves.
    name = app.function(SEES, role=worker_role)
    app.mapping(name, work)
    fill(app.sqs, work, ["before"])
    eventually(lambda: seen(app, name) == ["before"], 15, "the first message")
    martlet.restart(kill=True)
    fill(app.sqs, work, ["after"])
    eventually(lambda: "after" in seen(app, name), 15, "the second message")
    empty(app, work)


def test_updated_code_processes_what_failed_before(app, worker_role, work, frozen):
    # the main job's fix: what waits in the queue goes through the new code.
    name = app.function(POISON, role=worker_role)
    app.mapping(name, work, BatchSize=1)
    fill(app.sqs, work, ["poison"])
    eventually(lambda: len(seen(app, name)) == 1, 15, "the failure")
    app.functions.update_function_code(FunctionName=name, ZipFile=packed(SEES))
    app.settled(name)
    frozen.advance("30s")
    empty(app, work)


# Refusals ----------------------------------------------------------------------------------


def test_role_must_be_able_to_receive_delete_and_look(app, work):
    # recorded.
    for missing, needed in (
            ("ReceiveMessage", ["sqs:DeleteMessage", "sqs:GetQueueAttributes"]),
            ("DeleteMessage", ["sqs:ReceiveMessage", "sqs:GetQueueAttributes"]),
            ("GetQueueAttributes", ["sqs:ReceiveMessage", "sqs:DeleteMessage"])):
        name = app.function(SEES, role=app.role(allow(needed), managed=(BASIC,)))
        with refused(
                INVALID, 400,
                f"execution role does not have permissions to call {missing} on SQS"):
            app.functions.create_event_source_mapping(
                FunctionName=name, EventSourceArn=app.arn(work))


def test_visibility_must_not_be_below_the_functions_timeout(app, worker_role, work):
    # recorded.
    name = app.function(SEES, role=worker_role, Timeout=31)
    with refused(
            INVALID, 400,
            "Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"):
        app.functions.create_event_source_mapping(
            FunctionName=name, EventSourceArn=app.arn(work))


def test_sizes_above_ten_need_a_window(app, worker_role, work):
    # recorded.
    name = app.function(SEES, role=worker_role)
    with refused(INVALID, 400, "Maximum batch window in seconds must be greater than 0 if "
                               "maximum batch size is greater than 10"):
        app.functions.create_event_source_mapping(
            FunctionName=name, EventSourceArn=app.arn(work), BatchSize=11)


def test_fifo_takes_no_window_and_no_more_than_ten(app, worker_role):
    # documentation: FIFO queues, at most 10; no batching window.
    name, source = app.function(SEES, role=worker_role), app.arn(fifo(app))
    for given in ({"BatchSize": 11, "MaximumBatchingWindowInSeconds": 5},
                  {"MaximumBatchingWindowInSeconds": 5}):
        with refused(INVALID, 400):
            app.functions.create_event_source_mapping(
                FunctionName=name, EventSourceArn=source, **given)


@pytest.mark.parametrize(
    ("member", "value"),
    [("BatchSize", 0), ("BatchSize", 10_001), ("MaximumBatchingWindowInSeconds", 301)])
def test_mapping_members_have_ranges(martlet, app, worker_role, work, member, value):
    # model and documentation: 1 to 10,000 messages, 0 to 300 seconds.
    name = app.function(SEES, role=worker_role)
    lax = martlet.client("lambda", account=app.account, parameter_validation=False)
    with pytest.raises(lax.exceptions.ClientError) as refusal:
        lax.create_event_source_mapping(
            FunctionName=name, EventSourceArn=app.arn(work), **{member: value})
    assert refusal.value.response["Error"]["Code"] in ("ValidationException", INVALID)


def test_same_queue_and_function_are_mapped_once(app, worker_role, work):
    # recorded.
    name = app.function(SEES, role=worker_role)
    identifier = app.mapping(name, work)
    with refused("ResourceConflictException", 409, identifier):
        app.functions.create_event_source_mapping(
            FunctionName=name, EventSourceArn=app.arn(work))


def test_missing_queue_and_missing_function(app, worker_role, work):
    # recorded.
    name = app.function(SEES, role=worker_role)
    missing = f"arn:aws:sqs:us-east-1:{app.account}:missing"
    with refused(INVALID, 400, "AWS.SimpleQueueService.NonExistentQueue"):
        app.functions.create_event_source_mapping(FunctionName=name, EventSourceArn=missing)
    with pytest.raises(app.functions.exceptions.ClientError):
        app.functions.create_event_source_mapping(
            FunctionName="missing", EventSourceArn=app.arn(work))


def test_producers_see_nothing_of_the_mapping(app, worker_role, work):
    # documentation: a mapping is an ordinary consumer; others may receive beside it.
    name = app.function(SEES, role=worker_role)
    identifier = app.mapping(name, work)
    app.functions.update_event_source_mapping(UUID=identifier, Enabled=False)
    app.mapping_is(identifier, "Disabled")
    fill(app.sqs, work, ["mine"])
    assert bodies(app.take(work)) == ["mine"]
