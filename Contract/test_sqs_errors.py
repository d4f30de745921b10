# SPDX-License-Identifier: Apache-2.0
"""What SQS refuses, and in which words: limits, missing things, batch rules, the JSON error form.

Requests that are malformed below the level of SQS are in test_bad_input.py. Provenance as in
test_sqs.py: documentation, model, recorded or ours.
"""

import json

import pytest

from support import (
    arn_of, code_of, counts, fill, fresh, json_call, receive, refused)

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"
MIB = 1_048_576


# The error's form --------------------------------------------------------------------------


def test_json_error_has_type_message_and_query_error_header(martlet, account):
    # wire-facts 1; recorded: JSON wording of a missing queue.
    reply = json_call(martlet, account, "GetQueueUrl", {"QueueName": "missing"})
    assert reply.status == 400
    assert reply.headers["content-type"] == "application/x-amz-json-1.0"
    assert reply.headers["x-amzn-query-error"] == f"{NO_QUEUE};Sender"
    assert reply.headers["x-amzn-requestid"]
    assert reply.json["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"
    assert reply.json["message"] == "The specified queue does not exist."


def test_modelled_errors_raise_their_own_exceptions(sqs, queue):
    # model: each error shape is a class in every SDK, found by __type.
    raised = sqs.exceptions
    for kind, call in (
        (raised.QueueDoesNotExist, lambda: sqs.get_queue_url(QueueName="missing")),
        (raised.EmptyBatchRequest,
         lambda: sqs.send_message_batch(QueueUrl=queue, Entries=[])),
        (raised.InvalidAttributeName,
         lambda: sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Colour"])),
        (raised.InvalidMessageContents,
         lambda: sqs.send_message(QueueUrl=queue, MessageBody="\x00")),
        (raised.ReceiptHandleIsInvalid,
         lambda: sqs.delete_message(QueueUrl=queue, ReceiptHandle="nonsense")),
    ):
        with pytest.raises(kind):
            call()


@pytest.mark.parametrize("operation", [
    "send_message", "receive_message", "delete_message", "change_message_visibility",
    "delete_queue", "purge_queue", "get_queue_attributes", "set_queue_attributes",
    "list_queue_tags", "tag_queue", "untag_queue", "send_message_batch",
    "delete_message_batch", "change_message_visibility_batch"])
def test_every_operation_on_a_missing_queue_says_so(martlet, sqs, account, operation):
    # recorded: 400, whichever operation.
    needed = {
        "send_message": {"MessageBody": "m"},
        "delete_message": {"ReceiptHandle": "h"},
        "change_message_visibility": {"ReceiptHandle": "h", "VisibilityTimeout": 0},
        "set_queue_attributes": {"Attributes": {"DelaySeconds": "1"}},
        "tag_queue": {"Tags": {"k": "v"}},
        "untag_queue": {"TagKeys": ["k"]},
        "send_message_batch": {"Entries": [{"Id": "a", "MessageBody": "m"}]},
        "delete_message_batch": {"Entries": [{"Id": "a", "ReceiptHandle": "h"}]},
        "change_message_visibility_batch": {"Entries": [{"Id": "a", "ReceiptHandle": "h"}]},
    }
    url = f"{martlet.endpoint}/{account}/missing"
    with refused(NO_QUEUE, 400):
        getattr(sqs, operation)(QueueUrl=url, **needed.get(operation, {}))


# Names and attributes ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a" * 81, "with space", "dot.ted", "slash/ed", "ü", ""])
def test_queue_names_have_80_letters_digits_hyphens_and_underscores(sqs, name):
    # documentation: CreateQueue, QueueName.
    with refused("InvalidParameterValue", 400):
        sqs.create_queue(QueueName=name)


def test_longest_queue_name_is_accepted(sqs):
    # documentation: up to 80 characters; with its suffix for a FIFO queue.
    sqs.create_queue(QueueName="A_z-9" * 16)
    sqs.create_queue(QueueName="f" * 75 + ".fifo", Attributes={"FifoQueue": "true"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VisibilityTimeout", "-1"), ("VisibilityTimeout", "43201"),
        ("VisibilityTimeout", "soon"), ("VisibilityTimeout", ""), ("VisibilityTimeout", "1.5"),
        ("DelaySeconds", "-1"), ("DelaySeconds", "901"),
        ("MaximumMessageSize", "1023"), ("MaximumMessageSize", "1048577"),
        ("MessageRetentionPeriod", "59"), ("MessageRetentionPeriod", "1209601"),
        ("ReceiveMessageWaitTimeSeconds", "21"), ("ReceiveMessageWaitTimeSeconds", "-1"),
        ("VisibilityTimeout", "99999999999999999999"),
        ("SqsManagedSseEnabled", "maybe"),
        ("Policy", "not a policy"),
    ])
def test_attribute_values_out_of_range_are_refused(sqs, queue, name, value):
    # documentation: ranges of SetQueueAttributes; model: InvalidAttributeValue.
    with refused("InvalidAttributeValue", 400, f"Invalid value for the parameter {name}."):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: value})
    fresh_name = fresh()
    with refused("InvalidAttributeValue", 400):
        sqs.create_queue(QueueName=fresh_name, Attributes={name: value})
    with refused(NO_QUEUE):
        sqs.get_queue_url(QueueName=fresh_name)


