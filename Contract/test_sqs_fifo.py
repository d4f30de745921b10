# SPDX-License-Identifier: Apache-2.0
"""FIFO queues: order within a group, blocking of groups in flight, deduplication, redrive.

Provenance as in test_sqs.py: documentation, model, recorded or ours.
"""

import hashlib
import json

import pytest

from harness import eventually
from support import (
    arn_of, attribute, bodies, counts, fresh, receive, refused, server_of_this_module)

martlet = server_of_this_module


@pytest.fixture
def fifo(sqs):
    """The URL of a fresh FIFO queue without content-based deduplication."""
    return make(sqs)


def make(sqs, name=None, **attributes):
    given = {"FifoQueue": "true", **attributes}
    name = name or fresh("fifo") + ".fifo"
    return sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]


def send(sqs, url, group, body, dedup=None, **more):
    """Sends with an id of its own unless `dedup` gives one."""
    return sqs.send_message(
        QueueUrl=url, MessageBody=body, MessageGroupId=group,
        MessageDeduplicationId=dedup or fresh("d"), **more)


# The queue itself --------------------------------------------------------------------------


def test_a_new_fifo_queue_has_the_documented_attributes(sqs, fifo):
    # documentation: CreateQueue; recorded: the attributes a FIFO queue adds.
    found = sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["All"])["Attributes"]
    assert found["FifoQueue"] == "true"
    assert found["ContentBasedDeduplication"] == "false"
    assert found["DeduplicationScope"] == "queue"
    assert found["FifoThroughputLimit"] == "perQueue"
    assert fifo.endswith(".fifo")


@pytest.mark.parametrize(
    ("name", "attributes"),
    [("no-suffix", {"FifoQueue": "true"}), ("suffix-only.fifo", {})])
def test_fifo_name_and_attribute_go_together(sqs, name, attributes):
    # documentation: a FIFO queue's name must end with .fifo, and only a FIFO queue's may.
    with refused("InvalidParameterValue", 400):
        sqs.create_queue(QueueName=name, Attributes=attributes)


def test_fifo_attribute_cannot_be_changed_later(sqs, fifo):
    # recorded: both messages.
    with refused(
        "InvalidAttributeValue", 400,
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
    ):
        sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "false"})
    standard = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    with refused("InvalidAttributeName", 400, "Unknown Attribute FifoQueue."):
        sqs.set_queue_attributes(QueueUrl=standard, Attributes={"FifoQueue": "true"})


def test_content_based_deduplication_can_be_switched(sqs):
    # recorded: before and after the update.
    url = make(sqs, ContentBasedDeduplication="true")
    assert attribute(sqs, url, "ContentBasedDeduplication") == "true"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"ContentBasedDeduplication": "false"})
    assert attribute(sqs, url, "ContentBasedDeduplication") == "false"


def test_creating_again_with_other_fifo_attributes_is_refused(sqs):
    # recorded: the message names the attribute.
    url = make(sqs)
    with refused("QueueAlreadyExists", 400, "ContentBasedDeduplication"):
        make(sqs, name=url.rsplit("/", 1)[1], ContentBasedDeduplication="true")


# Sending -----------------------------------------------------------------------------------


def test_send_needs_a_group(sqs, fifo):
    # recorded: MissingParameter for one message, InvalidParameterValue for a batch.
    said = "The request must contain the parameter MessageGroupId."
    with refused("MissingParameter", 400, said):
        sqs.send_message(QueueUrl=fifo, MessageBody="m", MessageDeduplicationId="d")
    assert counts(sqs, fifo) == (0, 0, 0)


def test_send_needs_a_deduplication_id_or_content_based_deduplication(sqs, fifo):
    # recorded.
    with refused(
        "InvalidParameterValue", 400,
        "The queue should either have ContentBasedDeduplication enabled or "
        "MessageDeduplicationId provided explicitly",
    ):
        sqs.send_message(QueueUrl=fifo, MessageBody="m", MessageGroupId="g")


def test_send_takes_no_delay_of_its_own(sqs, fifo):
    # recorded; documentation: "You can set this parameter only on a queue level".
    with refused(
        "InvalidParameterValue", 400,
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter "
        "that is not valid for this queue type.",
    ):
        send(sqs, fifo, "g", "m", DelaySeconds=2)


@pytest.mark.parametrize("identifier", ["a" * 129, "with space", "tab\t", "umlaut-ä"])
@pytest.mark.parametrize("member", ["MessageGroupId", "MessageDeduplicationId"])
def test_ids_are_at_most_128_characters_of_ascii_without_space(sqs, fifo, member, identifier):
    # documentation: SendMessage, length and alphabet of both ids.
    given = {"MessageGroupId": "g", "MessageDeduplicationId": "d", member: identifier}
    with refused("InvalidParameterValue", 400, member):
        sqs.send_message(QueueUrl=fifo, MessageBody="m", **given)


