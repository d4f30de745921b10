# SPDX-License-Identifier: Apache-2.0
"""Fair queues: the message group of a noisy tenant does not hold the others up.

Provenance: "documentation" is the SQS Developer Guide, "How Amazon SQS fair queues work".
"""

import time

from support import bodies, counts, receive, server_of_this_module

martlet = server_of_this_module


def backlog(sqs, url, count, group="noisy"):
    for start in range(0, count, 10):
        sqs.send_message_batch(QueueUrl=url, Entries=[
            {"Id": str(n), "MessageBody": f"{start + n}", "MessageGroupId": group}
            for n in range(10)])


def test_message_group_id_comes_back(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m", MessageGroupId="tenant")
    (found,) = receive(sqs, queue, MessageSystemAttributeNames=["All"])
    assert found["Attributes"]["MessageGroupId"] == "tenant"


def test_tenant_with_many_in_flight_waits_for_the_others(sqs, queue):
    # documentation: more than a tenth of the messages in flight and at least 30 of them.
    backlog(sqs, queue, 2_000)
    for _ in range(3):
        assert len(receive(sqs, queue, VisibilityTimeout=600)) == 10
    for tenant in range(5):
        sqs.send_message(QueueUrl=queue, MessageBody=f"q{tenant}", MessageGroupId=f"t{tenant}")
    sqs.send_message(QueueUrl=queue, MessageBody="alone")
    began = time.monotonic()
    found = bodies(receive(sqs, queue, VisibilityTimeout=600))
    assert time.monotonic() - began < 1
    assert found == ["q0", "q1", "q2", "q3", "q4", "alone", "30", "31", "32", "33"]


def test_slow_tenant_waits_for_the_others(sqs, queue, frozen):
    # documentation: more than a tenth of the recent processing time, however few in flight.
    backlog(sqs, queue, 100)
    (first,) = receive(sqs, queue, 1)
    frozen.advance("20s")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    sqs.send_message(QueueUrl=queue, MessageBody="quiet", MessageGroupId="quiet")
    assert bodies(receive(sqs, queue, 1)) == ["quiet"]
    assert bodies(receive(sqs, queue, 1)) == ["1"]


def test_noise_outlives_a_kill(sqs, martlet, queue):
    backlog(sqs, queue, 200)
    for _ in range(3):
        receive(sqs, queue, VisibilityTimeout=600)
    sqs.send_message(QueueUrl=queue, MessageBody="quiet", MessageGroupId="quiet")
    martlet.restart(kill=True)
    assert bodies(receive(sqs, queue, 1)) == ["quiet"]
    assert counts(sqs, queue) == (170, 31, 0)
