# SPDX-License-Identifier: Apache-2.0
"""Standard queues through boto3: every operation, attribute and counter in its plain form.

Refusals are in test_sqs_errors.py, FIFO in test_sqs_fifo.py, dead letters in
test_sqs_redrive.py, long spans of time in test_clock.py.
Each test says where its expectation comes from: documentation, model, recorded (answers of AWS
kept by public test suites) or ours. boto3 itself checks every MD5 of a body it sends or receives.
"""

import json

import pytest

from harness import eventually
from support import (
    Poll, arn_of, attribute, attributes_md5, bodies, counts, fill, fresh, json_headers, md5,
    receive, redriven, refused, server_of_this_module)

martlet = server_of_this_module

# Queues ------------------------------------------------------------------------------------


def test_queue_url_names_the_callers_endpoint_account_and_queue(martlet, sqs, account):
    # ours: wire-facts B3, returned URLs reuse the caller's host and port.
    name = fresh()
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert url == f"{martlet.endpoint}/{account}/{name}"
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url


def test_creating_again_with_equal_attributes_returns_the_same_queue(sqs):
    # documentation: CreateQueue, "exact same names and values for all its attributes".
    name = fresh()
    attributes = {"VisibilityTimeout": "17", "DelaySeconds": "3"}
    first = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    sqs.send_message(QueueUrl=first, MessageBody="kept")
    assert sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"] == first
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == first
    assert counts(sqs, first) == (0, 0, 1)


def test_creating_again_with_another_attribute_is_refused(sqs):
    # recorded: the message names the differing attribute; model: shape QueueNameExists.
    name = fresh()
    sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "3"})
    with refused(
        "QueueAlreadyExists",
        400,
        "A queue already exists with the same name and a different value for attribute "
        "DelaySeconds",
    ) as refusal:
        sqs.create_queue(QueueName=name, Attributes={"DelaySeconds": "4"})
    assert refusal.shape == "QueueNameExists"
    assert isinstance(refusal.exception, sqs.exceptions.QueueNameExists)


def test_accounts_and_regions_have_queues_of_their_own(martlet, sqs, account):
    # documentation: a queue's name is unique within its account and region.
    name = fresh()
    sqs.create_queue(QueueName=name)
    other_region = martlet.client("sqs", account=account, region="eu-west-1")
    other_account = martlet.client("sqs", account="210987654321")
    for stranger in (other_region, other_account):
        with refused("AWS.SimpleQueueService.NonExistentQueue", 400):
            stranger.get_queue_url(QueueName=name)
    away = other_region.create_queue(QueueName=name)["QueueUrl"]
    assert arn_of(other_region, away) == f"arn:aws:sqs:eu-west-1:{account}:{name}"


def test_deleted_queue_is_gone_with_its_messages(sqs, queue):
    # documentation: DeleteQueue, whatever the queue holds; recreation at once is ours (relaxed).
    name = queue.rsplit("/", 1)[1]
    sqs.send_message(QueueUrl=queue, MessageBody="old")
    sqs.delete_queue(QueueUrl=queue)
    with refused("AWS.SimpleQueueService.NonExistentQueue", 400):
        sqs.get_queue_url(QueueName=name)
    with refused("AWS.SimpleQueueService.NonExistentQueue", 400):
        sqs.send_message(QueueUrl=queue, MessageBody="late")
    again = sqs.create_queue(QueueName=name)["QueueUrl"]
    assert again == queue
    assert receive(sqs, again) == []


def test_receipt_handle_of_a_deleted_queue_does_not_touch_its_successor(sqs, queue):
    # ours: design 4, cell ids are never reused.
    name = queue.rsplit("/", 1)[1]
    sqs.send_message(QueueUrl=queue, MessageBody="first life")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_queue(QueueUrl=queue)
    sqs.create_queue(QueueName=name)
    sqs.send_message(QueueUrl=queue, MessageBody="second life")
    try:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    except sqs.exceptions.ClientError:
        pass
    assert bodies(receive(sqs, queue)) == ["second life"]