@pytest.mark.parametrize("call", ["get", "set", "create"])
def test_unknown_attributes_are_named(sqs, queue, call):
    # recorded: "Unknown Attribute …".
    with refused("InvalidAttributeName", 400, "Unknown Attribute Colour."):
        if call == "get":
            sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Colour"])
        elif call == "set":
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Colour": "red"})
        else:
            sqs.create_queue(QueueName=fresh(), Attributes={"Colour": "red"})


def test_read_only_attributes_cannot_be_set(sqs, queue):
    # documentation: they are not among SetQueueAttributes' attributes.
    for name in ("QueueArn", "ApproximateNumberOfMessages", "CreatedTimestamp"):
        with refused("InvalidAttributeName", 400, f"Unknown Attribute {name}."):
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: "1"})


def test_nothing_is_set_when_one_attribute_is_bad(sqs, queue):
    # ours: a refused call changes nothing.
    with refused("InvalidAttributeValue", 400):
        sqs.set_queue_attributes(
            QueueUrl=queue, Attributes={"VisibilityTimeout": "5", "DelaySeconds": "901"})
    names = ["VisibilityTimeout", "DelaySeconds"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    assert found == {"VisibilityTimeout": "30", "DelaySeconds": "0"}


def test_two_kinds_of_encryption_exclude_each_other(sqs, queue):
    # recorded.
    with refused(
        "InvalidAttributeName", 400,
        "You can use one type of server-side encryption (SSE) at one time. You can either "
        "enable KMS SSE or SQS SSE.",
    ):
        sqs.set_queue_attributes(
            QueueUrl=queue,
            Attributes={"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"})


@pytest.mark.parametrize("policy", [
    "not json", "[]", "{}", '{"maxReceiveCount": 1}',
    '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}',
    '{"deadLetterTargetArn": "DEAD", "maxReceiveCount": 0}',
    '{"deadLetterTargetArn": "DEAD", "maxReceiveCount": 1001}',
    '{"deadLetterTargetArn": "DEAD", "maxReceiveCount": "many"}',
    '{"deadLetterTargetArn": "DEAD"}',
    '{"deadLetterTargetArn": "DEAD-missing", "maxReceiveCount": 3}'])
def test_bad_redrive_policies_are_refused(sqs, queue, policy):
    # recorded: InvalidParameterValue, naming RedrivePolicy; documentation: count 1 to 1,000.
    dead = arn_of(sqs, sqs.create_queue(QueueName=fresh("dead"))["QueueUrl"])
    policy = policy.replace("DEAD", dead)
    with refused("InvalidParameterValue", 400, "RedrivePolicy"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def test_redrive_count_may_be_text(sqs, queue):
    # recorded: the console and CloudFormation send it so.
    dead = arn_of(sqs, sqs.create_queue(QueueName=fresh("dead"))["QueueUrl"])
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "3"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": policy})


def test_redrive_allow_policy_denies_sources(sqs):
    # documentation: RedriveAllowPolicy denyAll.
    given = {"RedriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"})}
    closed = sqs.create_queue(QueueName=fresh("closed"), Attributes=given)["QueueUrl"]
    policy = {"deadLetterTargetArn": arn_of(sqs, closed), "maxReceiveCount": 3}
    with refused("InvalidParameterValue", 400):
        sqs.create_queue(
            QueueName=fresh(), Attributes={"RedrivePolicy": json.dumps(policy)})


