# SPDX-License-Identifier: Apache-2.0
"""SQS's quotas, what a call is billed, who may use a dead-letter queue, and old forms of URLs.

Provenance as in test_sqs.py: documentation, recorded or ours.
"""

import json

import pytest

from harness import eventually
from support import (arn_of, attribute, bodies, code_of, counts, fresh, json_call, query_call,
                     receive, refused, server_of_this_module)

martlet = server_of_this_module

MIB = 1_048_576
CHUNK = 65_536


def fifo(sqs, **attributes):
    return sqs.create_queue(QueueName=fresh() + ".fifo", Attributes={
        "FifoQueue": "true", **attributes})["QueueUrl"]


# Who may use a dead-letter queue -----------------------------------------------------------


def allowing(sqs, **policy):
    return sqs.create_queue(QueueName=fresh("dead"), Attributes={
        "RedriveAllowPolicy": json.dumps(policy)})["QueueUrl"]


def use(sqs, url, dead):
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})


def test_only_named_queues_may_use_a_dead_letter_queue(sqs, queue):
    # documentation: byQueue with up to 10 ARNs.
    other = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    dead = allowing(sqs, redrivePermission="byQueue", sourceQueueArns=[arn_of(sqs, queue)])
    use(sqs, queue, dead)
    with refused("InvalidParameterValue", 400):
        use(sqs, other, dead)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue]


def test_allow_policy_can_open_and_close_a_dead_letter_queue(sqs, queue):
    # documentation: allowAll is the default; denyAll lets no queue use it.
    dead = allowing(sqs, redrivePermission="denyAll")
    with refused("InvalidParameterValue", 400):
        use(sqs, queue, dead)
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={
        "RedriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})})
    use(sqs, queue, dead)


@pytest.mark.parametrize("policy", [
    {"redrivePermission": "sometimes"}, {"redrivePermission": "byQueue"},
    {"redrivePermission": "byQueue", "sourceQueueArns": []},
    {"redrivePermission": "byQueue", "sourceQueueArns": [
        f"arn:aws:sqs:us-east-1:000000000000:q{n}" for n in range(11)]},
    {"redrivePermission": "denyAll", "sourceQueueArns": ["arn:aws:sqs:us-east-1:0:q"]},
    {"sourceQueueArns": []}])
def test_bad_allow_policies_are_refused(sqs, queue, policy):
    with refused("InvalidParameterValue", 400):
        sqs.set_queue_attributes(
            QueueUrl=queue, Attributes={"RedriveAllowPolicy": json.dumps(policy)})


# Dead letters and deduplication ------------------------------------------------------------


def test_fifo_dead_letter_has_its_id_as_deduplication_id(sqs, frozen):
    # documentation: the enqueue time is reset and the deduplication id becomes the message id.
    dead = fifo(sqs)
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1}
    source = fifo(sqs, RedrivePolicy=json.dumps(policy), VisibilityTimeout="1")
    sent = sqs.send_message(QueueUrl=source, MessageBody="m", MessageGroupId="g",
                            MessageDeduplicationId="d")
    (first,) = receive(sqs, source, MessageSystemAttributeNames=["All"])
    frozen.advance("1h")
    assert receive(sqs, source) == []
    eventually(lambda: counts(sqs, dead)[0] == 1, 5, "the dead letter")
    (letter,) = receive(sqs, dead, MessageSystemAttributeNames=["All"])
    assert letter["MessageId"] == sent["MessageId"]
    assert letter["Attributes"]["MessageDeduplicationId"] == sent["MessageId"]
    assert letter["Attributes"]["MessageGroupId"] == "g"
    older, newer = (int(m["Attributes"]["SentTimestamp"]) for m in (first, letter))
    assert newer - older == 3_600_000


def test_high_throughput_attributes_go_together(sqs):
    # documentation: perMessageGroupId only with messageGroup; FIFO queues only.
    with refused("InvalidParameterValue", 400, "DeduplicationScope is messageGroup"):
        fifo(sqs, FifoThroughputLimit="perMessageGroupId")
    url = fifo(sqs, FifoThroughputLimit="perMessageGroupId", DeduplicationScope="messageGroup")
    with refused("InvalidParameterValue", 400):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "queue"})
    with refused("InvalidAttributeValue", 400, "DeduplicationScope"):
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "galaxy"})
    with refused("InvalidAttributeName", 400):
        sqs.create_queue(QueueName=fresh(), Attributes={"DeduplicationScope": "queue"})


def test_scope_of_deduplication_can_change(sqs):
    # documentation: per group with messageGroup, else per queue.
    url = fifo(sqs)

    def send(group):
        sqs.send_message(QueueUrl=url, MessageBody=group, MessageGroupId=group,
                         MessageDeduplicationId="same")
    send("a")
    send("b")
    assert counts(sqs, url)[0] == 1
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DeduplicationScope": "messageGroup"})
    for group in ("b", "c", "b"):
        send(group)
    assert sorted(bodies(receive(sqs, url))) == ["a", "b", "c"]