def test_list_queues_filters_by_prefix(sqs):
    # documentation: ListQueues, prefix is case-sensitive.
    for name in ("orders-a", "orders-b", "Orders-c", "bills"):
        sqs.create_queue(QueueName=name)
    listed = sqs.list_queues(QueueNamePrefix="orders-")["QueueUrls"]
    assert [url.rsplit("/", 1)[1] for url in listed] == ["orders-a", "orders-b"]
    assert len(sqs.list_queues()["QueueUrls"]) == 4


def test_list_queues_of_an_empty_account_has_no_urls(sqs):
    # recorded: the member is left out when there is nothing to list.
    assert sqs.list_queues().get("QueueUrls", []) == []


def test_list_queues_pages_through_everything_once(sqs):
    # documentation: NextToken is answered only when MaxResults was given.
    names = sorted(fresh(f"page{number:02}") for number in range(7))
    for name in names:
        sqs.create_queue(QueueName=name)
    pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["QueueUrls"]) for page in pages] == [3, 3, 1]
    found = [url.rsplit("/", 1)[1] for page in pages for url in page["QueueUrls"]]
    assert sorted(found) == names and len(set(found)) == 7
    assert "NextToken" not in sqs.list_queues()


def test_get_queue_url_takes_the_owners_account(martlet, sqs, account):
    # documentation: GetQueueUrl, QueueOwnerAWSAccountId.
    name = fresh()
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    own = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    assert own["QueueUrl"] == url


# Attributes --------------------------------------------------------------------------------


def test_a_new_queue_has_the_documented_defaults(sqs, queue, account):
    # documentation: CreateQueue; MaximumMessageSize is 1 MiB since 2025; recorded: the full set.
    name = queue.rsplit("/", 1)[1]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    created = int(found.pop("CreatedTimestamp"))
    assert int(found.pop("LastModifiedTimestamp")) == created
    assert 1_600_000_000 < created < 10_000_000_000
    assert found == {
        "QueueArn": f"arn:aws:sqs:us-east-1:{account}:{name}",
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "VisibilityTimeout": "30",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
    }


def test_get_queue_attributes_answers_only_what_was_asked(sqs, queue):
    # documentation: without AttributeNames the result is empty.
    assert sqs.get_queue_attributes(QueueUrl=queue).get("Attributes", {}) == {}
    names = ["VisibilityTimeout", "DelaySeconds"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert found == {"VisibilityTimeout": "30", "DelaySeconds": "0"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DelaySeconds", "900"),
        ("MaximumMessageSize", "1024"),
        ("MaximumMessageSize", "1048576"),
        ("MessageRetentionPeriod", "60"),
        ("MessageRetentionPeriod", "1209600"),
        ("ReceiveMessageWaitTimeSeconds", "20"),
        ("VisibilityTimeout", "0"),
        ("VisibilityTimeout", "43200"),
        ("KmsMasterKeyId", "alias/aws/sqs"),
    ],
)
def test_set_queue_attributes_takes_each_bound(sqs, queue, name, value):
    # documentation: SetQueueAttributes, valid values of each attribute.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: value})
    assert attribute(sqs, queue, name) == value


def test_set_queue_attributes_moves_the_modification_time_only(sqs, queue, frozen):
    # documentation: LastModifiedTimestamp is when the queue was last changed, in seconds.
    created = int(attribute(sqs, queue, "CreatedTimestamp"))
    frozen.advance("90s")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5"})
    assert int(attribute(sqs, queue, "CreatedTimestamp")) == created
    assert int(attribute(sqs, queue, "LastModifiedTimestamp")) - created in (90, 91)


def test_policy_round_trips_and_the_empty_string_removes_it(sqs, queue, account):
    # recorded: setting an attribute to the empty string removes it.
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "sqs:SendMessage",
                "Resource": arn_of(sqs, queue),
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    assert json.loads(attribute(sqs, queue, "Policy")) == policy
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert "Policy" not in found