# Messages ----------------------------------------------------------------------------------


def test_message_over_the_maximum_is_refused(sqs, queue):
    # recorded wording; documentation: 1 MiB since 2025.
    with refused(
        "InvalidParameterValue", 400,
        f"One or more parameters are invalid. Reason: Message must be shorter than {MIB} bytes.",
    ):
        sqs.send_message(QueueUrl=queue, MessageBody="a" * (MIB + 1))
    assert counts(sqs, queue) == (0, 0, 0)


def test_queues_own_maximum_counts_body_and_attributes(sqs):
    # recorded: the limit in the message is the queue's; documentation: attributes count.
    given = {"MaximumMessageSize": "1024"}
    url = sqs.create_queue(QueueName=fresh(), Attributes=given)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a" * 1024)
    with refused("InvalidParameterValue", 400, "shorter than 1024 bytes"):
        sqs.send_message(QueueUrl=url, MessageBody="ä" * 513)
    attributes = {"name": {"DataType": "String", "StringValue": "v" * 1014}}
    with refused("InvalidParameterValue", 400, "shorter than 1024 bytes"):
        sqs.send_message(QueueUrl=url, MessageBody="a", MessageAttributes=attributes)


def test_empty_body_is_a_missing_parameter(sqs, queue):
    # recorded: "The request must contain the parameter MessageBody."
    with refused("MissingParameter", 400, "The request must contain the parameter MessageBody."):
        sqs.send_message(QueueUrl=queue, MessageBody="")


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x0b", "\x1f", "\ufffe", "\uffff"])
def test_characters_outside_the_set_are_refused(sqs, queue, character):
    # documentation: SendMessage, allowed characters; model: InvalidMessageContents.
    with refused("InvalidMessageContents", 400):
        sqs.send_message(QueueUrl=queue, MessageBody=f"a{character}b")
    assert counts(sqs, queue) == (0, 0, 0)


@pytest.mark.parametrize("delay", [-1, 901])
def test_delay_is_0_to_900_seconds(sqs, queue, delay):
    # recorded: "Value … for parameter DelaySeconds is invalid. Reason: …".
    with refused(
        "InvalidParameterValue", 400, f"Value {delay} for parameter DelaySeconds is invalid."
    ):
        sqs.send_message(QueueUrl=queue, MessageBody="m", DelaySeconds=delay)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", {"DataType": "String", "StringValue": "v"}),
        ("AWS.name", {"DataType": "String", "StringValue": "v"}),
        ("amazon.name", {"DataType": "String", "StringValue": "v"}),
        (".lead", {"DataType": "String", "StringValue": "v"}),
        ("trail.", {"DataType": "String", "StringValue": "v"}),
        ("two..dots", {"DataType": "String", "StringValue": "v"}),
        ("sp ace", {"DataType": "String", "StringValue": "v"}),
        ("n" * 257, {"DataType": "String", "StringValue": "v"}),
        ("n", {"DataType": "", "StringValue": "v"}),
        ("n", {"DataType": "Colour", "StringValue": "v"}),
        ("n", {"DataType": "String"}),
        ("n", {"DataType": "String", "StringValue": ""}),
        ("n", {"DataType": "Number", "StringValue": "many"}),
        ("n", {"DataType": "Binary", "StringValue": "text"}),
        ("n", {"DataType": "Binary", "BinaryValue": b""}),
    ])
