# SPDX-License-Identifier: Apache-2.0
"""Roles, functions and what they log, for the tests of Lambda and all that stands on it.

A pytest plugin (conftest.py names it). Holds no expectation beyond "it gets ready".
"""

import io
import json
import subprocess
import zipfile
from functools import cache

import pytest

from harness import eventually
from support import arn_of, fresh, receive

LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                   "Action": "sts:AssumeRole"}],
}
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
QUEUE_EXECUTION = "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"

ECHO = "def handler(event, context):\n    return event\n"


@cache
def installed_python():
    """The runtime's name for this machine's interpreter, such as python3.11."""
    asked = "import sys; print('python%d.%d' % sys.version_info[:2])"
    return subprocess.check_output(["/usr/bin/python3", "-c", asked], text=True).strip()


def packed(files, modes=None):
    """A deployment package: one `index.py`, or files by name."""
    if isinstance(files, str):
        files = {"index.py": files}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            entry.external_attr = ((modes or {}).get(name, 0o644) | 0o100000) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class Application:
    """The clients of one account, and the things an application makes with them."""

    def __init__(self, martlet, account):
        self.martlet, self.account = martlet, account
        self.sqs = martlet.client("sqs", account=account)
        self.functions = martlet.client("lambda", account=account)
        self.iam = martlet.client("iam", account=account)
        self.sts = martlet.client("sts", account=account)
        self.logs = martlet.client("logs", account=account)

    def role(self, *statements, name=None, managed=(BASIC,), trust=LAMBDA_TRUST):
        """The ARN of a fresh role with these managed policies and inline statements."""
        name = name or fresh("role")
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        for arn in managed:
            self.iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        if statements:
            self.iam.put_role_policy(
                RoleName=name, PolicyName="inline", PolicyDocument=document(*statements))
        return made["Role"]["Arn"]

    def function(self, code=ECHO, name=None, role=None, **settings):
        """The name of a fresh function that is ready to run."""
        name = name or fresh("function")
        given = {"Runtime": installed_python(), "Handler": "index.handler", **settings}
        package = code if isinstance(code, bytes) else packed(code)
        self.functions.create_function(
            FunctionName=name, Role=role or self.role(), Code={"ZipFile": package}, **given)
        self.settled(name)
        return name

    def settled(self, name):
        """Waits until the function is active and its last update has ended."""
        def ready():
            found = self.functions.get_function_configuration(FunctionName=name)
            assert found["State"] != "Failed", found
            return found["State"] == "Active" and found["LastUpdateStatus"] == "Successful"

        eventually(ready, 20, f"{name} getting ready")

    def invoke(self, name, payload=None, **more):
        """The reply with `Payload` read; its text is JSON or empty."""
        reply = self.functions.invoke(
            FunctionName=name, Payload=json.dumps(payload).encode(), **more)
        text = reply["Payload"].read()
        reply["Payload"] = json.loads(text) if text else None
        return reply

    def lines(self, name):
        """All log lines of the function, in order of time; none where it has no group yet."""
        group = f"/aws/lambda/{name}"
        found = []
        try:
            for page in self.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
                found += [event["message"] for event in page["events"]]
        except self.logs.exceptions.ResourceNotFoundException:
            pass
        return found

    def count(self, name, text):
        """How many log lines of the function hold the text."""
        return sum(text in line for line in self.lines(name))

    def queue(self, **attributes):
        """The URL of a fresh queue."""
        suffix = ".fifo" if attributes.get("FifoQueue") == "true" else ""
        return self.sqs.create_queue(
            QueueName=fresh() + suffix, Attributes=attributes)["QueueUrl"]

    def arn(self, url):
        return arn_of(self.sqs, url)

    def take(self, url):
        """Receives and deletes all that is visible now; the messages with their attributes."""
        taken = []
        while messages := receive(
                self.sqs, url, MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"]):
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            taken += messages
        return taken

    def mapping(self, name, url, **settings):
        """The UUID of an enabled event source mapping."""
        made = self.functions.create_event_source_mapping(
            FunctionName=name, EventSourceArn=self.arn(url), **settings)
        self.mapping_is(made["UUID"], "Enabled" if settings.get("Enabled", True) else "Disabled")
        return made["UUID"]

    def mapping_is(self, identifier, state):
        eventually(
            lambda: self.functions.get_event_source_mapping(UUID=identifier)["State"] == state,
            20, f"the mapping being {state}")


@pytest.fixture
def app(martlet, account):
    return Application(martlet, account)