def test_redrive_policy_round_trips(sqs):
    # recorded: the policy comes back as JSON text with the count as given.
    source, dead = redriven(sqs, maximum=4)
    policy = json.loads(attribute(sqs, source, "RedrivePolicy"))
    assert policy["deadLetterTargetArn"] == arn_of(sqs, dead)
    assert int(policy["maxReceiveCount"]) == 4
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": ""})
    found = sqs.get_queue_attributes(QueueUrl=source, AttributeNames=["All"])["Attributes"]
    assert "RedrivePolicy" not in found


# Send and receive --------------------------------------------------------------------------


def test_message_comes_back_byte_for_byte(sqs, queue):
    # documentation: SendMessage, the allowed characters include tab, newline, CR and all planes.
    body = 'tab\t nl\n cr\r quote" back\\ é 中文 \U0001f426 \ue000 \ufffd <xml>&amp;'
    sent = sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert sent["MD5OfMessageBody"] == md5(body)
    assert "SequenceNumber" not in sent
    (message,) = receive(sqs, queue)
    assert message["Body"] == body
    assert message["MD5OfBody"] == md5(body)
    assert message["MessageId"] == sent["MessageId"]
    assert "Attributes" not in message and "MessageAttributes" not in message


def test_received_message_is_hidden_until_its_visibility_ends(sqs, queue, frozen):
    # documentation: visibility timeout, 30 s by default, counted from the receive.
    fill(sqs, queue, ["once"])
    first = receive(sqs, queue)[0]
    assert receive(sqs, queue) == []
    frozen.advance("29s")
    assert receive(sqs, queue) == []
    frozen.advance("1s")
    second = receive(sqs, queue)[0]
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]


def test_receive_can_override_the_visibility(sqs, queue, frozen):
    # documentation: ReceiveMessage VisibilityTimeout applies to the returned messages.
    fill(sqs, queue, ["short"])
    assert receive(sqs, queue, VisibilityTimeout=5)
    frozen.advance("4s")
    assert receive(sqs, queue) == []
    frozen.advance("1s")
    assert bodies(receive(sqs, queue, VisibilityTimeout=0)) == ["short"]
    assert bodies(receive(sqs, queue)) == ["short"]


def test_max_number_of_messages_bounds_a_receive(sqs, queue):
    # documentation: 1 to 10, default 1; short polls here look at the whole queue (ours).
    fill(sqs, queue, [str(number) for number in range(12)])
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
    assert len(receive(sqs, queue, 4)) == 4
    assert len(receive(sqs, queue, 10)) == 7
    assert receive(sqs, queue, 10) == []


def test_system_attributes_are_chosen_by_name(sqs, queue, account, frozen):
    # documentation: ReceiveMessage; recorded: the set that All returns on a standard queue.
    fill(sqs, queue, ["attributed"])
    frozen.advance("10s")
    first = receive(
        sqs, queue, MessageSystemAttributeNames=["All"], VisibilityTimeout=0
    )[0]["Attributes"]
    assert set(first) == {
        "SenderId",
        "SentTimestamp",
        "ApproximateReceiveCount",
        "ApproximateFirstReceiveTimestamp",
    }
    assert first["ApproximateReceiveCount"] == "1"
    assert first["SenderId"] == account
    waited = int(first["ApproximateFirstReceiveTimestamp"]) - int(first["SentTimestamp"])
    assert waited == 10_000
    second = receive(sqs, queue, AttributeNames=["ApproximateReceiveCount"], VisibilityTimeout=0)
    assert second[0]["Attributes"] == {"ApproximateReceiveCount": "2"}
    third = receive(sqs, queue, MessageSystemAttributeNames=["All"])[0]["Attributes"]
    assert third["ApproximateReceiveCount"] == "3"
    assert third["ApproximateFirstReceiveTimestamp"] == first["ApproximateFirstReceiveTimestamp"]