def test_bad_message_attributes_are_refused(sqs, queue, name, value):
    # documentation: message attribute components; recorded: empty string attribute.
    with refused("InvalidParameterValue", 400):
        sqs.send_message(QueueUrl=queue, MessageBody="m", MessageAttributes={name: value})
    assert counts(sqs, queue) == (0, 0, 0)


def test_empty_attribute_value_names_the_attribute(sqs, queue):
    # recorded.
    with refused(
        "InvalidParameterValue", 400,
        "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
    ):
        sqs.send_message(
            QueueUrl=queue, MessageBody="m",
            MessageAttributes={"ErrorDetails": {"DataType": "String", "StringValue": ""}})


def test_at_most_ten_message_attributes(sqs, queue):
    # documentation: each message can have up to 10 attributes.
    def attributes(count):
        return {f"a{n}": {"DataType": "String", "StringValue": "v"} for n in range(count)}

    sqs.send_message(QueueUrl=queue, MessageBody="m", MessageAttributes=attributes(10))
    with refused("InvalidParameterValue", 400, "10"):
        sqs.send_message(QueueUrl=queue, MessageBody="m", MessageAttributes=attributes(11))


def test_only_the_trace_header_is_a_system_attribute(sqs, queue):
    # documentation: "Currently, the only supported message system attribute is AWSTraceHeader".
    sender = {"SenderId": {"DataType": "String", "StringValue": "me"}}
    with refused("InvalidParameterValue", 400):
        sqs.send_message(QueueUrl=queue, MessageBody="m", MessageSystemAttributes=sender)


# Receiving, handles, visibility ------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "value"),
    [("MaxNumberOfMessages", 0), ("MaxNumberOfMessages", 11), ("WaitTimeSeconds", -1),
     ("WaitTimeSeconds", 21), ("VisibilityTimeout", -1), ("VisibilityTimeout", 43_201)])
def test_receive_parameters_have_ranges(sqs, queue, member, value):
    # recorded: "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: …".
    with refused(
        "InvalidParameterValue", 400, f"Value {value} for parameter {member} is invalid."
    ):
        sqs.receive_message(QueueUrl=queue, **{member: value})


def test_unknown_system_attribute_is_refused(sqs, queue):
    # model: MessageSystemAttributeName is a closed list.
    with refused("InvalidAttributeName", 400):
        sqs.receive_message(QueueUrl=queue, MessageSystemAttributeNames=["Colour"])


@pytest.mark.parametrize("handle", ["nonsense", "AQEB" + "A" * 200, "*" * 40, "ü"])
def test_handles_never_issued_are_invalid(sqs, queue, handle):
    # model: ReceiptHandleIsInvalid, 404 by its HTTP trait; recorded: moto's AWS-verified tests.
    with refused("ReceiptHandleIsInvalid", 404):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    with refused("ReceiptHandleIsInvalid", 404):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)


def test_handle_of_another_queue_is_refused(sqs, queue):
    # recorded: "The receipt handle … is not valid for this queue" as ReceiptHandleIsInvalid.
    other = sqs.create_queue(QueueName=fresh())["QueueUrl"]
    fill(sqs, other, ["m"])
    handle = receive(sqs, other)[0]["ReceiptHandle"]
    with refused("ReceiptHandleIsInvalid", 404):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert counts(sqs, other) == (0, 1, 0)


