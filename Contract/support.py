# SPDX-License-Identifier: Apache-2.0
"""What the contract tests share above the harness: refusals, bare calls and SQS conveniences.

A pytest plugin (conftest.py names it). Knows wire forms, holds no expectation of any service.
"""

import hashlib
import json
import threading
import uuid
import xml.etree.ElementTree as ElementTree
from urllib.parse import urlencode

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from harness import REGION, Martlet

_own_servers = []


@pytest.fixture(scope="module")
def server_of_this_module():
    """A server free to be killed and moved in time; `martlet = server_of_this_module`."""
    with Martlet() as server:
        _own_servers.append(server)
        yield server
        _own_servers.remove(server)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for server in _own_servers:
            report.sections.append((f"martlet log, port {server.port}", server.tail()))
    return report


def fresh(prefix="q"):
    """A name nothing else has."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def md5(data):
    return hashlib.md5(data.encode() if isinstance(data, str) else data).hexdigest()


class Refused:
    """`with refused("Code") as refusal:` passes only when the block is refused with that code."""

    def __init__(self, code, status=None, saying=None):
        self._expected, self._status, self._saying = code, status, saying
        self.code = self.message = self.shape = self.status = self.exception = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace):
        if kind is None:
            pytest.fail(f"nothing was refused; expected {self._expected}")
        if not isinstance(error, ClientError):
            return False
        body = error.response["Error"]
        self.exception = error
        self.code, self.message = body.get("Code"), body.get("Message", "")
        self.shape = body.get("QueryErrorCode", self.code)
        self.status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        self.headers = error.response["ResponseMetadata"]["HTTPHeaders"]
        assert self.code == self._expected, f"{self.code}: {self.message}"
        if self._status is not None:
            assert self.status == self._status, f"HTTP {self.status}: {self.code}"
        if self._saying is not None:
            assert self._saying in self.message, self.message
        return True


def refused(code, status=None, saying=None):
    return Refused(code, status, saying)


# Bare calls --------------------------------------------------------------------------------


def authorization(key, service="sqs", region=REGION):
    """Names its caller. Signatures are checked for issued keys only (design 6), so none is made."""
    scope = f"{key}/20260101/{region}/{service}/aws4_request"
    return (f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, "
            f"Signature={'0' * 64}")


def json_headers(account, operation, target="AmazonSQS", version="1.0", service="sqs"):
    return {
        "Content-Type": f"application/x-amz-json-{version}",
        "X-Amz-Target": f"{target}.{operation}",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": authorization(account, service),
    }


def json_call(martlet, account, operation, body, path="/", headers=None):
    """An AWS JSON 1.0 call to SQS; `body` is a value, or bytes to be sent as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {**json_headers(account, operation), **(headers or {})}
    return martlet.raw("POST", path, sent, data or b"")


def query_headers(account, service="sqs"):
    return {
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": authorization(account, service),
    }


def query_call(martlet, account, action, path="/", method="POST", version="2012-11-05", **fields):
    """A call in the Query protocol; dots in field names are written as double underscores."""
    named = {name.replace("__", "."): value for name, value in fields.items()}
    form = urlencode({"Action": action, "Version": version, **named})
    if method == "GET":
        return martlet.raw("GET", f"{path}?{form}", query_headers(account))
    return martlet.raw("POST", path, query_headers(account), form.encode())


def signed_call(martlet, method, path, body, headers, key, secret="test", service="sqs"):
    """A call truly signed with Signature Version 4 and then sent bare."""
    request = AWSRequest(method=method, url=martlet.endpoint + path, data=body, headers=headers)
    SigV4Auth(Credentials(key, secret), service, REGION).add_auth(request)
    return martlet.raw(method, path, dict(request.headers.items()), body)


def xml_of(reply):
    """The reply's document with namespaces taken off the tags."""
    root = ElementTree.fromstring(reply.body)
    for node in root.iter():
        node.tag = node.tag.rsplit("}", 1)[-1]
    return root


def code_of(reply):
    """The error code in the reply's own protocol; empty where its body holds none."""
    text = reply.text.strip()
    if text.startswith("{"):
        document = json.loads(text)
        named = document.get("__type") or document.get("code") or document.get("Code") or ""
        return str(named).rsplit("#", 1)[-1]
    if text.startswith("<"):
        found = xml_of(reply).find(".//Code")
        return found.text if found is not None else ""
    return reply.headers.get("x-amzn-errortype", "").split(":")[0]


# SQS ---------------------------------------------------------------------------------------


@pytest.fixture
def sqs(martlet, account):
    return martlet.client("sqs", account=account)


@pytest.fixture
def queue(sqs):
    """The URL of a fresh standard queue."""
    return sqs.create_queue(QueueName=fresh())["QueueUrl"]


@pytest.fixture
def frozen(martlet):
    """The clock, standing still for the length of one test."""
    martlet.clock.freeze()
    yield martlet.clock
    martlet.clock.resume()


def attribute(sqs, url, name):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name]


def arn_of(sqs, url):
    return attribute(sqs, url, "QueueArn")


def counts(sqs, url):
    """(visible, in flight, delayed), exact here where AWS approximates."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
             "ApproximateNumberOfMessagesDelayed"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(found[name]) for name in names)


def receive(sqs, url, maximum=10, **more):
    reply = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=maximum, **more)
    return reply.get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


def fill(sqs, url, texts, **more):
    """Sends each text; returns the replies in order."""
    return [sqs.send_message(QueueUrl=url, MessageBody=text, **more) for text in texts]


def redriven(sqs, maximum=1, **attributes):
    """(source URL, dead-letter URL): a fresh pair joined by a redrive policy."""
    dead = sqs.create_queue(QueueName=fresh("dead"))["QueueUrl"]
    policy = {"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": maximum}
    given = {"RedrivePolicy": json.dumps(policy), **attributes}
    source = sqs.create_queue(QueueName=fresh("source"), Attributes=given)["QueueUrl"]
    return source, dead


def attributes_md5(attributes):
    """The digest of message attributes as AWS documents its calculation."""
    data = b""
    for name in sorted(attributes):
        value = attributes[name]
        binary = value["DataType"].split(".")[0] == "Binary"
        raw = value["BinaryValue"] if binary else value["StringValue"].encode()
        for part in (name.encode(), value["DataType"].encode()):
            data += len(part).to_bytes(4, "big") + part
        data += (b"\x02" if binary else b"\x01") + len(raw).to_bytes(4, "big") + raw
    return md5(data)


class Poll(threading.Thread):
    """One receive in a thread of its own."""

    def __init__(self, client, url, **more):
        super().__init__(daemon=True)
        self._client, self._url, self._more = client, url, more
        self.messages = []
        self.start()

    def run(self):
        self.messages = receive(self._client, self._url, **self._more)

    def waits(self):
        """Whether the receive is still open after a moment of real time."""
        self.join(0.3)
        return self.is_alive()