def test_every_allowed_character_may_stand_in_an_id(sqs, fifo):
    # documentation: alphanumerics and the listed punctuation.
    identifier = "aZ09!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    send(sqs, fifo, identifier, "m", identifier)
    (message,) = receive(sqs, fifo, MessageSystemAttributeNames=["All"])
    assert message["Attributes"]["MessageGroupId"] == identifier
    assert message["Attributes"]["MessageDeduplicationId"] == identifier


def test_sequence_numbers_rise_and_come_back_with_the_message(sqs, fifo):
    # documentation: a large, non-consecutive number of 20 digits, rising within a group.
    sent = [send(sqs, fifo, "g", str(index)) for index in range(5)]
    numbers = [reply["SequenceNumber"] for reply in sent]
    assert all(len(number) == 20 and number.isdigit() for number in numbers)
    assert numbers == sorted(set(numbers))
    received = receive(sqs, fifo, MessageSystemAttributeNames=["All"])
    assert [message["Attributes"]["SequenceNumber"] for message in received] == numbers


def test_receive_returns_the_fifo_attributes(sqs, fifo):
    # recorded: the set under All.
    send(sqs, fifo, "group-1", "message-body-1", "dedup-1")
    (message,) = receive(sqs, fifo, MessageSystemAttributeNames=["All"])
    found = message["Attributes"]
    assert set(found) == {
        "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "MessageDeduplicationId",
        "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber"}
    assert found["MessageDeduplicationId"] == "dedup-1"
    assert found["MessageGroupId"] == "group-1"


def test_batch_keeps_its_order_and_reports_sequence_numbers(sqs, fifo):
    # documentation: messages of one batch are enqueued in the order they are sent.
    entries = [
        {"Id": str(index), "MessageBody": f"m{index}", "MessageGroupId": "g",
         "MessageDeduplicationId": fresh()}
        for index in range(10)
    ]
    reply = sqs.send_message_batch(QueueUrl=fifo, Entries=entries)
    numbers = [entry["SequenceNumber"] for entry in reply["Successful"]]
    assert numbers == sorted(set(numbers))
    assert bodies(receive(sqs, fifo)) == [f"m{index}" for index in range(10)]


# Order -------------------------------------------------------------------------------------


def test_group_is_received_in_the_order_sent(sqs, fifo):
    # documentation: FIFO delivery logic.
    texts = [str(index) for index in range(25)]
    for text in texts:
        send(sqs, fifo, "g", text)
    seen = []
    while messages := receive(sqs, fifo, 4):
        seen += bodies(messages)
        for message in messages:
            sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert seen == texts


def test_group_in_flight_is_blocked_and_others_are_not(sqs, fifo):
    # documentation: no more messages of a group while one of it is invisible.
    for text in ("a1", "a2"):
        send(sqs, fifo, "a", text)
    (first,) = receive(sqs, fifo, 1)
    assert receive(sqs, fifo) == []
    send(sqs, fifo, "b", "b1")
    assert bodies(receive(sqs, fifo)) == ["b1"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first["ReceiptHandle"])
    assert bodies(receive(sqs, fifo)) == ["a2"]


def test_group_opens_again_in_order_when_visibility_ends(sqs, fifo, frozen):
    # documentation: the group continues when the visibility timeout expires.
    for text in ("1", "2", "3"):
        send(sqs, fifo, "g", text)
    assert bodies(receive(sqs, fifo, 2)) == ["1", "2"]
    frozen.advance("29s")
    assert receive(sqs, fifo) == []
    frozen.advance("1s")
    assert bodies(receive(sqs, fifo)) == ["1", "2", "3"]


def test_returning_a_message_puts_it_back_at_its_place(sqs, fifo):
    # documentation: order within a group is strict, also after ChangeMessageVisibility to 0.
    for text in ("1", "2", "3"):
        send(sqs, fifo, "g", text)
    taken = receive(sqs, fifo, 2)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=taken[1]["ReceiptHandle"])
    assert receive(sqs, fifo) == []
    sqs.change_message_visibility(
        QueueUrl=fifo, ReceiptHandle=taken[0]["ReceiptHandle"], VisibilityTimeout=0)
    assert bodies(receive(sqs, fifo)) == ["1", "3"]


