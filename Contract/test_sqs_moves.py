# SPDX-License-Identifier: Apache-2.0
"""Message move tasks and the list of a dead-letter queue's sources, over the real server.

Provenance: "documentation" is the SQS API reference and Developer Guide; "recorded" are AWS's own
answers as other projects recorded them against the real service; "ours" is a choice of the README.
"""

import base64
import json

import pytest

from harness import eventually
from support import (arn_of, attribute, bodies, counts, fill, fresh, receive, redriven, refused,
                     server_of_this_module)

martlet = server_of_this_module


def dead_letters(sqs, clock, texts, **attributes):
    """(source, dead) with each text received once too often."""
    source, dead = redriven(sqs, maximum=1, VisibilityTimeout="1", **attributes)
    fill(sqs, source, texts)
    receive(sqs, source)
    clock.advance("1s")
    assert receive(sqs, source) == []
    eventually(lambda: counts(sqs, dead) == (len(texts), 0, 0), 5, "the dead letters")
    return source, dead


def latest(sqs, dead):
    return sqs.list_message_move_tasks(SourceArn=arn_of(sqs, dead))["Results"][0]


def ended(sqs, dead, status):
    eventually(lambda: latest(sqs, dead)["Status"] == status, 5, status)
    return latest(sqs, dead)


def test_messages_go_back_to_where_they_came_from(sqs, frozen):
    # documentation: without DestinationArn to the original source queues; a moved message is a
    # new one, with a new id and enqueue time. recorded: the shape of the list's entry.
    first, dead = dead_letters(sqs, frozen, ["a"])
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1}
    second = sqs.create_queue(QueueName=fresh(), Attributes={
        "RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "1"})["QueueUrl"]
    sent = fill(sqs, second, ["b"])[0]["MessageId"]
    receive(sqs, second)
    frozen.advance("1h")
    receive(sqs, second)
    eventually(lambda: counts(sqs, dead)[0] == 2, 5, "both dead letters")
    handle = sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))["TaskHandle"]
    decoded = json.loads(base64.b64decode(handle))
    assert decoded["sourceArn"] == arn_of(sqs, dead) and decoded["taskId"]
    entry = ended(sqs, dead, "COMPLETED")
    assert entry["ApproximateNumberOfMessagesMoved"] == 2
    assert entry["ApproximateNumberOfMessagesToMove"] == 2
    assert entry["SourceArn"] == arn_of(sqs, dead)
    assert entry["StartedTimestamp"] > 0
    absent = {"TaskHandle", "DestinationArn", "MaxNumberOfMessagesPerSecond", "FailureReason"}
    assert not absent & set(entry)
    assert bodies(receive(sqs, first)) == ["a"]
    (back,) = receive(sqs, second, MessageSystemAttributeNames=["All"])
    assert back["MessageId"] != sent
    assert back["Attributes"]["ApproximateReceiveCount"] == "1"
    assert "DeadLetterQueueSourceArn" not in back["Attributes"]
    now = int(back["Attributes"]["ApproximateFirstReceiveTimestamp"])
    assert int(back["Attributes"]["SentTimestamp"]) == now


def test_messages_keep_body_and_attributes_on_the_way(sqs, frozen):
    _source, dead = redriven(sqs)
    other = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    attributes = {"a": {"DataType": "Binary", "BinaryValue": b"\0\1"}}
    fill(sqs, dead, ["whole"], MessageAttributes=attributes)
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead), DestinationArn=arn_of(sqs, other))
    assert ended(sqs, dead, "COMPLETED")["DestinationArn"] == arn_of(sqs, other)
    (found,) = receive(sqs, other, MessageAttributeNames=["All"])
    assert (found["Body"], found["MessageAttributes"]) == ("whole", attributes)


def test_rate_is_kept_on_the_virtual_clock(sqs, frozen):
    # documentation: MaxNumberOfMessagesPerSecond; ours: the first message goes at once.
    source, dead = dead_letters(sqs, frozen, [f"{n}" for n in range(5)])
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead), MaxNumberOfMessagesPerSecond=2)
    eventually(lambda: counts(sqs, source)[0] == 1, 5, "the first message")
    entry = latest(sqs, dead)
    assert (entry["Status"], entry["MaxNumberOfMessagesPerSecond"]) == ("RUNNING", 2)
    assert entry["TaskHandle"]
    frozen.advance("1s")
    assert counts(sqs, source)[0] == 3
    frozen.advance("10s")
    assert counts(sqs, source)[0] == 5
    assert latest(sqs, dead)["Status"] == "COMPLETED"


