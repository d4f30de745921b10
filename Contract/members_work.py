# SPDX-License-Identifier: Apache-2.0
"""The members of SQS and Lambda and where the effect of each shows."""

import base64
import json
import urllib.request

from functions import BASIC, ECHO, QUEUE_EXECUTION, allow, installed_python, packed
from harness import eventually
from members import Names, Sent, every, operation, pages
from support import counts, fresh, receive

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"

# SQS ---------------------------------------------------------------------------------------

NO_QUEUE = Names(lambda g: f"{g.martlet.endpoint}/{g.account}/none")
TEXT = {"a": {"DataType": "String", "StringValue": "v"}}
TRACE = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe"}}


def url_given(g):
    return {"QueueUrl": g.url}


def in_flight(more):
    def given(g):
        url, handles = g.received()
        return {"QueueUrl": url, **more(handles[0])}
    return given


def sent(g, params):
    """The message that was sent, with all that a receive shows."""
    return receive(g.sqs, params["QueueUrl"], MessageSystemAttributeNames=["All"],
                   MessageAttributeNames=["All"])[0]


def fifo(g):
    return {"QueueUrl": g.queue(FifoQueue="true"), "MessageBody": "m", "MessageGroupId": "g",
            "MessageDeduplicationId": "d"}


def holding(count=1, **message):
    def given(g):
        url = g.queue()
        for _ in range(count):
            g.sqs.send_message(QueueUrl=url, MessageBody="m", **message)
        return {"QueueUrl": url}
    return given


def holding_fifo(g):
    message = fifo(g)
    g.sqs.send_message(**message)
    return {"QueueUrl": message["QueueUrl"]}


def attributes_of(g, url):
    return g.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


ALL_ATTRIBUTES = {
    "DelaySeconds": "1", "MaximumMessageSize": "2048", "MessageRetentionPeriod": "600",
    "ReceiveMessageWaitTimeSeconds": "2", "VisibilityTimeout": "3", "KmsMasterKeyId": "alias/k",
    "KmsDataKeyReusePeriodSeconds": "120", "SqsManagedSseEnabled": "false",
    "RedriveAllowPolicy": '{"redrivePermission":"allowAll"}',
}


def attributes_given_back(g, p, r):
    found = attributes_of(g, r.get("QueueUrl") or p["QueueUrl"])
    return ALL_ATTRIBUTES.items() <= found.items()


operation(
    "sqs", "CreateQueue", lambda g: {"QueueName": fresh()},
    QueueName=Sent("given", lambda g, p, r: r["QueueUrl"].endswith(f"/{g.account}/given")),
    Attributes=Sent(ALL_ATTRIBUTES, attributes_given_back),
    tags=Sent({"k": "v"}, lambda g, p, r:
              g.sqs.list_queue_tags(QueueUrl=r["QueueUrl"])["Tags"] == {"k": "v"}))
operation("sqs", "DeleteQueue", url_given, QueueUrl=NO_QUEUE)
operation("sqs", "PurgeQueue", url_given, QueueUrl=NO_QUEUE)
operation("sqs", "ListQueueTags", url_given, QueueUrl=NO_QUEUE)
operation(
    "sqs", "GetQueueUrl", lambda g: {"QueueName": g.url.rsplit("/", 1)[1]},
    QueueName=Names("none"), QueueOwnerAWSAccountId=Names("999999999999"))
operation(
    "sqs", "GetQueueAttributes", url_given, QueueUrl=NO_QUEUE,
    AttributeNames=Sent(["QueueArn"], lambda g, p, r: list(r["Attributes"]) == ["QueueArn"]))
operation(
    "sqs", "SetQueueAttributes", lambda g: {**url_given(g), "Attributes": {"DelaySeconds": "7"}},
    QueueUrl=NO_QUEUE, Attributes=Sent(ALL_ATTRIBUTES, attributes_given_back))
operation(
    "sqs", "ListQueues", lambda g: [g.url, g.url] and {},
    QueueNamePrefix=Sent("no-such", lambda g, p, r: "QueueUrls" not in r),
    **pages("QueueUrls", "NextToken", "NextToken", "MaxResults"))
