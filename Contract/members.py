# SPDX-License-Identifier: Apache-2.0
"""How the table of test_members.py says what an input member can be seen to do.

An operation has the smallest input that succeeds, and for each member a value to send and where
its effect shows. Refused members have no entry: their values come from the model.
"""

import json
import time
from types import SimpleNamespace

from functions import BASIC, LAMBDA_TRUST, QUEUE_EXECUTION, Application, allow, document
from support import fresh, receive

TABLE = {}

POLICY = document(allow("sqs:ListQueues"))
OTHER_POLICY = document(allow("sqs:SendMessage"))


class Sent:
    """A member's value, and whether its effect shows; `given` where the rest differs."""

    def __init__(self, value, shows, given=None):
        self.value, self.shows, self.given = value, shows, given


class Names:
    """The member names something: a name that nothing has is refused."""

    def __init__(self, nothing):
        self.nothing = nothing


class Limit:
    """The member bounds a page: two items are there, one is shown with the way to go on."""

    def __init__(self, items, token):
        self.items, self.token = items, token


class Token:
    """The member goes on where a page of one ended."""

    def __init__(self, items, token, limit):
        self.items, self.token, self.limit = items, token, limit


def pages(items, token_in, token_out, limit):
    return {limit: Limit(items, token_out), token_in: Token(items, token_out, limit)}


def operation(service, name, given, **members):
    TABLE[service, name] = SimpleNamespace(given=given, members=members)


class Ground(Application):
    """An account with makers of what the smallest inputs name."""

    def client(self, service):
        return {"sqs": self.sqs, "lambda": self.functions, "iam": self.iam, "sts": self.sts,
                "logs": self.logs}[service]

    @property
    def url(self):
        return self.queue()

    def received(self, count=1):
        """A queue and the handles of messages in flight."""
        url = self.queue()
        for number in range(count):
            self.sqs.send_message(QueueUrl=url, MessageBody=f"{number}")
        return url, [found["ReceiptHandle"] for found in receive(self.sqs, url)]

    def worker(self):
        return self.role(managed=(BASIC, QUEUE_EXECUTION))

    def fn(self, **more):
        return self.function(role=self.worker(), **more)

    def versioned(self):
        """A function with $LATEST and version 1, each with a configuration of its own."""
        name = self.fn()
        self.functions.publish_version(FunctionName=name)
        for qualifier in ("$LATEST", "1"):
            self.functions.put_function_event_invoke_config(
                FunctionName=name, Qualifier=qualifier, MaximumRetryAttempts=1)
        return name

    def rolename(self, **more):
        name = fresh("role")
        self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps(LAMBDA_TRUST), **more)
        return name

    def user(self, **more):
        name = fresh("user")
        self.iam.create_user(UserName=name, **more)
        return name

    def policy(self, **more):
        made = self.iam.create_policy(PolicyName=fresh("policy"), PolicyDocument=POLICY, **more)
        return made["Policy"]["Arn"]

    def group(self, **more):
        name = fresh("group")
        self.logs.create_log_group(logGroupName=name, **more)
        return name

    def stream(self, *times, group=None, name=None):
        """A group and stream with an event at each time."""
        group, name = group or self.group(), name or fresh("stream")
        self.logs.create_log_stream(logGroupName=group, logStreamName=name)
        if times:
            self.logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[
                {"timestamp": at, "message": f"event {place}"} for place, at in enumerate(times)])
        return group, name

    def mapped(self, **more):
        made = self.functions.create_event_source_mapping(
            FunctionName=self.fn(), EventSourceArn=self.arn(self.queue()), Enabled=False, **more)
        return made["UUID"]

    def group_arn(self, name):
        return f"arn:aws:logs:us-east-1:{self.account}:log-group:{name}"

    def function_arn(self, name):
        return f"arn:aws:lambda:us-east-1:{self.account}:function:{name}"


def now():
    return int(time.time() * 1000) - 60_000


def every(client, operation_name, items, params):
    return client.get_paginator(operation_name).paginate(**params).build_full_result()[items]