def test_task_outlives_a_kill(sqs, martlet, frozen):
    source, dead = dead_letters(sqs, frozen, [f"{n}" for n in range(4)])
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead), MaxNumberOfMessagesPerSecond=1)
    eventually(lambda: counts(sqs, source)[0] == 1, 5, "the first message")
    martlet.restart(kill=True)
    assert latest(sqs, dead)["Status"] == "RUNNING"
    frozen.advance("1m")
    entry = ended(sqs, dead, "COMPLETED")
    assert entry["ApproximateNumberOfMessagesMoved"] == 4
    assert sorted(bodies(receive(sqs, source))) == ["0", "1", "2", "3"]
    assert counts(sqs, dead) == (0, 0, 0)


def test_cancelled_task_moves_no_more(sqs, frozen):
    # documentation: what was moved stays moved. recorded: no handle once it is cancelled.
    source, dead = dead_letters(sqs, frozen, ["a", "b", "c"])
    handle = sqs.start_message_move_task(
        SourceArn=arn_of(sqs, dead), MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    eventually(lambda: counts(sqs, source)[0] == 1, 5, "the first message")
    reply = sqs.cancel_message_move_task(TaskHandle=handle)
    assert reply["ApproximateNumberOfMessagesMoved"] == 1
    frozen.advance("1m")
    assert counts(sqs, dead)[0] == 2
    entry = latest(sqs, dead)
    assert entry["Status"] == "CANCELLED" and "TaskHandle" not in entry
    # ours: AWS says only that a task can be cancelled while it is RUNNING.
    with refused("InvalidParameterValue", 400):
        sqs.cancel_message_move_task(TaskHandle=handle)


def test_task_whose_destination_goes_fails(sqs, frozen):
    # recorded: FailureReason, and the remaining messages stay.
    _source, dead = dead_letters(sqs, frozen, ["a", "b"])
    other = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    sqs.start_message_move_task(
        SourceArn=arn_of(sqs, dead), DestinationArn=arn_of(sqs, other),
        MaxNumberOfMessagesPerSecond=1)
    eventually(lambda: counts(sqs, other)[0] == 1, 5, "the first message")
    sqs.delete_queue(QueueUrl=other)
    frozen.advance("5s")
    entry = ended(sqs, dead, "FAILED")
    assert entry["FailureReason"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert entry["ApproximateNumberOfMessagesMoved"] == 1
    assert bodies(receive(sqs, dead)) == ["b"]


def test_message_sent_straight_to_the_dead_letter_queue_has_no_way_back(sqs):
    # documentation: troubleshooting, CouldNotDetermineMessageSource.
    _source, dead = redriven(sqs)
    fill(sqs, dead, ["direct"])
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))
    assert ended(sqs, dead, "FAILED")["FailureReason"] == "CouldNotDetermineMessageSource"
    assert bodies(receive(sqs, dead)) == ["direct"]


def test_one_task_a_queue(sqs, frozen):
    # recorded: code and words.
    _source, dead = dead_letters(sqs, frozen, ["a", "b"])
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead), MaxNumberOfMessagesPerSecond=1)
    with refused("InvalidParameterValue", 400, "There is already a task running. Only one active "
                 "task is allowed for a source queue arn at a given time."):
        sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))


def test_fifo_tasks_keep_the_order_of_groups(sqs, frozen):
    # documentation: both queues of the same type; the oldest message first.
    dead = sqs.create_queue(QueueName=fresh() + ".fifo",
                            Attributes={"FifoQueue": "true"})["QueueUrl"]
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1}
    source = sqs.create_queue(QueueName=fresh() + ".fifo", Attributes={
        "FifoQueue": "true", "RedrivePolicy": json.dumps(policy)})["QueueUrl"]
    for number in range(6):
        sqs.send_message(QueueUrl=dead, MessageBody=f"{number}", MessageGroupId=f"g{number % 2}",
                         MessageDeduplicationId=f"d{number}")
    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead), DestinationArn=arn_of(sqs, source))
    ended(sqs, dead, "COMPLETED")
    found = bodies(receive(sqs, source))
    assert [text for text in found if int(text) % 2 == 0] == ["0", "2", "4"]
    assert [text for text in found if int(text) % 2 == 1] == ["1", "3", "5"]