operation(
    "sqs", "TagQueue", lambda g: {**url_given(g), "Tags": {"a": "b"}}, QueueUrl=NO_QUEUE,
    Tags=Sent({"k": "v"}, lambda g, p, r:
              g.sqs.list_queue_tags(QueueUrl=p["QueueUrl"])["Tags"] == {"k": "v"}))
operation(
    "sqs", "UntagQueue",
    lambda g: {"QueueUrl": g.sqs.create_queue(QueueName=fresh(), tags={"k": "v"})["QueueUrl"],
               "TagKeys": ["none"]},
    QueueUrl=NO_QUEUE,
    TagKeys=Sent(["k"], lambda g, p, r:
                 "Tags" not in g.sqs.list_queue_tags(QueueUrl=p["QueueUrl"])))
operation(
    "sqs", "SendMessage", lambda g: {**url_given(g), "MessageBody": "m"}, QueueUrl=NO_QUEUE,
    MessageBody=Sent("given", lambda g, p, r: sent(g, p)["Body"] == "given"),
    DelaySeconds=Sent(900, lambda g, p, r: counts(g.sqs, p["QueueUrl"]) == (0, 0, 1)),
    MessageAttributes=Sent(TEXT, lambda g, p, r: sent(g, p)["MessageAttributes"] == TEXT),
    MessageSystemAttributes=Sent(
        TRACE, lambda g, p, r: sent(g, p)["Attributes"]["AWSTraceHeader"]
        == TRACE["AWSTraceHeader"]["StringValue"]),
    MessageGroupId=Sent(
        "given", lambda g, p, r: sent(g, p)["Attributes"]["MessageGroupId"] == "given", fifo),
    MessageDeduplicationId=Sent(
        "given", lambda g, p, r: sent(g, p)["Attributes"]["MessageDeduplicationId"] == "given",
        fifo))
operation(
    "sqs", "SendMessageBatch",
    lambda g: {**url_given(g), "Entries": [{"Id": "1", "MessageBody": "m"}]}, QueueUrl=NO_QUEUE,
    Entries=Sent(
        [{"Id": "1", "MessageBody": "given", "MessageAttributes": TEXT,
          "MessageSystemAttributes": TRACE},
         {"Id": "2", "MessageBody": "later", "DelaySeconds": 900}],
        lambda g, p, r: counts(g.sqs, p["QueueUrl"]) == (1, 0, 1)
        and (found := sent(g, p))["Body"] == "given" and found["MessageAttributes"] == TEXT
        and "AWSTraceHeader" in found["Attributes"]))
operation(
    "sqs", "ReceiveMessage", holding(2, MessageAttributes=TEXT), QueueUrl=NO_QUEUE,
    AttributeNames=Sent(
        ["SenderId"], lambda g, p, r: list(r["Messages"][0]["Attributes"]) == ["SenderId"]),
    MessageSystemAttributeNames=Sent(
        ["SenderId"], lambda g, p, r: list(r["Messages"][0]["Attributes"]) == ["SenderId"]),
    MessageAttributeNames=Sent(
        ["a"], lambda g, p, r: r["Messages"][0]["MessageAttributes"] == TEXT),
    MaxNumberOfMessages=Sent(2, lambda g, p, r: len(r["Messages"]) == 2),
    VisibilityTimeout=Sent(0, lambda g, p, r: counts(g.sqs, p["QueueUrl"]) == (2, 0, 0)),
    ReceiveRequestAttemptId=Sent(
        "given", lambda g, p, r: r["Messages"] == g.sqs.receive_message(**p)["Messages"],
        holding_fifo),
    WaitTimeSeconds=Sent(
        1, lambda g, p, r: g.took > 0.9, lambda g: {"QueueUrl": g.url}))
operation(
    "sqs", "DeleteMessage", in_flight(lambda handle: {"ReceiptHandle": handle}),
    QueueUrl=NO_QUEUE, ReceiptHandle=Names("none"))
operation(
    "sqs", "DeleteMessageBatch",
    in_flight(lambda handle: {"Entries": [{"Id": "1", "ReceiptHandle": handle}]}),
    QueueUrl=NO_QUEUE,
    Entries=Sent([{"Id": "x", "ReceiptHandle": "none"}],
                 lambda g, p, r: r["Failed"][0]["Id"] == "x"))
