# SPDX-License-Identifier: Apache-2.0
"""SQS through the AWS CLI: each command once, as people type it.

A CLI start costs most of a second, so one journey visits many commands. What each operation does
is tested through boto3; here it counts that the CLI's forms and outputs work.
"""

import json
import subprocess

from support import bodies, fresh, receive


def test_a_queues_life(aws_cli, account, martlet):
    # documentation: AWS CLI reference, sqs.
    name = fresh("cli")
    created = aws_cli(
        "sqs", "create-queue", "--queue-name", name,
        "--attributes", "VisibilityTimeout=20,DelaySeconds=0", "--tags", "team=a")
    url = created.json["QueueUrl"]
    assert url == f"{martlet.endpoint}/{account}/{name}"
    assert aws_cli("sqs", "get-queue-url", "--queue-name", name).json["QueueUrl"] == url
    assert aws_cli("sqs", "list-queues", "--queue-name-prefix", "cli").json["QueueUrls"] == [url]
    aws_cli("sqs", "set-queue-attributes", "--queue-url", url,
            "--attributes", json.dumps({"VisibilityTimeout": "25"}))
    got = aws_cli("sqs", "get-queue-attributes", "--queue-url", url,
                  "--attribute-names", "All", "--query", "Attributes.VisibilityTimeout")
    assert got.json == "25"
    assert aws_cli("sqs", "list-queue-tags", "--queue-url", url).json["Tags"] == {"team": "a"}
    aws_cli("sqs", "delete-queue", "--queue-url", url)
    missing = aws_cli("sqs", "get-queue-url", "--queue-name", name, check=False)
    assert missing.returncode != 0
    assert "AWS.SimpleQueueService.NonExistentQueue" in missing.stderr


def test_a_messages_life(aws_cli, queue):
    # documentation: AWS CLI reference, sqs.
    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
    sent = aws_cli("sqs", "send-message", "--queue-url", queue, "--message-body", "päivää",
                   "--message-attributes", json.dumps(attributes)).json
    (message,) = aws_cli(
        "sqs", "receive-message", "--queue-url", queue, "--wait-time-seconds", "5",
        "--message-attribute-names", "All", "--attribute-names", "All").json["Messages"]
    assert message["MessageId"] == sent["MessageId"] and message["Body"] == "päivää"
    assert message["MessageAttributes"] == attributes
    handle = message["ReceiptHandle"]
    aws_cli("sqs", "change-message-visibility", "--queue-url", queue,
            "--receipt-handle", handle, "--visibility-timeout", "60")
    aws_cli("sqs", "delete-message", "--queue-url", queue, "--receipt-handle", handle)
    nothing = aws_cli("sqs", "receive-message", "--queue-url", queue)
    assert nothing.stdout.strip() in ("", "{}")


def test_batches_and_purge(aws_cli, queue):
    # documentation: AWS CLI reference, sqs; entries as JSON.
    entries = [{"Id": str(number), "MessageBody": f"m{number}"} for number in range(3)]
    sent = aws_cli("sqs", "send-message-batch", "--queue-url", queue,
                   "--entries", json.dumps(entries)).json
    assert [entry["Id"] for entry in sent["Successful"]] == ["0", "1", "2"]
    aws_cli("sqs", "purge-queue", "--queue-url", queue)
    got = aws_cli("sqs", "get-queue-attributes", "--queue-url", queue,
                  "--attribute-names", "ApproximateNumberOfMessages").json
    assert got["Attributes"] == {"ApproximateNumberOfMessages": "0"}


def test_old_client_by_the_query_protocol(martlet, account, sqs, queue):
    # wire-facts B4: Debian's awscli 2.9.19 speaks Query to SQS and needs its XML to be right.
    def old(*arguments):
        done = subprocess.run(
            ["/usr/bin/aws", "--endpoint-url", martlet.endpoint, "sqs", *arguments],
            env={"PATH": "/usr/bin:/bin", **martlet.aws_environment(account=account)},
            capture_output=True, text=True, timeout=60)
        return done if done.returncode else json.loads(done.stdout or "{}")

    attributes = {"kind": {"DataType": "String", "StringValue": "order"}}
    sent = old("send-message", "--queue-url", queue, "--message-body", "äöü <&>",
               "--message-attributes", json.dumps(attributes))
    (message,) = old("receive-message", "--queue-url", queue,
                     "--message-attribute-names", "All")["Messages"]
    assert message["MessageId"] == sent["MessageId"] and message["Body"] == "äöü <&>"
    assert message["MessageAttributes"] == attributes
    entries = [{"Id": "a", "MessageBody": "one"}, {"Id": "b", "MessageBody": "two"}]
    batch = old("send-message-batch", "--queue-url", queue, "--entries", json.dumps(entries))
    assert [entry["Id"] for entry in batch["Successful"]] == ["a", "b"]
    assert sorted(bodies(receive(sqs, queue))) == ["one", "two"]
    missing = old("get-queue-url", "--queue-name", "missing")
    assert "AWS.SimpleQueueService.NonExistentQueue" in missing.stderr
