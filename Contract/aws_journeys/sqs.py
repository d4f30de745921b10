# SPDX-License-Identifier: Apache-2.0
"""SQS by the AWS CLI."""

import json

from harness import eventually
from support import md5


def a_queues_life(aws):
    url = aws("sqs create-queue --queue-name orders"
              " --attributes VisibilityTimeout=20,DelaySeconds=0 --tags team=a")["QueueUrl"]
    assert url == f"{aws.martlet.endpoint}/{aws.account}/orders"
    assert aws.process("sqs get-queue-url --queue-name orders") == {"QueueUrl": url}
    assert aws("sqs get-queue-url --queue-name orders") == {"QueueUrl": url}
    assert aws("sqs list-queues --queue-name-prefix ord") == {"QueueUrls": [url]}
    assert aws("sqs list-queues --queue-name-prefix other") is None
    aws(f"sqs set-queue-attributes --queue-url {url} --attributes VisibilityTimeout=25")
    got = aws(f"sqs get-queue-attributes --queue-url {url}"
              " --attribute-names VisibilityTimeout QueueArn")
    assert got["Attributes"] == {
        "VisibilityTimeout": "25", "QueueArn": f"arn:aws:sqs:us-east-1:{aws.account}:orders"}
    aws(f"sqs tag-queue --queue-url {url} --tags env=dev")
    assert aws(f"sqs list-queue-tags --queue-url {url}") == {"Tags": {"team": "a", "env": "dev"}}
    aws(f"sqs untag-queue --queue-url {url} --tag-keys team")
    assert aws(f"sqs list-queue-tags --queue-url {url}") == {"Tags": {"env": "dev"}}
    aws(f"sqs delete-queue --queue-url {url}")
    assert aws.refused("sqs get-queue-url --queue-name orders") == (
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl "
        "operation: The specified queue does not exist.")


def a_messages_life(aws):
    url = aws("sqs create-queue --queue-name work")["QueueUrl"]
    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
    sent = aws(f"sqs send-message --queue-url {url} --message-body 'päivää <&>'"
               f" --message-attributes '{json.dumps(attributes)}'")
    assert sent["MD5OfMessageBody"] == md5("päivää <&>")
    take = (f"sqs receive-message --queue-url {url} --attribute-names ApproximateReceiveCount"
            " --message-attribute-names All")
    (first,) = aws(take)["Messages"]
    assert first["MessageId"] == sent["MessageId"] and first["Body"] == "päivää <&>"
    assert first["MessageAttributes"] == attributes
    assert aws(take) is None, "the message is in flight"
    aws(f"sqs change-message-visibility --queue-url {url} --visibility-timeout 0"
        f" --receipt-handle {first['ReceiptHandle']}")
    (second,) = aws(take)["Messages"]
    assert second["MessageId"] == first["MessageId"]
    assert second["Attributes"] == {"ApproximateReceiveCount": "2"}
    aws(f"sqs delete-message --queue-url {url} --receipt-handle {second['ReceiptHandle']}")
    assert _counts(aws, url) == (0, 0)


def batches(aws):
    url = aws("sqs create-queue --queue-name batches")["QueueUrl"]
    sent = aws(f"sqs send-message-batch --queue-url {url} --entries"
               " Id=a,MessageBody=one Id=b,MessageBody=two,DelaySeconds=0 Id=c,MessageBody=three")
    assert [entry["Id"] for entry in sent["Successful"]] == ["a", "b", "c"]
    assert _counts(aws, url) == (3, 0)
    got = aws(f"sqs receive-message --queue-url {url} --max-number-of-messages 10")["Messages"]
    assert sorted(message["Body"] for message in got) == ["one", "three", "two"]
    assert _counts(aws, url) == (0, 3)
    handles = [message["ReceiptHandle"] for message in got]
    changed = aws(f"sqs change-message-visibility-batch --queue-url {url} --entries"
                  f" Id=a,VisibilityTimeout=0,ReceiptHandle={handles[0]}"
                  f" Id=b,VisibilityTimeout=60,ReceiptHandle={handles[1]}")
    assert changed == {"Successful": [{"Id": "a"}, {"Id": "b"}], "Failed": []}
    assert _counts(aws, url) == (1, 2)
    entries = [{"Id": str(number), "ReceiptHandle": handle}
               for number, handle in enumerate(handles[1:])]
    deleted = aws(f"sqs delete-message-batch --queue-url {url} --entries '{json.dumps(entries)}'")
    assert deleted == {"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []}
    assert _counts(aws, url) == (1, 0)
    aws(f"sqs purge-queue --queue-url {url}")
    assert _counts(aws, url) == (0, 0)


def a_shared_queue(aws):
    url = aws("sqs create-queue --queue-name shared")["QueueUrl"]
    aws(f"sqs add-permission --queue-url {url} --label reader --aws-account-ids 111122223333"
        " --actions ReceiveMessage")
    (statement,) = _policy(aws, url)["Statement"]
    assert statement["Sid"] == "reader" and statement["Action"] == "SQS:ReceiveMessage"
    aws(f"sqs remove-permission --queue-url {url} --label reader")
    assert _policy(aws, url) is None


def dead_letters_come_back(aws):
    dead = aws("sqs create-queue --queue-name dead")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{aws.account}"
    policy = json.dumps({"deadLetterTargetArn": f"{arn}:dead", "maxReceiveCount": "1"})
    attributes = json.dumps({"RedrivePolicy": policy, "VisibilityTimeout": "0"})
    url = aws(f"sqs create-queue --queue-name source --attributes '{attributes}'")["QueueUrl"]
    assert aws(f"sqs list-dead-letter-source-queues --queue-url {dead}")["queueUrls"] == [url]
    aws(f"sqs send-message --queue-url {url} --message-body poison")
    take = f"sqs receive-message --queue-url {url}"
    assert aws(take)["Messages"][0]["Body"] == "poison"
    assert aws(take) is None, "its second receive sends it away"
    eventually(lambda: _counts(aws, dead) == (1, 0), 10, "the dead letter")
    # One a second, so that the second is still there when the task is cancelled.
    aws(f"sqs send-message --queue-url {dead} --message-body other")
    handle = aws(f"sqs start-message-move-task --source-arn {arn}:dead --destination-arn"
                 f" {arn}:source --max-number-of-messages-per-second 1")["TaskHandle"]
    (task,) = aws(f"sqs list-message-move-tasks --source-arn {arn}:dead")["Results"]
    assert (task["TaskHandle"], task["Status"]) == (handle, "RUNNING")
    stopped = aws(f"sqs cancel-message-move-task --task-handle {handle}")
    assert stopped["ApproximateNumberOfMessagesMoved"] <= 1


def _policy(aws, url):
    found = aws(f"sqs get-queue-attributes --queue-url {url} --attribute-names Policy")
    return json.loads(found["Attributes"]["Policy"]) if found else None


def _counts(aws, url):
    """(visible, in flight)"""
    visible, in_flight = (
        f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible"))
    found = aws(f"sqs get-queue-attributes --queue-url {url}"
                f" --attribute-names {visible} {in_flight}")["Attributes"]
    return int(found[visible]), int(found[in_flight])


JOURNEYS = (a_queues_life, a_messages_life, batches, a_shared_queue, dead_letters_come_back)