def test_queue_delay_keeps_the_order(sqs, frozen):
    # documentation: delay queues, also FIFO, on the queue level; retroactive for FIFO queues.
    url = make(sqs, DelaySeconds="10")
    send(sqs, url, "g", "1")
    frozen.advance("5s")
    send(sqs, url, "g", "2")
    assert counts(sqs, url) == (0, 0, 2)
    frozen.advance("5s")
    assert bodies(receive(sqs, url)) == ["1"]
    frozen.advance("5s")
    assert receive(sqs, url) == []


# Repeated receives -------------------------------------------------------------------------


def attempt(sqs, url, name="attempt", maximum=10, **more):
    return receive(sqs, url, maximum, ReceiveRequestAttemptId=name,
                   MessageSystemAttributeNames=["All"], **more)


def test_repeated_receive_gets_the_same_messages_and_handles(sqs, martlet, fifo, frozen):
    # documentation: within the visibility timeout, which the repetition begins anew; 5 minutes.
    for number in range(3):
        send(sqs, fifo, f"g{number}", f"{number}")
    first = attempt(sqs, fifo, maximum=2)
    assert bodies(first) == ["0", "1"]
    frozen.advance("25s")
    assert attempt(sqs, fifo) == first
    martlet.restart(kill=True)
    frozen.advance("25s")
    assert attempt(sqs, fifo) == first
    assert counts(sqs, fifo) == (1, 2, 0)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=first[0]["ReceiptHandle"])


def test_another_attempt_gets_other_messages(sqs, fifo):
    send(sqs, fifo, "a", "1")
    send(sqs, fifo, "b", "2")
    assert bodies(attempt(sqs, fifo, "one", 1)) == ["1"]
    assert bodies(attempt(sqs, fifo, "two", 1)) == ["2"]
    assert receive(sqs, fifo) == []


@pytest.mark.parametrize("change", ["deleted", "changed", "visible"])
def test_receive_of_changed_messages_is_a_new_one(sqs, fifo, frozen, change):
    # documentation: only if none was deleted or had its visibility changed; ours: else it is new.
    send(sqs, fifo, "a", "1")
    send(sqs, fifo, "b", "2")
    first = attempt(sqs, fifo, maximum=1)
    handle = first[0]["ReceiptHandle"]
    if change == "deleted":
        sqs.delete_message(QueueUrl=fifo, ReceiptHandle=handle)
    elif change == "changed":
        sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=handle, VisibilityTimeout=60)
    else:
        frozen.advance("30s")
    again = attempt(sqs, fifo, maximum=1)
    assert bodies(again) == (["1"] if change == "visible" else ["2"])
    assert again[0]["ReceiptHandle"] != handle


def test_attempt_is_forgotten_after_five_minutes(sqs, fifo, frozen):
    # documentation: a ReceiveRequestAttemptId can be used for 5 minutes after a receive.
    send(sqs, fifo, "a", "1")
    send(sqs, fifo, "b", "2")
    assert bodies(attempt(sqs, fifo, maximum=1, VisibilityTimeout=600)) == ["1"]
    frozen.advance("299s")
    assert bodies(attempt(sqs, fifo, maximum=1, VisibilityTimeout=600)) == ["1"]
    frozen.advance("1s")
    assert bodies(attempt(sqs, fifo, maximum=1, VisibilityTimeout=600)) == ["2"]


def test_attempt_ids_that_are_refused(sqs, queue, fifo):
    for name in ("", "a b", "x" * 129, "\u00e9"):
        with refused("InvalidParameterValue", 400, "ReceiveRequestAttemptId"):
            attempt(sqs, fifo, name)
    with refused("InvalidParameterValue", 400, "not valid for this queue type"):
        attempt(sqs, queue)


# Handles -----------------------------------------------------------------------------------


def test_handle_expires_with_its_visibility(sqs, fifo, frozen):
    # recorded: FIFO queues refuse an expired handle, which standard queues accept.
    send(sqs, fifo, "g", "1")
    handle = receive(sqs, fifo, VisibilityTimeout=1)[0]["ReceiptHandle"]
    frozen.advance("2s")
    with refused("InvalidParameterValue", 400, "Reason: The receipt handle has expired."):
        sqs.delete_message(QueueUrl=fifo, ReceiptHandle=handle)
    assert counts(sqs, fifo) == (1, 0, 0)


# Deduplication -----------------------------------------------------------------------------


def test_repeated_id_is_accepted_and_not_delivered_again(sqs, fifo):
    # documentation: accepted successfully but not delivered; the first reply's ids come back.
    first = send(sqs, fifo, "g", "one", "same")
    again = send(sqs, fifo, "g", "other body", "same")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    assert counts(sqs, fifo) == (1, 0, 0)
    assert bodies(receive(sqs, fifo)) == ["one"]


