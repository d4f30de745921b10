# SPDX-License-Identifier: Apache-2.0
"""The order application as steps: plain boto3 against any endpoint, and Martlet's clock.

`demo.py` tells the journey, Contract/test_order_queue.py checks it; neither has steps of its own.
"""

import io
import json
import re
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

FOLDER = Path(__file__).parent / "function"
REGION = "us-east-1"
ROLE, FUNCTION, ORDERS, DEAD = "order-worker", "order-worker", "orders", "orders-dead"
ATTEMPTS = 3
VISIBILITY = 30
POISON = 13
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                   "Action": "sts:AssumeRole"}],
}
POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"


def order(number):
    """The order of this number; one of them nobody foresaw."""
    item = ("tea", "coffee", "honey")[number % 3]
    return {"id": number, "item": item,
            "quantity": "a dozen" if number == POISON else str(1 + number % 5)}


class Journey:
    """One run of the application against one server."""

    def __init__(self, endpoint, account="000000000000"):
        self.endpoint, self.account = endpoint, account
        self.sent = {}

    def client(self, service):
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name=REGION,
            aws_access_key_id=self.account, aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=90))

    # Making the application

    def create(self):
        """Role, queues, function and mapping, as any deployment script makes them."""
        iam, sqs, functions = self.client("iam"), self.client("sqs"), self.client("lambda")
        role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=POLICY)
        self.dead = sqs.create_queue(QueueName=DEAD)["QueueUrl"]
        redrive = {"deadLetterTargetArn": self.arn(DEAD), "maxReceiveCount": ATTEMPTS}
        self.orders = sqs.create_queue(QueueName=ORDERS, Attributes={
            "VisibilityTimeout": str(VISIBILITY), "RedrivePolicy": json.dumps(redrive),
        })["QueueUrl"]
        functions.create_function(
            FunctionName=FUNCTION, Role=role["Role"]["Arn"], Handler="orders.handler",
            Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
            Code={"ZipFile": package("orders.py")})
        self.settle()
        functions.create_event_source_mapping(
            FunctionName=FUNCTION, EventSourceArn=self.arn(ORDERS), BatchSize=1)

    def arn(self, queue):
        return f"arn:aws:sqs:{REGION}:{self.account}:{queue}"

    def settle(self):
        """Waits until the function is ready to run its newest code."""
        functions = self.client("lambda")

        def ready():
            found = functions.get_function_configuration(FunctionName=FUNCTION)
            return found["State"] == "Active" and found["LastUpdateStatus"] == "Successful"

        wait(ready, "the function getting ready")

    # Working

    def send(self, numbers):
        """Sends these orders; what is in `sent` afterwards was acknowledged."""
        sqs = self.client("sqs")
        for number in numbers:
            reply = sqs.send_message(QueueUrl=self.orders, MessageBody=json.dumps(order(number)))
            self.sent[number] = reply["MessageId"]

    def done(self):
        """What the function's log says was done: order number → its line."""
        logs, found = self.client("logs"), {}
        pages = logs.get_paginator("filter_log_events")
        try:
            for page in pages.paginate(
                    logGroupName=f"/aws/lambda/{FUNCTION}", filterPattern="DONE"):
                for event in page["events"]:
                    line = event["message"].strip()
                    found[int(re.search(r"order (\d+)", line).group(1))] = line
        except logs.exceptions.ResourceNotFoundException:
            pass
        return found

    def wait_done(self, numbers):
        """Waits for the log to say that all these orders are done."""
        wanted = set(numbers)
        wait(lambda: wanted <= set(self.done()), f"{len(wanted)} orders being done", 60)

    def counts(self, queue):
        """(waiting, in flight, delayed)."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        found = self.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=names)["Attributes"]
        return tuple(int(found[name]) for name in names)

    def advance(self, duration):
        """Moves the server's clock in place of waiting; returns when all is at rest."""
        request = urllib.request.Request(
            f"{self.endpoint}/_martlet/clock",
            data=json.dumps({"action": "advance", "duration": duration}).encode(),
            headers={"Content-Type": "application/json", "X-Martlet-Request": "1"})
        with urllib.request.urlopen(request, timeout=90) as reply:
            return json.load(reply)

    # The order that always fails

    def dead_letter(self):
        """Looks at the dead letter and leaves it where it is."""
        sqs = self.client("sqs")

        def look():
            return sqs.receive_message(
                QueueUrl=self.dead, VisibilityTimeout=0, WaitTimeSeconds=1,
                MessageSystemAttributeNames=["All"]).get("Messages")

        return wait(look, "the dead letter")[0]

    def fix(self):
        """Deploys the code that understands the order."""
        self.client("lambda").update_function_code(
            FunctionName=FUNCTION, ZipFile=package("orders_fixed.py"))
        self.settle()

    def redrive(self):
        """Sends the dead letters back where they came from; says how it did."""
        sqs = self.client("sqs")
        try:
            sqs.start_message_move_task(SourceArn=self.arn(DEAD))
            return "StartMessageMoveTask"
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 501:
                raise
        while messages := sqs.receive_message(QueueUrl=self.dead).get("Messages"):
            for message in messages:
                sqs.send_message(QueueUrl=self.orders, MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=self.dead, ReceiptHandle=message["ReceiptHandle"])
        return "receive and send"

    def wait_empty(self):
        wait(lambda: self.counts(self.orders) == self.counts(self.dead) == (0, 0, 0),
             "both queues being empty", 60)

    # The story of each order

    def journal(self):
        """The records of the server's journal."""
        request = urllib.request.Request(
            f"{self.endpoint}/_martlet/journal", headers={"X-Martlet-Request": "1"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            return [json.loads(line) for line in reply.read().splitlines() if line.strip()]

    def path(self, number, records):
        """The order's path as a tree: [(depth, record)] in order of time.

        A record belongs to the order when it names its message, or follows from one that does
        and does not name another order's.
        """
        mine, others = self.sent[number], set(self.sent.values()) - {self.sent[number]}
        members = {}
        for record in sorted(records, key=lambda record: record["id"]):
            subjects = set(record.get("subjects", []))
            follows = record.get("cause") in members and not subjects & others
            if mine in subjects or follows:
                members[record["id"]] = record
        depths = {}
        for identifier, record in members.items():
            depths[identifier] = depths.get(record.get("cause"), -1) + 1
        root = min(members, default=None)
        return [(depths[i] if i == root else max(1, depths[i]), members[i]) for i in members]


def package(name):
    """The function's file as a deployment package."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(FOLDER / name, "orders.py")
    return buffer.getvalue()


def wait(condition, what, seconds=30):
    """The first true value of `condition()`, also over a server that is being restarted."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except EndpointConnectionError:
            value = None
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} took longer than {seconds} s")
        time.sleep(0.02)