def test_message_attributes_of_each_type_round_trip(sqs, queue):
    # documentation: types String, Number and Binary, each with custom labels.
    attributes = {
        "plain": {"DataType": "String", "StringValue": "äöü"},
        "amount": {"DataType": "Number", "StringValue": "-12.50"},
        "blob": {"DataType": "Binary", "BinaryValue": b"\x00\x01\xff"},
        "labelled": {"DataType": "Number.float", "StringValue": "1e3"},
        "picture": {"DataType": "Binary.png", "BinaryValue": b"png"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="m", MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == attributes_md5(attributes)
    (message,) = receive(sqs, queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ([], []),
        (["All"], ["General", "Hello", "Help.Me"]),
        ([".*"], ["General", "Hello", "Help.Me"]),
        (["Foo", "Help"], []),
        (["Hello", "General"], ["General", "Hello"]),
        (["Hello", "Foo"], ["Hello"]),
        (["Hel.*"], ["Hello", "Help.Me"]),
        (["Help.*"], ["Help.Me"]),
    ],
)
def test_message_attribute_names_select(sqs, queue, asked, found):
    # documentation: names, All, and a prefix with ".*"; recorded: the digest covers what is sent.
    attributes = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in (("General", "Kenobi"), ("Hello", "There"), ("Help.Me", "Me"))
    }
    sqs.send_message(QueueUrl=queue, MessageBody="msg", MessageAttributes=attributes)
    (message,) = receive(sqs, queue, MessageAttributeNames=asked)
    assert sorted(message.get("MessageAttributes", {})) == found
    if found:
        chosen = {name: attributes[name] for name in found}
        assert message["MD5OfMessageAttributes"] == attributes_md5(chosen)
    else:
        assert "MD5OfMessageAttributes" not in message


def test_trace_header_is_a_system_attribute_with_its_own_digest(sqs, queue):
    # documentation: MessageSystemAttributes, AWSTraceHeader only.
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    system = {"AWSTraceHeader": {"DataType": "String", "StringValue": header}}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="m", MessageSystemAttributes=system)
    assert sent["MD5OfMessageSystemAttributes"] == attributes_md5(system)
    (message,) = receive(sqs, queue, MessageSystemAttributeNames=["AWSTraceHeader"])
    assert message["Attributes"] == {"AWSTraceHeader": header}


def test_message_group_of_a_standard_queue_is_kept(sqs, queue):
    # documentation: MessageGroupId on standard queues (fair queues).
    sqs.send_message(QueueUrl=queue, MessageBody="m", MessageGroupId="tenant-1")
    (message,) = receive(sqs, queue, MessageSystemAttributeNames=["All"])
    assert message["Attributes"]["MessageGroupId"] == "tenant-1"


def test_largest_message_is_accepted(sqs, queue):
    # documentation: 1 MiB, counting body and attributes together.
    attributes = {"n": {"DataType": "String", "StringValue": "v"}}
    overhead = len("n") + len("String") + len("v")
    body = "a" * (1_048_576 - overhead)
    sqs.send_message(QueueUrl=queue, MessageBody=body, MessageAttributes=attributes)
    assert receive(sqs, queue)[0]["Body"] == body


# Delays ------------------------------------------------------------------------------------


def test_queue_delay_postpones_every_message(sqs, frozen):
    # documentation: DelaySeconds of the queue.
    url = sqs.create_queue(QueueName=fresh(), Attributes={"DelaySeconds": "10"})["QueueUrl"]
    fill(sqs, url, ["later"])
    assert receive(sqs, url) == []
    assert counts(sqs, url) == (0, 0, 1)
    frozen.advance("10s")
    assert counts(sqs, url) == (1, 0, 0)
    assert bodies(receive(sqs, url)) == ["later"]


