# SPDX-License-Identifier: Apache-2.0
"""Lambda by the AWS CLI."""

import base64
import hashlib
import json

from functions import BASIC, ECHO, LAMBDA_TRUST, QUEUE_EXECUTION, installed_python, packed
from harness import eventually

ORDERS = "--function-name orders"


def a_functions_life(aws):
    code = packed(ECHO)
    made = _function(aws, code, " --timeout 7 --environment Variables={NAME=a,OTHER=b}"
                     " --tags team=a --description 'takes orders'")
    arn = f"arn:aws:lambda:us-east-1:{aws.account}:function:orders"
    assert made["FunctionArn"] == arn and made["CodeSize"] == len(code)
    found = aws(f"lambda get-function {ORDERS}")
    assert found["Tags"] == {"team": "a"} and found["Configuration"]["CodeSha256"] == _sha(code)
    assert aws.process("lambda list-functions")["Functions"][0]["FunctionArn"] == arn
    assert aws("lambda list-functions --query Functions[].FunctionName") == ["orders"]
    got = aws(f"lambda get-function-configuration {ORDERS}")
    assert got["Environment"] == {"Variables": {"NAME": "a", "OTHER": "b"}}
    assert (got["Timeout"], got["Description"]) == (7, "takes orders")

    usage = aws("lambda get-account-settings")["AccountUsage"]
    assert usage == {"TotalCodeSize": len(code), "FunctionCount": 1}

    aws(f"lambda tag-resource --resource {arn} --tags env=dev")
    assert aws(f"lambda list-tags --resource {arn}") == {"Tags": {"team": "a", "env": "dev"}}
    aws(f"lambda untag-resource --resource {arn} --tag-keys team")
    assert aws(f"lambda list-tags --resource {arn}") == {"Tags": {"env": "dev"}}

    aws(f"lambda delete-function {ORDERS}")
    assert aws.refused(f"lambda get-function {ORDERS}") == (
        "An error occurred (ResourceNotFoundException) when calling the GetFunction operation: "
        f"Function not found: {arn}")


def code_versions_and_calls(aws):
    _function(aws, packed(ECHO))
    assert _invoke(aws, {"order": "päivää"}) == (
        {"StatusCode": 200, "ExecutedVersion": "$LATEST"}, {"order": "päivää"})
    first = aws(f"lambda publish-version {ORDERS} --description first")
    assert (first["Version"], first["CodeSha256"]) == ("1", _sha(packed(ECHO)))

    code = packed("import os\ndef handler(event, context):\n    raise ValueError(os.environ['KIND'])\n")
    path = aws.file("second.zip", code)
    changed = aws(f"lambda update-function-code {ORDERS} --zip-file fileb://{path}")
    assert changed["CodeSha256"] == _sha(code)
    _settled(aws)
    changed = aws(f"lambda update-function-configuration {ORDERS} --environment Variables={{KIND=b}}")
    assert changed["Environment"] == {"Variables": {"KIND": "b"}}
    _settled(aws)
    reply, payload = _invoke(aws, {}, " --log-type Tail")
    assert reply["FunctionError"] == "Unhandled" and "REPORT" in (
        base64.b64decode(reply["LogResult"]).decode())
    assert (payload["errorType"], payload["errorMessage"]) == ("ValueError", "b")
    reply, payload = _invoke(aws, {"order": 2}, " --qualifier 1")
    assert (reply["ExecutedVersion"], payload) == ("1", {"order": 2})
    assert aws(f"lambda list-versions-by-function {ORDERS} --query Versions[].Version") == [
        "$LATEST", "1"]


def concurrency(aws):
    _function(aws)
    assert aws(f"lambda put-function-concurrency {ORDERS} --reserved-concurrent-executions 0") == {
        "ReservedConcurrentExecutions": 0}
    assert aws(f"lambda get-function-concurrency {ORDERS}") == {"ReservedConcurrentExecutions": 0}
    out = aws.file("refused.json")
    assert "(TooManyRequestsException)" in aws.refused(f"lambda invoke {ORDERS} {out}")
    aws(f"lambda delete-function-concurrency {ORDERS}")
    assert aws(f"lambda get-function-concurrency {ORDERS}") is None
    assert _invoke(aws, [1])[1] == [1]


