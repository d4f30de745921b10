# SPDX-License-Identifier: Apache-2.0
"""The application part of a crash run: a function behind a mapping and asynchronous invocations.

What the function did is known from the effects it sends to a queue: `begin` and `end` of each
token. Killed functions leave a begin without an end; a message is over only with an end.
"""

import io
import json
import time
import zipfile

import boto3
from botocore.config import Config

from client import KEY

FUNCTION = "crash-worker"
# Signs by itself: loading boto3 anew after each of many kills would take most of the time.
SOURCE = '''
import hashlib, hmac, http.client, json, os, time

address = os.environ["AWS_ENDPOINT_URL"].split("//", 1)[1].rstrip("/")
server = http.client.HTTPConnection(address, timeout=20)

def signed(body):
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    headers = {"content-type": "application/x-amz-json-1.0", "host": address, "x-amz-date": now,
               "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"],
               "x-amz-target": "AmazonSQS.SendMessage"}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\\n" for name in sorted(headers))
    request = f"POST\\n/\\n\\n{lines}\\n{names}\\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{now[:8]}/{os.environ['AWS_REGION']}/sqs/aws4_request"
    text = f"AWS4-HMAC-SHA256\\n{now}\\n{scope}\\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={names}, Signature={key.hex()}")
    return headers

def effect(token, phase, message_id=""):
    words = json.dumps({"token": token, "phase": phase, "messageId": message_id})
    body = json.dumps({"QueueUrl": os.environ["EFFECTS"], "MessageBody": words}).encode()
    try:
        server.request("POST", "/", body, signed(body))
        reply = server.getresponse()
        answer = reply.read()
    except OSError:
        # The function was idle for longer than the server keeps a connection.
        server.close()
        server.request("POST", "/", body, signed(body))
        reply = server.getresponse()
        answer = reply.read()
    if reply.status != 200:
        raise OSError(f"the effect was refused: {answer}")

def work(token, message_id=""):
    effect(token, "begin", message_id)
    if "slow" in token:
        time.sleep(0.2)
    if token.startswith(("poison", "fail")):
        raise RuntimeError("this one always fails")
    effect(token, "end", message_id)

def handler(event, context):
    if "Records" not in event:
        work(event["token"])
        return {}
    failed = []
    for record in event["Records"]:
        try:
            work(record["body"].split("|", 1)[0], record["messageId"])
        except RuntimeError:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
'''
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                   "Action": "sts:AssumeRole"}],
}
PERMISSIONS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}],
}


def client(port, service):
    return boto3.client(
        service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1",
        aws_access_key_id=KEY, aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=90))


def set_up(port, queues):
    """Creates role, function, mapping and destination; `queues` maps names to URLs."""
    iam, functions = client(port, "iam"), client(port, "lambda")
    iam.create_role(RoleName=FUNCTION, AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(
        RoleName=FUNCTION, PolicyName="all", PolicyDocument=json.dumps(PERMISSIONS))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", SOURCE)
    functions.create_function(
        FunctionName=FUNCTION, Runtime="python3.11", Handler="index.handler", Timeout=20,
        Role=f"arn:aws:iam::{KEY}:role/{FUNCTION}", Code={"ZipFile": packed.getvalue()},
        Environment={"Variables": {"EFFECTS": queues["effects"]}})
    deadline = time.monotonic() + 20
    while functions.get_function(FunctionName=FUNCTION)["Configuration"]["State"] != "Active":
        if time.monotonic() > deadline:
            raise SystemExit("the function did not become active")
        time.sleep(0.02)
    connect(port, queues)


def connect(port, queues):
    """Points a mapping at the work queue and failures of invocations at the failed queue."""
    functions = client(port, "lambda")
    functions.create_event_source_mapping(
        FunctionName=FUNCTION, EventSourceArn=arn(queues["work"]), BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"])
    functions.put_function_event_invoke_config(
        FunctionName=FUNCTION, MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": arn(queues["failed"])}})


def disconnect(port):
    """Deletes the mappings, so that the next round's can begin."""
    functions = client(port, "lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.delete_event_source_mapping(UUID=mapping["UUID"])


def point_at(port, queues):
    """Gives the function and its connections the queues of a new round."""
    functions = client(port, "lambda")
    functions.update_function_configuration(
        FunctionName=FUNCTION, Environment={"Variables": {"EFFECTS": queues["effects"]}})
    connect(port, queues)


def arn(url):
    account, name = url.rsplit("/", 2)[1:]
    return f"arn:aws:sqs:us-east-1:{account}:{name}"