def test_altered_handle_touches_nothing(sqs, queue):
    # ours: handles are unforgeable or at least checked.
    fill(sqs, queue, ["m"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    middle = len(handle) // 2
    for swapped in ("A", "B"):
        altered = handle[:middle] + swapped + handle[middle + 1:]
        if altered == handle:
            continue
        try:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=altered)
        except sqs.exceptions.ClientError:
            pass
    assert counts(sqs, queue) == (0, 1, 0)


def test_visibility_of_a_message_not_in_flight_cannot_change(sqs, queue):
    # documentation: ChangeMessageVisibility, MessageNotInflight; a deleted message is expired.
    fill(sqs, queue, ["m"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    with refused("AWS.SimpleQueueService.MessageNotInflight", 400):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=5)


def test_visibility_of_a_deleted_message_cannot_change(sqs, queue):
    # recorded: InvalidParameterValue, "Message does not exist or is not available …".
    fill(sqs, queue, ["m"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    with refused("InvalidParameterValue", 400, "for parameter ReceiptHandle is invalid"):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=5)


@pytest.mark.parametrize("seconds", [-1, 43_201])
def test_visibility_is_0_to_43200_seconds(sqs, queue, seconds):
    # documentation: 0 to 12 hours; recorded: the wording.
    fill(sqs, queue, ["m"])
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    with refused(
        "InvalidParameterValue", 400,
        f"Value {seconds} for parameter VisibilityTimeout is invalid.",
    ):
        sqs.change_message_visibility(
            QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=seconds)
    assert counts(sqs, queue) == (0, 1, 0)


# Batches -----------------------------------------------------------------------------------


def entry(operation, identifier, handle="h"):
    if operation == "send_message_batch":
        return {"Id": identifier, "MessageBody": "m"}
    if operation == "delete_message_batch":
        return {"Id": identifier, "ReceiptHandle": handle}
    return {"Id": identifier, "ReceiptHandle": handle, "VisibilityTimeout": 0}


BATCHES = ["send_message_batch", "delete_message_batch", "change_message_visibility_batch"]


@pytest.mark.parametrize("operation", BATCHES)
def test_batch_rules_refuse_the_whole_batch(sqs, queue, operation):
    # recorded wordings; model: the four batch errors. Nothing of the batch happens.
    call = getattr(sqs, operation)
    prefix = "AWS.SimpleQueueService."
    with refused(prefix + "EmptyBatchRequest", 400):
        call(QueueUrl=queue, Entries=[])
    many = [entry(operation, str(number)) for number in range(11)]
    with refused(
        prefix + "TooManyEntriesInBatchRequest", 400,
        "Maximum number of entries per request are 10. You have sent 11.",
    ):
        call(QueueUrl=queue, Entries=many)
    with refused(prefix + "BatchEntryIdsNotDistinct", 400, "Id same repeated."):
        call(QueueUrl=queue, Entries=[entry(operation, "same"), entry(operation, "same")])
    for identifier in ("", "i" * 81, "inv:alid", "sp ace", "ü"):
        with refused(
            prefix + "InvalidBatchEntryId", 400,
            "A batch entry id can only contain alphanumeric characters, hyphens and "
            "underscores. It can be at most 80 letters long.",
        ):
            call(QueueUrl=queue, Entries=[entry(operation, identifier)])
    assert counts(sqs, queue) == (0, 0, 0)


def test_batch_total_is_limited(sqs, queue):
    # recorded wording; documentation: 1 MiB for the batch as a whole.
    half = "a" * (MIB // 2)
    entries = [{"Id": "1", "MessageBody": half}, {"Id": "2", "MessageBody": half + "a"}]
    with refused(
        "AWS.SimpleQueueService.BatchRequestTooLong", 400,
        f"Batch requests cannot be longer than {MIB} bytes. You have sent {MIB + 1} bytes.",
    ):
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert counts(sqs, queue) == (0, 0, 0)


def test_fifo_batch_without_group_is_refused_as_a_whole(sqs):
    # recorded: InvalidParameterValue here, MissingParameter for a single send.
    url = sqs.create_queue(
        QueueName=fresh() + ".fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    with refused(
        "InvalidParameterValue", 400, "The request must contain the parameter MessageGroupId."
    ):
        sqs.send_message_batch(
            QueueUrl=url,
            Entries=[{"Id": "1", "MessageBody": "m", "MessageDeduplicationId": "d"}])


# Missing and mistyped members --------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "body", "member"),
    [
        ("SendMessage", {"MessageBody": "m"}, "QueueUrl"),
        ("SendMessage", {"QueueUrl": "URL"}, "MessageBody"),
        ("ReceiveMessage", {}, "QueueUrl"),
        ("DeleteMessage", {"QueueUrl": "URL"}, "ReceiptHandle"),
        ("ChangeMessageVisibility", {"QueueUrl": "URL", "ReceiptHandle": "h"},
         "VisibilityTimeout"),
        ("CreateQueue", {}, "QueueName"),
        ("SetQueueAttributes", {"QueueUrl": "URL"}, "Attributes"),
        ("TagQueue", {"QueueUrl": "URL"}, "Tags"),
        ("UntagQueue", {"QueueUrl": "URL"}, "TagKeys"),
    ])
def test_missing_members_are_named(martlet, account, queue, operation, body, member):
    # recorded: MissingParameter with this sentence, header MissingParameter;Sender.
    body = {key: queue if value == "URL" else value for key, value in body.items()}
    reply = json_call(martlet, account, operation, body)
    assert reply.status == 400
    assert reply.headers["x-amzn-query-error"] == "MissingParameter;Sender"
    assert code_of(reply) == "MissingRequiredParameterException"
    assert reply.json["message"] == f"The request must contain the parameter {member}."


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("SendMessage", {"QueueUrl": "URL", "MessageBody": 7}),
        ("SendMessage", {"QueueUrl": "URL", "MessageBody": "m", "DelaySeconds": "soon"}),
        ("SendMessage", {"QueueUrl": "URL", "MessageBody": "m", "MessageAttributes": []}),
        ("ReceiveMessage", {"QueueUrl": "URL", "MaxNumberOfMessages": True}),
        ("ReceiveMessage", {"QueueUrl": "URL", "MessageAttributeNames": "All"}),
        ("CreateQueue", {"QueueName": "q", "Attributes": {"DelaySeconds": 5}}),
        ("SendMessageBatch", {"QueueUrl": "URL", "Entries": {}}),
        ("SendMessageBatch", {"QueueUrl": "URL", "Entries": ["x"]}),
    ])
def test_wrongly_typed_members_are_a_serialization_error(
        martlet, account, queue, operation, body):
    # recorded: AWS's JSON front answers SerializationException.
    body = {key: queue if value == "URL" else value for key, value in body.items()}
    reply = json_call(martlet, account, operation, body)
    assert (reply.status, code_of(reply)) == (400, "SerializationException")


# Strict limits -----------------------------------------------------------------------------


class TestLimitsOfAWS:
    """Rules that hold only under `--limits=aws`."""

    @pytest.fixture
    def strict(self, martlet_with, account):
        return martlet_with("--limits=aws")

    def test_purge_once_in_60_seconds(self, strict, account):
        # recorded: 403 PurgeQueueInProgress with the queue's name.
        sqs = strict.client("sqs", account=account)
        strict.clock.freeze()
        name = fresh()
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        sqs.purge_queue(QueueUrl=url)
        strict.clock.advance("59s")
        with refused(
            "AWS.SimpleQueueService.PurgeQueueInProgress", 403,
            f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.",
        ):
            sqs.purge_queue(QueueUrl=url)
        strict.clock.advance("1s")
        sqs.purge_queue(QueueUrl=url)

    def test_no_new_queue_of_a_name_for_60_seconds_after_its_deletion(self, strict, account):
        # documentation: QueueDeletedRecently.
        sqs = strict.client("sqs", account=account)
        strict.clock.freeze()
        name = fresh()
        sqs.delete_queue(QueueUrl=sqs.create_queue(QueueName=name)["QueueUrl"])
        strict.clock.advance("59s")
        with refused("AWS.SimpleQueueService.QueueDeletedRecently", 400, "60 seconds"):
            sqs.create_queue(QueueName=name)
        strict.clock.advance("1s")
        sqs.create_queue(QueueName=name)