def test_message_timer_overrides_the_queues_delay(sqs, frozen):
    # documentation: message timers, DelaySeconds 0 to 900, override the queue's value.
    url = sqs.create_queue(QueueName=fresh(), Attributes={"DelaySeconds": "600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="now", DelaySeconds=0)
    sqs.send_message(QueueUrl=url, MessageBody="soon", DelaySeconds=5)
    assert bodies(receive(sqs, url)) == ["now"]
    frozen.advance("5s")
    assert bodies(receive(sqs, url)) == ["soon"]


def test_changing_a_queues_delay_leaves_earlier_messages_alone(sqs, queue, frozen):
    # documentation: for standard queues the per-queue delay is not retroactive.
    fill(sqs, queue, ["early"])
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"DelaySeconds": "60"})
    fill(sqs, queue, ["late"])
    assert bodies(receive(sqs, queue)) == ["early"]


# Long polling ------------------------------------------------------------------------------


def test_long_poll_wakes_at_once_on_arrival(martlet, sqs, queue, account):
    # documentation: the call returns sooner than WaitTimeSeconds when a message arrives.
    poll = Poll(martlet.client("sqs", account=account), queue, WaitTimeSeconds=20)
    assert poll.waits()
    fill(sqs, queue, ["wake"])
    poll.join(2)
    assert bodies(poll.messages or []) == ["wake"]


def test_queue_wait_time_makes_every_receive_long(martlet, sqs, account):
    # documentation: ReceiveMessageWaitTimeSeconds; a receive's own value 0 overrides it.
    given = {"ReceiveMessageWaitTimeSeconds": "20"}
    url = sqs.create_queue(QueueName=fresh(), Attributes=given)["QueueUrl"]
    assert receive(sqs, url, WaitTimeSeconds=0) == []
    poll = Poll(martlet.client("sqs", account=account), url)
    assert poll.waits()
    fill(sqs, url, ["wake"])
    poll.join(2)
    assert bodies(poll.messages or []) == ["wake"]


def test_one_arrival_wakes_one_of_several_pollers(martlet, sqs, queue, account):
    # documentation: a message in flight is not returned to others.
    polls = [
        Poll(martlet.client("sqs", account=account), queue, WaitTimeSeconds=20)
        for _ in range(3)
    ]
    assert all(poll.waits() for poll in polls)
    fill(sqs, queue, ["one"])
    eventually(lambda: sum(not poll.is_alive() for poll in polls) == 1, 2, "one poll returning")
    assert sum(poll.waits() for poll in polls) == 2
    fill(sqs, queue, ["two", "three"])
    for poll in polls:
        poll.join(2)
    assert sorted(text for poll in polls for text in bodies(poll.messages)) == [
        "one",
        "three",
        "two",
    ]


def test_long_poll_wakes_when_a_delay_or_a_visibility_ends(martlet, sqs, queue, account, frozen):
    # documentation: a long poll returns what becomes available while it waits.
    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=5)
    poll = Poll(martlet.client("sqs", account=account), queue, WaitTimeSeconds=20)
    assert poll.waits()
    frozen.advance("5s")
    poll.join(2)
    assert bodies(poll.messages or []) == ["delayed"]
    again = Poll(martlet.client("sqs", account=account), queue, WaitTimeSeconds=20)
    assert again.waits()
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=poll.messages[0]["ReceiptHandle"], VisibilityTimeout=0
    )
    again.join(2)
    assert bodies(again.messages or []) == ["delayed"]


def test_poller_that_hangs_up_takes_no_message(martlet, sqs, queue, account):
    # ours: a message is handed only to a living connection.
    body = json.dumps({"QueueUrl": queue, "WaitTimeSeconds": 20})
    with martlet.connect() as connection:
        connection.request("POST", "/", json_headers(account, "ReceiveMessage"), body)
    poll = Poll(martlet.client("sqs", account=account), queue, WaitTimeSeconds=20)
    assert poll.waits()
    fill(sqs, queue, ["for the living"])
    poll.join(3)
    assert bodies(poll.messages or []) == ["for the living"]


# Delete and visibility ---------------------------------------------------------------------