def asynchronous_settings(aws):
    arn = _function(aws)["FunctionArn"]
    put = aws(f"lambda put-function-event-invoke-config {ORDERS} --maximum-retry-attempts 0")
    assert put["MaximumRetryAttempts"] == 0 and put["FunctionArn"] == f"{arn}:$LATEST"
    assert "MaximumEventAgeInSeconds" not in put
    aws(f"lambda update-function-event-invoke-config {ORDERS} --maximum-event-age-in-seconds 90")
    got = aws(f"lambda get-function-event-invoke-config {ORDERS}")
    assert (got["MaximumRetryAttempts"], got["MaximumEventAgeInSeconds"]) == (0, 90)
    listed = aws(f"lambda list-function-event-invoke-configs {ORDERS}")
    assert listed == {"FunctionEventInvokeConfigs": [got]}
    aws(f"lambda delete-function-event-invoke-config {ORDERS}")
    assert "(ResourceNotFoundException)" in aws.refused(
        f"lambda get-function-event-invoke-config {ORDERS}")


def a_mappings_life(aws):
    _function(aws)
    url = aws("sqs create-queue --queue-name orders")["QueueUrl"]
    source = f"arn:aws:sqs:us-east-1:{aws.account}:orders"
    made = aws(f"lambda create-event-source-mapping {ORDERS} --event-source-arn {source}"
               " --batch-size 5 --no-enabled")
    mapping = f"--uuid {made['UUID']}"
    assert _reaches(aws, mapping, "Disabled")["BatchSize"] == 5
    listed = aws(f"lambda list-event-source-mappings --event-source-arn {source}")
    assert [found["UUID"] for found in listed["EventSourceMappings"]] == [made["UUID"]]

    changed = aws(f"lambda update-event-source-mapping {mapping} --enabled --batch-size 3"
                  " --function-response-types ReportBatchItemFailures")
    assert changed["BatchSize"] == 3
    found = _reaches(aws, mapping, "Enabled")
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    aws(f"sqs send-message --queue-url {url} --message-body one")
    counts = (f"sqs get-queue-attributes --queue-url {url} --attribute-names"
              " ApproximateNumberOfMessages ApproximateNumberOfMessagesNotVisible"
              " --query Attributes.*")
    eventually(lambda: aws(counts) == ["0", "0"], 20, "the function having had the message")

    assert aws(f"lambda delete-event-source-mapping {mapping}")["State"] == "Deleting"
    eventually(lambda: aws("lambda list-event-source-mappings")["EventSourceMappings"] == [],
               20, "the mapping being gone")


def _function(aws, code=None, more=""):
    """Makes the function `orders` and the role it runs under; its reply once it is active."""
    trust = aws.file("trust.json", json.dumps(LAMBDA_TRUST).encode())
    role = aws("iam create-role --role-name runs-orders"
               f" --assume-role-policy-document file://{trust}")["Role"]["Arn"]
    for policy in (BASIC, QUEUE_EXECUTION):
        aws(f"iam attach-role-policy --role-name runs-orders --policy-arn {policy}")
    package = aws.file("orders.zip", code or packed(ECHO))
    made = aws(f"lambda create-function {ORDERS} --runtime {installed_python()} --role {role}"
               f" --handler index.handler --zip-file fileb://{package}{more}")
    _settled(aws)
    return made


def _settled(aws):
    ask = f"lambda get-function-configuration {ORDERS} --query [State,LastUpdateStatus]"
    eventually(lambda: aws(ask) == ["Active", "Successful"], 20, "the function being ready")


def _invoke(aws, payload, more=""):
    """(what the command prints, the payload it wrote into its file)"""
    out = aws.file("out.json")
    reply = aws(f"lambda invoke {ORDERS} --payload '{json.dumps(payload)}'{more} {out}")
    return reply, json.loads(out.read_bytes())


def _reaches(aws, mapping, state):
    """The mapping once it is in this state."""
    def found():
        got = aws(f"lambda get-event-source-mapping {mapping}")
        return got if got["State"] == state else None

    return eventually(found, 20, f"the mapping being {state}")


def _sha(code):
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


JOURNEYS = (
    a_functions_life, code_versions_and_calls, concurrency, asynchronous_settings, a_mappings_life)