def test_id_is_remembered_for_five_minutes_and_beyond_deletion(sqs, fifo, frozen):
    # documentation: 5-minute interval, tracked even after the message is received and deleted.
    send(sqs, fifo, "g", "one", "same")
    (message,) = receive(sqs, fifo)
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    frozen.advance("4m59s")
    send(sqs, fifo, "g", "two", "same")
    assert counts(sqs, fifo) == (0, 0, 0)
    frozen.advance("1s")
    send(sqs, fifo, "g", "three", "same")
    assert bodies(receive(sqs, fifo)) == ["three"]


def test_content_is_the_id_where_the_queue_says_so(sqs):
    # documentation: SHA-256 of the body, attributes not counted; an explicit id overrides it.
    url = make(sqs, ContentBasedDeduplication="true")
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    sqs.send_message(QueueUrl=url, MessageBody="text", MessageGroupId="g")
    sqs.send_message(
        QueueUrl=url, MessageBody="text", MessageGroupId="g", MessageAttributes=attributes)
    digest = hashlib.sha256(b"text").hexdigest()
    send(sqs, url, "g", "by explicit digest", digest)
    assert counts(sqs, url) == (1, 0, 0)
    send(sqs, url, "g", "text", "own-id")
    received = receive(sqs, url, MessageSystemAttributeNames=["All"])
    assert [m["Attributes"]["MessageDeduplicationId"] for m in received] == [digest, "own-id"]


def test_deduplication_spans_the_queue_by_default(sqs, fifo):
    # recorded: not on the message group id.
    send(sqs, fifo, "a", "one", "same")
    send(sqs, fifo, "b", "two", "same")
    assert bodies(receive(sqs, fifo)) == ["one"]


def test_deduplication_spans_the_group_where_the_queue_says_so(sqs):
    # documentation: DeduplicationScope messageGroup.
    url = make(sqs, DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    send(sqs, url, "a", "one", "same")
    send(sqs, url, "b", "two", "same")
    send(sqs, url, "a", "three", "same")
    assert sorted(bodies(receive(sqs, url))) == ["one", "two"]


def test_deduplication_and_order_live_through_a_kill(martlet, sqs, fifo, frozen):
    # ours: reliability A1, no second accept within 5 minutes, across restart.
    first = send(sqs, fifo, "g", "one", "same")
    send(sqs, fifo, "g", "two")
    (taken,) = receive(sqs, fifo, 1)
    martlet.restart(kill=True)
    again = send(sqs, fifo, "g", "resent", "same")
    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    assert receive(sqs, fifo) == []
    later = send(sqs, fifo, "g", "three")
    assert later["SequenceNumber"] > first["SequenceNumber"]
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=taken["ReceiptHandle"])
    assert bodies(receive(sqs, fifo)) == ["two", "three"]


# Dead letters ------------------------------------------------------------------------------


def test_dead_letter_queue_must_be_of_the_same_kind(sqs, fifo):
    # documentation: the dead-letter queue of a FIFO queue must also be FIFO.
    standard = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    policy = {"deadLetterTargetArn": arn_of(sqs, standard), "maxReceiveCount": 1}
    with refused("InvalidParameterValue", 400):
        sqs.set_queue_attributes(
            QueueUrl=fifo, Attributes={"RedrivePolicy": json.dumps(policy)})


def test_redrive_keeps_group_and_order_and_opens_the_group(sqs, frozen):
    # documentation: FIFO dead letters keep their group; the source continues with the next.
    dead = make(sqs)
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1}
    source = make(sqs, RedrivePolicy=json.dumps(policy), VisibilityTimeout="10")
    for text in ("poison-1", "poison-2"):
        send(sqs, source, "g", text)
    assert bodies(receive(sqs, source, 2)) == ["poison-1", "poison-2"]
    send(sqs, source, "g", "healthy")
    frozen.advance("10s")
    eventually(lambda: bodies(receive(sqs, source)) == ["healthy"], 5, "the healthy message")
    eventually(lambda: counts(sqs, dead)[0] == 2, 5, "two dead letters")
    letters = receive(sqs, dead, MessageSystemAttributeNames=["All"])
    assert bodies(letters) == ["poison-1", "poison-2"]
    assert {m["Attributes"]["MessageGroupId"] for m in letters} == {"g"}
    assert {m["Attributes"]["DeadLetterQueueSourceArn"] for m in letters} == {
        arn_of(sqs, source)}