def test_deleted_message_never_returns_and_deleting_twice_is_fine(sqs, queue, frozen):
    # documentation: DeleteMessage is idempotent.
    fill(sqs, queue, ["done"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert counts(sqs, queue) == (0, 0, 0)
    frozen.advance("1h")
    assert receive(sqs, queue) == []


def test_handle_of_an_earlier_receive_still_succeeds_but_may_not_delete(sqs, queue, frozen):
    # documentation: an old handle's request succeeds, "but the message might not be deleted".
    fill(sqs, queue, ["twice"])
    stale = receive(sqs, queue, VisibilityTimeout=0)[0]["ReceiptHandle"]
    current = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=stale)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=current)
    assert counts(sqs, queue) == (0, 0, 0)


def test_handle_deletes_after_its_visibility_has_ended(sqs, queue, frozen):
    # documentation: on a standard queue the most recent handle stays good until received again.
    fill(sqs, queue, ["slow"])
    handle = receive(sqs, queue, VisibilityTimeout=1)[0]["ReceiptHandle"]
    frozen.advance("2s")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert counts(sqs, queue) == (0, 0, 0)


def test_change_visibility_counts_from_the_call(sqs, queue, frozen):
    # documentation: the new timeout begins when ChangeMessageVisibility is called.
    fill(sqs, queue, ["extended"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    frozen.advance("15s")
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=60)
    frozen.advance("59s")
    assert receive(sqs, queue) == []
    frozen.advance("1s")
    assert bodies(receive(sqs, queue)) == ["extended"]


def test_change_visibility_to_zero_returns_the_message_at_once(sqs, queue):
    # documentation: a timeout of 0 makes the message available again immediately.
    fill(sqs, queue, ["again"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert counts(sqs, queue) == (1, 0, 0)
    assert bodies(receive(sqs, queue)) == ["again"]


# Batches -----------------------------------------------------------------------------------


def test_send_batch_reports_each_entry(sqs, queue):
    # documentation: SendMessageBatch, results are per entry even though the status is 200.
    attributes = {"a": {"DataType": "String", "StringValue": "b"}}
    entries = [
        {"Id": "plain", "MessageBody": "one"},
        {"Id": "with-attributes", "MessageBody": "two", "MessageAttributes": attributes},
        {"Id": "bad_delay", "MessageBody": "three", "DelaySeconds": 901},
        {"Id": "later", "MessageBody": "four", "DelaySeconds": 60},
        {"Id": "bad_body", "MessageBody": "\x01"},
    ]
    reply = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    good = {entry["Id"]: entry for entry in reply["Successful"]}
    bad = {entry["Id"]: entry for entry in reply["Failed"]}
    assert sorted(good) == ["later", "plain", "with-attributes"]
    assert good["plain"]["MD5OfMessageBody"] == md5("one")
    assert good["with-attributes"]["MD5OfMessageAttributes"] == attributes_md5(attributes)
    assert sorted(bad) == ["bad_body", "bad_delay"]
    assert bad["bad_delay"]["Code"] == "InvalidParameterValue"
    assert bad["bad_body"]["Code"] == "InvalidMessageContents"
    assert all(entry["SenderFault"] is True for entry in bad.values())
    assert counts(sqs, queue) == (2, 0, 1)


def test_delete_batch_reports_each_entry(sqs, queue):
    # documentation: DeleteMessageBatch; model: ReceiptHandleIsInvalid.
    fill(sqs, queue, ["a", "b"])
    received = receive(sqs, queue)
    entries = [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
        for index, message in enumerate(received)
    ]
    entries.append({"Id": "bad", "ReceiptHandle": "nonsense"})
    reply = sqs.delete_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in reply["Successful"]] == ["0", "1"]
    assert [(entry["Id"], entry["Code"]) for entry in reply["Failed"]] == [
        ("bad", "ReceiptHandleIsInvalid")
    ]
    assert counts(sqs, queue) == (0, 0, 0)


def test_change_visibility_batch_reports_each_entry(sqs, queue):
    # documentation: ChangeMessageVisibilityBatch.
    fill(sqs, queue, ["a", "b", "c"])
    received = receive(sqs, queue)
    entries = [
        {"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 0}
        for m in received
        if m["Body"] != "c"
    ]
    handle_c = next(m["ReceiptHandle"] for m in received if m["Body"] == "c")
    entries.append({"Id": "c", "ReceiptHandle": handle_c, "VisibilityTimeout": 43_201})
    reply = sqs.change_message_visibility_batch(QueueUrl=queue, Entries=entries)
    assert sorted(entry["Id"] for entry in reply["Successful"]) == ["a", "b"]
    assert [(entry["Id"], entry["Code"]) for entry in reply["Failed"]] == [
        ("c", "InvalidParameterValue")
    ]
    assert counts(sqs, queue) == (2, 1, 0)


# Purge, tags, counters ---------------------------------------------------------------------


def test_purge_removes_waiting_delayed_and_in_flight_messages(sqs, queue, frozen):
    # documentation: PurgeQueue, in-flight messages included; later sends live on.
    fill(sqs, queue, ["a", "b", "c"])
    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=60)
    receive(sqs, queue, 1)
    assert counts(sqs, queue) == (2, 1, 1)
    sqs.purge_queue(QueueUrl=queue)
    assert counts(sqs, queue) == (0, 0, 0)
    fill(sqs, queue, ["after"])
    frozen.advance("1h")
    assert bodies(receive(sqs, queue)) == ["after"]


def test_purging_twice_is_allowed_under_relaxed_limits(sqs, queue):
    # ours: the 60-second rules hold under --limits=aws only.
    sqs.purge_queue(QueueUrl=queue)
    sqs.purge_queue(QueueUrl=queue)


def test_tags_are_added_overwritten_listed_and_removed(sqs):
    # documentation: TagQueue overwrites equal keys; recorded: no Tags member when there are none.
    url = sqs.create_queue(QueueName=fresh(), tags={"team": "a", "empty": ""})["QueueUrl"]
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a", "empty": ""}
    sqs.tag_queue(QueueUrl=url, Tags={"team": "b", "env": "dev"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "b", "empty": "", "env": "dev"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "empty", "never"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"env": "dev"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["env"])
    assert sqs.list_queue_tags(QueueUrl=url).get("Tags", {}) == {}


def test_counters_are_exact_at_every_step(sqs, queue, frozen):
    # ours: counters are exact.
    fill(sqs, queue, [str(number) for number in range(6)])
    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=20)
    assert counts(sqs, queue) == (6, 0, 1)
    taken = receive(sqs, queue, 4)
    assert counts(sqs, queue) == (2, 4, 1)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken[0]["ReceiptHandle"])
    assert counts(sqs, queue) == (2, 3, 1)
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=taken[1]["ReceiptHandle"], VisibilityTimeout=0
    )
    assert counts(sqs, queue) == (3, 2, 1)
    frozen.advance("20s")
    assert counts(sqs, queue) == (4, 2, 0)
    frozen.advance("10s")
    assert counts(sqs, queue) == (6, 0, 0)


# Restart -----------------------------------------------------------------------------------


def test_everything_is_there_after_a_kill(martlet, sqs, queue, frozen):
    # ours: the promise, an acknowledged write survives kill -9; handles stay valid.
    sqs.tag_queue(QueueUrl=queue, Tags={"k": "v"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "77"})
    fill(sqs, queue, ["deleted", "held", "waiting"])
    sqs.send_message(QueueUrl=queue, MessageBody="delayed", DelaySeconds=300)
    taken = {}
    while len(taken) < 2:
        (message,) = receive(sqs, queue, 1)
        taken[message["Body"]] = message["ReceiptHandle"]
    names = sorted(taken)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken[names[0]])
    martlet.kill9()
    martlet.restart()
    assert counts(sqs, queue) == (1, 1, 1)
    assert attribute(sqs, queue, "VisibilityTimeout") == "77"
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"k": "v"}
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=taken[names[1]], VisibilityTimeout=30
    )
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken[names[1]])
    assert counts(sqs, queue) == (1, 0, 1)
    frozen.advance("5m")
    left = sorted(bodies(receive(sqs, queue)))
    assert len(left) == 2 and "delayed" in left