# Sizes and what they cost ------------------------------------------------------------------


def billed(martlet, operation, url):
    """What the latest call of this operation on this queue is billed."""
    name = url.rsplit("/", 1)[1]
    reply = martlet.raw("GET", "/_martlet/journal", {"X-Martlet-Request": "1"})
    records = [json.loads(line) for line in reply.text.splitlines()]
    found = [record for record in records
             if record["operation"] == operation and record["resource"].endswith(f":{name}")]
    return max(found, key=lambda record: record["id"])["billedRequests"]


@pytest.mark.parametrize("size, requests", [
    (1, 1), (CHUNK, 1), (CHUNK + 1, 2), (4 * CHUNK, 4), (MIB, 16)])
def test_payload_is_billed_in_chunks_of_64_kib(martlet, sqs, queue, size, requests):
    # documentation, pricing: each 64 KB chunk of a payload is one request.
    sqs.send_message(QueueUrl=queue, MessageBody="a" * size)
    assert billed(martlet, "SendMessage", queue) == requests
    assert len(receive(sqs, queue)) == 1
    assert billed(martlet, "ReceiveMessage", queue) == requests


def test_batches_are_billed_by_their_total(martlet, sqs, queue):
    sqs.send_message_batch(QueueUrl=queue, Entries=[
        {"Id": str(n), "MessageBody": "a" * (CHUNK // 4), "MessageAttributes": {
            "n": {"DataType": "String", "StringValue": "v"}}} for n in range(4)])
    assert billed(martlet, "SendMessageBatch", queue) == 2
    receive(sqs, queue)
    assert billed(martlet, "ReceiveMessage", queue) == 1
    assert receive(sqs, queue) == []
    assert billed(martlet, "ReceiveMessage", queue) == 1


def test_a_batch_of_one_mebibyte_counts_attributes(sqs, queue):
    # documentation: 1 MiB for the messages of a batch together, attributes included.
    attributes = {"n": {"DataType": "String", "StringValue": "v"}}
    body = "a" * (MIB // 2 - len("nStringv"))
    entries = [{"Id": str(n), "MessageBody": body, "MessageAttributes": attributes}
               for n in range(2)]
    sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert counts(sqs, queue) == (2, 0, 0)
    entries[1]["MessageBody"] += "a"
    with refused("AWS.SimpleQueueService.BatchRequestTooLong", 400,
                 f"Batch requests cannot be longer than {MIB} bytes. "
                 f"You have sent {MIB + 1} bytes."):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)


# Old forms of URLs -------------------------------------------------------------------------


@pytest.mark.parametrize("base", [
    "https://queue.amazonaws.com", "https://us-east-1.queue.amazonaws.com",
    "https://sqs.us-east-1.amazonaws.com", "http://us-east-1.queue.localhost.localstack.cloud:4566",
    "http://sqs.us-east-1.localhost.localstack.cloud:4566", "http://localhost:4566/queue/us-east-1",
    "http://sqs.localhost.localstack.cloud:4566", ""])
def test_old_urls_reach_the_queue(martlet, sqs, account, queue, base):
    # documentation: legacy endpoints; their URLs outlive them in people's configuration.
    old = f"{base}/{account}/{queue.rsplit('/', 1)[1]}"
    reply = json_call(martlet, account, "SendMessage", {"QueueUrl": old, "MessageBody": "m"})
    assert reply.status == 200, reply.text
    assert bodies(receive(sqs, queue)) == ["m"]


@pytest.mark.parametrize("base", [
    "https://eu-west-1.queue.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com",
    "http://localhost:4566/queue/eu-west-1"])
def test_url_of_another_region_is_no_address_here(martlet, account, queue, base):
    # documentation: InvalidAddress; recorded: its words.
    old = f"{base}/{account}/{queue.rsplit('/', 1)[1]}"
    reply = json_call(martlet, account, "SendMessage", {"QueueUrl": old, "MessageBody": "m"})
    assert code_of(reply) == "InvalidAddress"
    assert reply.json["message"] == f"The address {old} is not valid for this endpoint."


def test_query_requests_to_the_old_hosts(martlet, sqs, account, queue):
    # documentation: requests to the queue's URL, whose host names the region.
    name = queue.rsplit("/", 1)[1]
    for path in (f"/{account}/{name}", f"/queue/us-east-1/{account}/{name}"):
        reply = query_call(martlet, account, "SendMessage", path=path, MessageBody="m")
        assert reply.status == 200, reply.text
    elsewhere = query_call(martlet, account, "SendMessage",
                           path=f"/queue/eu-west-1/{account}/{name}", MessageBody="m")
    assert code_of(elsewhere) == "InvalidAddress"
    assert attribute(sqs, queue, "ApproximateNumberOfMessages") == "2"