operation(
    "sqs", "ChangeMessageVisibility",
    in_flight(lambda handle: {"ReceiptHandle": handle, "VisibilityTimeout": 60}),
    QueueUrl=NO_QUEUE, ReceiptHandle=Names("none"),
    VisibilityTimeout=Sent(0, lambda g, p, r: counts(g.sqs, p["QueueUrl"]) == (1, 0, 0)))
operation(
    "sqs", "ChangeMessageVisibilityBatch",
    in_flight(lambda handle: {
        "Entries": [{"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 0}]}),
    QueueUrl=NO_QUEUE,
    Entries=Sent(lambda g, p: p["Entries"],
                 lambda g, p, r: counts(g.sqs, p["QueueUrl"]) == (1, 0, 0)))


def dead_letter_queue(g, sources=1, letters=0):
    """The URL of a dead-letter queue that so many queues use and so many messages lie in."""
    url = g.url
    policy = {"deadLetterTargetArn": queue_arn(g, url), "maxReceiveCount": 1}
    for _ in range(sources):
        g.queue(RedrivePolicy=json.dumps(policy))
    for number in range(letters):
        g.sqs.send_message(QueueUrl=url, MessageBody=f"{number}")
    return url


def queue_arn(g, url):
    return attributes_of(g, url)["QueueArn"]


def moving(g, tasks=1):
    """The ARN of a queue with so many tasks, of which the last still runs, and its handle."""
    source = queue_arn(g, dead_letter_queue(g, letters=5))
    start = {"SourceArn": source, "DestinationArn": queue_arn(g, g.url),
             "MaxNumberOfMessagesPerSecond": 1}
    for number in range(tasks):
        handle = g.sqs.start_message_move_task(**start)["TaskHandle"]
        if number < tasks - 1:
            g.sqs.cancel_message_move_task(TaskHandle=handle)
            eventually(lambda: moves(g, source)[0]["Status"] == "CANCELLED", 5, "the end")
    return source, handle


def moves(g, source):
    return g.sqs.list_message_move_tasks(SourceArn=source)["Results"]


def statement_of(g, p):
    return json.loads(attributes_of(g, p["QueueUrl"])["Policy"])["Statement"][0]


def labelled(g):
    given = {"QueueUrl": g.url, "Label": "l"}
    g.sqs.add_permission(**given, AWSAccountIds=["123456789012"], Actions=["SendMessage"])
    return given


NO_ARN = Names(lambda g: f"arn:aws:sqs:us-east-1:{g.account}:none")

operation(
    "sqs", "ListDeadLetterSourceQueues", lambda g: {"QueueUrl": dead_letter_queue(g, 2)},
    QueueUrl=NO_QUEUE, **pages("queueUrls", "NextToken", "NextToken", "MaxResults"))
operation(
    "sqs", "AddPermission",
    lambda g: {"QueueUrl": g.url, "Label": "l", "AWSAccountIds": ["123456789012"],
               "Actions": ["SendMessage"]},
    QueueUrl=NO_QUEUE,
    Label=Sent("given", lambda g, p, r: statement_of(g, p)["Sid"] == "given"),
    AWSAccountIds=Sent(["210987654321"], lambda g, p, r: statement_of(g, p)["Principal"]
                       == {"AWS": "arn:aws:iam::210987654321:root"}),
    Actions=Sent(["PurgeQueue"],
                 lambda g, p, r: statement_of(g, p)["Action"] == "SQS:PurgeQueue"))
operation("sqs", "RemovePermission", labelled, QueueUrl=NO_QUEUE, Label=Names("none"))
operation(
    "sqs", "StartMessageMoveTask",
    lambda g: {"SourceArn": queue_arn(g, dead_letter_queue(g))}, SourceArn=NO_ARN,
    DestinationArn=NO_ARN,
    MaxNumberOfMessagesPerSecond=Sent(7, lambda g, p, r: moves(g, p["SourceArn"])[0][
        "MaxNumberOfMessagesPerSecond"] == 7))
operation(
    "sqs", "ListMessageMoveTasks", lambda g: {"SourceArn": moving(g, 2)[0]}, SourceArn=NO_ARN,
    MaxResults=Sent(2, lambda g, p, r: len(r["Results"]) == 2))
operation("sqs", "CancelMessageMoveTask", lambda g: {"TaskHandle": moving(g)[1]},
          TaskHandle=Names("none"))

# Lambda ------------------------------------------------------------------------------------

NO_FUNCTION = Names("none")
NO_VERSION = Names("99")
NO_REVISION = Names("00000000-0000-0000-0000-000000000000")
NO_MAPPING = Names("00000000-0000-0000-0000-000000000000")
OTHER = "def other(event, context):\n    return 'other'\n"


def function_given(g):
    return {"FunctionName": g.fn()}


def versioned_given(g):
    return {"FunctionName": g.versioned(), "Qualifier": "1"}


def config(g, params):
    return g.functions.get_function_configuration(FunctionName=params["FunctionName"])


def creation(g):
    return {"FunctionName": fresh("function"), "Runtime": installed_python(),
            "Handler": "index.handler", "Role": g.worker(), "Code": {"ZipFile": packed(ECHO)}}


def shown(member, value, given=None):
    """A setting of a function that its configuration shows as it was given."""
    return Sent(value, lambda g, p, r: config(g, p)[member] == p[member] == r[member], given)


def same_code(g, p, r):
    """The code that GetFunction's address leads to is what was sent."""
    location = g.functions.get_function(FunctionName=p["FunctionName"])["Code"]["Location"]
    with urllib.request.urlopen(location) as reply:
        return reply.read() == packed(OTHER)


SETTINGS = dict(
    Description=shown("Description", "given"), Timeout=shown("Timeout", 7),
    MemorySize=shown("MemorySize", 256), Handler=shown("Handler", "other.handler"),
    Role=shown("Role", lambda g, p: g.worker()),
    Environment=shown("Environment", {"Variables": {"AB": "c"}}), KMSKeyArn=shown("KMSKeyArn", KEY),
    TracingConfig=shown("TracingConfig", {"Mode": "Active"}),
    EphemeralStorage=shown("EphemeralStorage", {"Size": 1024}),
    LoggingConfig=shown("LoggingConfig", {"LogFormat": "Text", "LogGroup": "given"}))


def sender(g):
    return g.role(allow("sqs:SendMessage"), managed=(BASIC, QUEUE_EXECUTION))


def dead_letters(given):
    return Sent(
        lambda g, p: {"TargetArn": g.arn(g.queue())},
        lambda g, p, r: config(g, p)["DeadLetterConfig"] == p["DeadLetterConfig"], given)


operation(
    "lambda", "CreateFunction", creation,
    FunctionName=Sent("given", lambda g, p, r: config(g, p)["FunctionName"] == "given"),
    Runtime=Sent("python3.12", lambda g, p, r: config(g, p)["Runtime"] == "python3.12"),
    Code=Sent({"ZipFile": packed(OTHER)}, same_code),
    Publish=Sent(True, lambda g, p, r: r["Version"] == "1"),
    PackageType=shown("PackageType", "Zip"), Architectures=shown("Architectures", ["arm64"]),
    Tags=Sent({"k": "v"}, lambda g, p, r: g.functions.get_function(
        FunctionName=p["FunctionName"])["Tags"] == {"k": "v"}),
    DeadLetterConfig=dead_letters(lambda g: creation(g) | {"Role": sender(g)}), **SETTINGS)
operation(
    "lambda", "UpdateFunctionConfiguration", function_given, FunctionName=NO_FUNCTION,
    Runtime=Sent("python3.12", lambda g, p, r: config(g, p)["Runtime"] == "python3.12"),
    RevisionId=NO_REVISION,
    DeadLetterConfig=dead_letters(lambda g: {"FunctionName": g.function(role=sender(g))}),
    **SETTINGS)
operation(
    "lambda", "UpdateFunctionCode", lambda g: {**function_given(g), "ZipFile": packed(OTHER)},
    FunctionName=NO_FUNCTION, RevisionId=NO_REVISION,
    ZipFile=Sent(packed(OTHER), same_code),
    Publish=Sent(True, lambda g, p, r: r["Version"] == "1"),
    DryRun=Sent(True, lambda g, p, r: not same_code(g, p, r)),
    Architectures=shown("Architectures", ["arm64"]))
operation("lambda", "GetFunction", versioned_given, FunctionName=NO_FUNCTION, Qualifier=NO_VERSION)
operation("lambda", "GetFunctionConfiguration", versioned_given, FunctionName=NO_FUNCTION,
          Qualifier=NO_VERSION)
operation("lambda", "DeleteFunction", lambda g: {"FunctionName": g.versioned(), "Qualifier": "1"},
          FunctionName=NO_FUNCTION, Qualifier=NO_VERSION)
operation("lambda", "GetAccountSettings", lambda g: {})
operation(
    "lambda", "ListFunctions", lambda g: [g.fn(), g.fn()] and {},
    FunctionVersion=Sent("ALL", lambda g, p, r: "1" in {
        found["Version"] for found in every(g.functions, "list_functions", "Functions", p)},
        lambda g: g.versioned() and {}),
    **pages("Functions", "Marker", "NextMarker", "MaxItems"))
operation(
    "lambda", "ListVersionsByFunction", lambda g: {"FunctionName": g.versioned()},
    FunctionName=NO_FUNCTION, **pages("Versions", "Marker", "NextMarker", "MaxItems"))
operation(
    "lambda", "PublishVersion", function_given, FunctionName=NO_FUNCTION,
    RevisionId=NO_REVISION, CodeSha256=Names("none"),
    Description=Sent("given", lambda g, p, r: g.functions.get_function_configuration(
        FunctionName=p["FunctionName"], Qualifier="1")["Description"] == "given"))
operation(
    "lambda", "PutFunctionConcurrency",
    lambda g: {**function_given(g), "ReservedConcurrentExecutions": 1}, FunctionName=NO_FUNCTION,
    ReservedConcurrentExecutions=Sent(3, lambda g, p, r: g.functions.get_function_concurrency(
        FunctionName=p["FunctionName"])["ReservedConcurrentExecutions"] == 3))
operation("lambda", "GetFunctionConcurrency", function_given, FunctionName=NO_FUNCTION)
operation("lambda", "DeleteFunctionConcurrency", function_given, FunctionName=NO_FUNCTION)


def invoke_config(g, params):
    return g.functions.get_function_event_invoke_config(
        FunctionName=params["FunctionName"], Qualifier=params["Qualifier"])


def destinations(g, p):
    return {"OnSuccess": {"Destination": g.arn(g.queue())},
            "OnFailure": {"Destination": g.arn(g.queue())}}


def sending(g):
    name = g.function(role=sender(g), Publish=True)
    g.functions.put_function_event_invoke_config(
        FunctionName=name, Qualifier="1", MaximumRetryAttempts=1)
    return {"FunctionName": name, "Qualifier": "1"}


INVOKE_CONFIG = dict(
    FunctionName=NO_FUNCTION, Qualifier=NO_VERSION,
    MaximumRetryAttempts=Sent(0, lambda g, p, r: invoke_config(g, p)["MaximumRetryAttempts"] == 0),
    MaximumEventAgeInSeconds=Sent(
        90, lambda g, p, r: invoke_config(g, p)["MaximumEventAgeInSeconds"] == 90),
    DestinationConfig=Sent(
        destinations,
        lambda g, p, r: invoke_config(g, p)["DestinationConfig"] == p["DestinationConfig"],
        sending))
for name in ("PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"):
    operation("lambda", name, lambda g: {**versioned_given(g), "MaximumRetryAttempts": 2},
              **INVOKE_CONFIG)
for name in ("GetFunctionEventInvokeConfig", "DeleteFunctionEventInvokeConfig"):
    operation("lambda", name, versioned_given, FunctionName=NO_FUNCTION, Qualifier=NO_VERSION)
operation(
    "lambda", "ListFunctionEventInvokeConfigs", lambda g: {"FunctionName": g.versioned()},
    FunctionName=NO_FUNCTION,
    **pages("FunctionEventInvokeConfigs", "Marker", "NextMarker", "MaxItems"))
operation(
    "lambda", "Invoke", lambda g: versioned_given(g) | {"Payload": b'"x"'},
    FunctionName=NO_FUNCTION, Qualifier=NO_VERSION,
    InvocationType=Sent("DryRun", lambda g, p, r: r["StatusCode"] == 204),
    LogType=Sent("Tail", lambda g, p, r: b"REPORT" in base64.b64decode(r["LogResult"])),
    Payload=Sent(b'"given"', lambda g, p, r: r["Payload"].read() == b'"given"'),
    ClientContext=Sent(
        base64.b64encode(b'{"custom": {"a": "b"}}').decode(),
        lambda g, p, r: json.loads(r["Payload"].read()) == "b",
        lambda g: {"FunctionName": g.fn(
            code="def handler(event, context):\n    return context.client_context.custom['a']\n")}))


def mapping_given(g):
    return {"FunctionName": g.fn(), "EventSourceArn": g.arn(g.queue()), "Enabled": False}


def mapping(g, reply):
    return g.functions.get_event_source_mapping(UUID=reply["UUID"])


def mapped(member, value):
    return Sent(value, lambda g, p, r: mapping(g, r)[member] == p[member])


MAPPING = dict(
    Enabled=Sent(True, lambda g, p, r: mapping(g, r)["State"] in ("Enabling", "Enabled")),
    BatchSize=mapped("BatchSize", 3),
    MaximumBatchingWindowInSeconds=mapped("MaximumBatchingWindowInSeconds", 4),
    FunctionResponseTypes=mapped("FunctionResponseTypes", ["ReportBatchItemFailures"]),
    ScalingConfig=mapped("ScalingConfig", {"MaximumConcurrency": 5}),
    KMSKeyArn=mapped("KMSKeyArn", KEY))
operation(
    "lambda", "CreateEventSourceMapping", mapping_given, FunctionName=NO_FUNCTION,
    EventSourceArn=Names(lambda g: f"arn:aws:sqs:us-east-1:{g.account}:none"),
    Tags=Sent({"k": "v"}, lambda g, p, r: g.functions.list_tags(
        Resource=r["EventSourceMappingArn"])["Tags"] == {"k": "v"}),
    **MAPPING)
operation(
    "lambda", "UpdateEventSourceMapping", lambda g: {"UUID": g.mapped()}, UUID=NO_MAPPING,
    FunctionName=Sent(lambda g, p: g.fn(), lambda g, p, r:
                      mapping(g, r)["FunctionArn"] == g.function_arn(p["FunctionName"])),
    **MAPPING)
operation("lambda", "GetEventSourceMapping", lambda g: {"UUID": g.mapped()}, UUID=NO_MAPPING)
operation("lambda", "DeleteEventSourceMapping", lambda g: {"UUID": g.mapped()}, UUID=NO_MAPPING)
operation(
    "lambda", "ListEventSourceMappings", lambda g: [g.mapped(), g.mapped()] and {},
    EventSourceArn=Sent(lambda g, p: g.arn(g.queue()),
                        lambda g, p, r: r["EventSourceMappings"] == []),
    FunctionName=Sent(lambda g, p: g.fn(), lambda g, p, r: r["EventSourceMappings"] == []),
    **pages("EventSourceMappings", "Marker", "NextMarker", "MaxItems"))


def function_tags(g, params):
    return g.functions.list_tags(Resource=params["Resource"])["Tags"]


NO_TAGGED = Names(lambda g: g.function_arn("none"))


def tagged_function(g):
    return {"Resource": g.function_arn(g.fn(Tags={"k": "v"}))}


operation("lambda", "ListTags", tagged_function, Resource=NO_TAGGED)
operation(
    "lambda", "TagResource", lambda g: {**tagged_function(g), "Tags": {"a": "b"}},
    Resource=NO_TAGGED,
    Tags=Sent({"a": "c"}, lambda g, p, r: function_tags(g, p) == {"k": "v", "a": "c"}))
operation(
    "lambda", "UntagResource", lambda g: {**tagged_function(g), "TagKeys": ["none"]},
    Resource=NO_TAGGED, TagKeys=Sent(["k"], lambda g, p, r: function_tags(g, p) == {}))