def test_ten_tasks_are_listed_latest_first(sqs):
    # documentation: default 1, at most 10.
    _source, dead = redriven(sqs)
    other = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    arn = arn_of(sqs, dead)
    for number in range(11):
        fill(sqs, dead, ["m"] * number)
        sqs.start_message_move_task(SourceArn=arn, DestinationArn=arn_of(sqs, other))
        ended(sqs, dead, "COMPLETED")
    listed = sqs.list_message_move_tasks(SourceArn=arn, MaxResults=10)["Results"]
    moved = [entry["ApproximateNumberOfMessagesMoved"] for entry in listed]
    assert moved == list(range(10, 0, -1))
    assert len(sqs.list_message_move_tasks(SourceArn=arn)["Results"]) == 1
    for number in (0, 11):
        with refused("InvalidParameterValue", 400):
            sqs.list_message_move_tasks(SourceArn=arn, MaxResults=number)


FORM = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"


@pytest.mark.parametrize("change, code, status, words", [
    # recorded
    (lambda a: {"SourceArn": a.arn + "-none"}, "ResourceNotFoundException", 404,
     "The resource that you specified for the SourceArn parameter doesn't exist."),
    (lambda a: {"DestinationArn": a.arn + "-none"}, "ResourceNotFoundException", 404,
     "The resource that you specified for the DestinationArn parameter doesn't exist."),
    (lambda a: {"SourceArn": a.plain}, "InvalidParameterValue", 400,
     "Source queue must be configured as a Dead Letter Queue."),
    (lambda a: {"SourceArn": "none"}, "InvalidParameterValue", 400,
     f"You must use this format to specify the SourceArn: {FORM}"),
    (lambda a: {"DestinationArn": ""}, "InvalidParameterValue", 400,
     f"You must use this format to specify the DestinationArn: {FORM}"),
    (lambda a: {"DestinationArn": a.arn}, "InvalidParameterValue", 400,
     "Source queue arn and destination queue arn cannot be the same."),
    (lambda a: {"DestinationArn": a.fifo}, "InvalidParameterValue", 400,
     "The source queue and destination queue must be of the same queue type."),
    (lambda a: {"MaxNumberOfMessagesPerSecond": 0}, "InvalidParameterValue", 400,
     "You must enter a number that's between 1 and 500."),
    (lambda a: {"MaxNumberOfMessagesPerSecond": 501}, "InvalidParameterValue", 400,
     "You must enter a number that's between 1 and 500."),
])
def test_starts_that_are_refused(sqs, change, code, status, words):
    class Given:
        arn = arn_of(sqs, redriven(sqs)[1])
        plain = arn_of(sqs, sqs.create_queue(QueueName=fresh())["QueueUrl"])
        fifo = arn_of(sqs, sqs.create_queue(
            QueueName=fresh() + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"])
    with refused(code, status, words):
        sqs.start_message_move_task(**{"SourceArn": Given.arn, **change(Given)})


def test_cancellations_that_are_refused(sqs, queue):
    # recorded
    def handle(arn):
        text = json.dumps({"taskId": "10f57157-fc38-4da9-a113-4de7e12d05dd", "sourceArn": arn})
        return base64.b64encode(text.encode()).decode()
    with refused("InvalidParameterValue", 400, "Value for parameter TaskHandle is invalid."):
        sqs.cancel_message_move_task(TaskHandle="foobared")
    with refused("ResourceNotFoundException", 404, "SourceArn parameter doesn't exist."):
        sqs.cancel_message_move_task(TaskHandle=handle(arn_of(sqs, queue) + "-none"))
    with refused("ResourceNotFoundException", 404, "Task does not exist."):
        sqs.cancel_message_move_task(TaskHandle=handle(arn_of(sqs, queue)))


def test_sources_of_a_dead_letter_queue_by_pages(sqs):
    # documentation: a token only with MaxResults; the list is empty without sources.
    dead = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == []
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 3}
    prefix = fresh()
    urls = [sqs.create_queue(QueueName=f"{prefix}-{n}", Attributes={
        "RedrivePolicy": json.dumps(policy)})["QueueUrl"] for n in range(5)]
    whole = sqs.list_dead_letter_source_queues(QueueUrl=dead)
    assert whole["queueUrls"] == urls and "NextToken" not in whole
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(
        QueueUrl=dead, PaginationConfig={"PageSize": 2})
    assert [page["queueUrls"] for page in pages] == [urls[:2], urls[2:4], urls[4:]]
    sqs.delete_queue(QueueUrl=urls[0])
    sqs.set_queue_attributes(QueueUrl=urls[1], Attributes={"RedrivePolicy": ""})
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == urls[2:]
    for number in (0, 1001):
        with refused("InvalidParameterValue", 400):
            sqs.list_dead_letter_source_queues(QueueUrl=dead, MaxResults=number)
    with refused("AWS.SimpleQueueService.NonExistentQueue", 400):
        sqs.list_dead_letter_source_queues(QueueUrl=dead + "-none")
    assert attribute(sqs, urls[2], "RedrivePolicy")
