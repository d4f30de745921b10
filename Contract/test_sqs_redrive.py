# SPDX-License-Identifier: Apache-2.0
"""Dead-letter queues of standard queues: when a message moves, what it keeps, and what stays.

FIFO redrive is in test_sqs_fifo.py. Provenance as in test_sqs.py: documentation or ours.
"""

from harness import eventually
from support import arn_of, bodies, counts, fill, receive, redriven, server_of_this_module

martlet = server_of_this_module


def test_message_received_too_often_moves_to_the_dead_letter_queue(sqs, frozen):
    # documentation: moved when its receive count exceeds maxReceiveCount; the id stays.
    source, dead = redriven(sqs, maximum=2, VisibilityTimeout="10")
    attributes = {"kept": {"DataType": "String", "StringValue": "yes"}}
    sent = sqs.send_message(QueueUrl=source, MessageBody="poison", MessageAttributes=attributes)
    for attempt in ("1", "2"):
        (message,) = receive(sqs, source, MessageSystemAttributeNames=["All"])
        assert message["Attributes"]["ApproximateReceiveCount"] == attempt
        frozen.advance("10s")
    assert receive(sqs, source) == []
    eventually(lambda: counts(sqs, dead) == (1, 0, 0), 5, "the dead letter")
    assert counts(sqs, source) == (0, 0, 0)
    (letter,) = receive(
        sqs, dead, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["Body"] == "poison"
    assert letter["MessageAttributes"] == attributes
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(sqs, source)


def test_dead_letter_keeps_its_age_on_a_standard_queue(sqs, frozen):
    # documentation: a standard queue's message keeps its original enqueue time when moved.
    source, dead = redriven(sqs, maximum=1, VisibilityTimeout="0")
    fill(sqs, source, ["aging"])
    (first,) = receive(sqs, source, MessageSystemAttributeNames=["SentTimestamp"])
    frozen.advance("1h")
    assert receive(sqs, source) == []
    eventually(lambda: counts(sqs, dead)[0] == 1, 5, "the dead letter")
    (letter,) = receive(sqs, dead, MessageSystemAttributeNames=["SentTimestamp"])
    assert letter["Attributes"]["SentTimestamp"] == first["Attributes"]["SentTimestamp"]


def test_receive_skips_exhausted_messages_and_returns_the_next(sqs, frozen):
    # documentation: exhausted messages are moved on the receive that finds them.
    source, dead = redriven(sqs, maximum=1, VisibilityTimeout="5")
    fill(sqs, source, ["poison"])
    assert receive(sqs, source)
    frozen.advance("5s")
    fill(sqs, source, ["healthy"])
    assert bodies(receive(sqs, source)) == ["healthy"]
    eventually(lambda: counts(sqs, dead)[0] == 1, 5, "the dead letter")


def test_redrive_to_a_deleted_queue_keeps_the_message(sqs, frozen):
    # ours: design 4, a missing target gives the item back; nothing is lost.
    source, dead = redriven(sqs, maximum=1, VisibilityTimeout="5")
    fill(sqs, source, ["homeless"])
    assert receive(sqs, source)
    sqs.delete_queue(QueueUrl=dead)
    frozen.advance("5s")
    eventually(lambda: bodies(receive(sqs, source)) == ["homeless"], 5, "the message coming back")


def test_source_queues_of_a_dead_letter_queue_are_listed(sqs):
    # documentation: ListDeadLetterSourceQueues (its result member is written queueUrls).
    source, dead = redriven(sqs, maximum=3)
    listed = sqs.list_dead_letter_source_queues(QueueUrl=dead)
    assert listed["queueUrls"] == [source]
