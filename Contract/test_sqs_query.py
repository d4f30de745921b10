# SPDX-License-Identifier: Apache-2.0
"""SQS in the Query protocol of older SDKs, and requests posted to the queue's own path.

Forms go out and XML comes back, bare: no current SDK would send them. Expectations are from the
documented Query forms (SQS developer guide, "Making Query API requests") unless marked otherwise.
"""

import base64
import json

import pytest

from support import (
    attribute, attributes_md5, bodies, code_of, counts, fresh, json_call, json_headers, md5,
    query_call, receive, signed_call, xml_of)

NAMESPACE = b'xmlns="http://queue.amazonaws.com/doc/2012-11-05/"'


@pytest.fixture
def call(martlet, account):
    """`call("SendMessage", MessageBody="m")` → the reply."""
    return lambda action, **fields: query_call(martlet, account, action, **fields)


def result(reply):
    assert reply.status == 200, reply
    return xml_of(reply)


def test_every_reply_names_its_request_and_the_version(call):
    reply = call("CreateQueue", QueueName=fresh())
    root = result(reply)
    assert root.tag == "CreateQueueResponse" and NAMESPACE in reply.body
    assert reply.headers["content-type"].startswith("text/xml")
    request_id = root.findtext("ResponseMetadata/RequestId")
    assert request_id and reply.headers["x-amzn-requestid"] == request_id


def test_create_with_attributes_and_tags(call, sqs):
    name = fresh()
    root = result(call(
        "CreateQueue", QueueName=name, Attribute__1__Name="VisibilityTimeout",
        Attribute__1__Value="40", Attribute__2__Name="DelaySeconds", Attribute__2__Value="7",
        Tag__1__Key="team", Tag__1__Value="a"))
    url = root.findtext("CreateQueueResult/QueueUrl")
    assert url == sqs.get_queue_url(QueueName=name)["QueueUrl"]
    assert attribute(sqs, url, "VisibilityTimeout") == "40"
    assert attribute(sqs, url, "DelaySeconds") == "7"
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "a"}


def test_get_url_list_and_delete(call, sqs):
    names = sorted(fresh("listed") for _ in range(2))
    urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in names]
    found = result(call("GetQueueUrl", QueueName=names[0]))
    assert found.findtext("GetQueueUrlResult/QueueUrl") == urls[0]
    listed = result(call("ListQueues", QueueNamePrefix="listed"))
    assert [node.text for node in listed.findall("ListQueuesResult/QueueUrl")] == urls
    assert result(call("DeleteQueue", QueueUrl=urls[0])).tag == "DeleteQueueResponse"
    assert code_of(call("GetQueueUrl", QueueName=names[0])) == (
        "AWS.SimpleQueueService.NonExistentQueue")


def test_get_attributes_as_name_value_pairs(call, queue):
    root = result(call("GetQueueAttributes", QueueUrl=queue, AttributeName__1="All"))
    pairs = {
        node.findtext("Name"): node.findtext("Value")
        for node in root.findall("GetQueueAttributesResult/Attribute")}
    assert pairs["VisibilityTimeout"] == "30" and pairs["MaximumMessageSize"] == "1048576"


def test_set_attributes(call, sqs, queue):
    result(call(
        "SetQueueAttributes", QueueUrl=queue, Attribute__1__Name="VisibilityTimeout",
        Attribute__1__Value="5"))
    # The singular form without a number is sent by some clients and taken by AWS.
    result(call(
        "SetQueueAttributes", QueueUrl=queue, Attribute__Name="DelaySeconds",
        Attribute__Value="6"))
    assert attribute(sqs, queue, "VisibilityTimeout") == "5"
    assert attribute(sqs, queue, "DelaySeconds") == "6"


def test_send_with_attributes_and_receive_them(call, sqs, queue):
    blob = base64.b64encode(b"\x00\xff").decode()
    root = result(call(
        "SendMessage", QueueUrl=queue, MessageBody="a <b> & ü",
        MessageAttribute__1__Name="text", MessageAttribute__1__Value__DataType="String",
        MessageAttribute__1__Value__StringValue="ü", MessageAttribute__2__Name="blob",
        MessageAttribute__2__Value__DataType="Binary",
        MessageAttribute__2__Value__BinaryValue=blob))
    attributes = {
        "text": {"DataType": "String", "StringValue": "ü"},
        "blob": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    assert root.findtext("SendMessageResult/MD5OfMessageBody") == md5("a <b> & ü")
    assert root.findtext("SendMessageResult/MD5OfMessageAttributes") == (
        attributes_md5(attributes))
    got = result(call(
        "ReceiveMessage", QueueUrl=queue, AttributeName__1="All",
        MessageAttributeName__1="All")).find("ReceiveMessageResult/Message")
    assert got.findtext("Body") == "a <b> & ü"
    assert got.findtext("MD5OfBody") == md5("a <b> & ü")
    system = {n.findtext("Name"): n.findtext("Value") for n in got.findall("Attribute")}
    assert system["ApproximateReceiveCount"] == "1"
    user = {n.findtext("Name"): n.find("Value") for n in got.findall("MessageAttribute")}
    assert user["text"].findtext("StringValue") == "ü"
    assert user["blob"].findtext("BinaryValue") == blob
    handle = got.findtext("ReceiptHandle")
    result(call("DeleteMessage", QueueUrl=queue, ReceiptHandle=handle))
    assert counts(sqs, queue) == (0, 0, 0)


def test_receive_from_an_empty_queue_is_an_empty_result(call, queue):
    root = result(call("ReceiveMessage", QueueUrl=queue))
    assert root.find("ReceiveMessageResult") is not None
    assert root.findall(".//Message") == []


def test_change_visibility(call, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    result(call(
        "ChangeMessageVisibility", QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout="0"))
    assert counts(sqs, queue) == (1, 0, 0)


def test_batches(call, sqs, queue):
    sent = result(call(
        "SendMessageBatch", QueueUrl=queue, SendMessageBatchRequestEntry__1__Id="a",
        SendMessageBatchRequestEntry__1__MessageBody="one",
        SendMessageBatchRequestEntry__2__Id="b",
        SendMessageBatchRequestEntry__2__MessageBody="two",
        SendMessageBatchRequestEntry__2__DelaySeconds="901"))
    good = sent.findall("SendMessageBatchResult/SendMessageBatchResultEntry")
    bad = sent.findall("SendMessageBatchResult/BatchResultErrorEntry")
    assert [n.findtext("Id") for n in good] == ["a"]
    assert [(n.findtext("Id"), n.findtext("Code"), n.findtext("SenderFault")) for n in bad] == [
        ("b", "InvalidParameterValue", "true")]
    handle = receive(sqs, queue)[0]["ReceiptHandle"]
    changed = result(call(
        "ChangeMessageVisibilityBatch", QueueUrl=queue,
        ChangeMessageVisibilityBatchRequestEntry__1__Id="a",
        ChangeMessageVisibilityBatchRequestEntry__1__ReceiptHandle=handle,
        ChangeMessageVisibilityBatchRequestEntry__1__VisibilityTimeout="60"))
    assert changed.findtext(
        "ChangeMessageVisibilityBatchResult/ChangeMessageVisibilityBatchResultEntry/Id") == "a"
    deleted = result(call(
        "DeleteMessageBatch", QueueUrl=queue, DeleteMessageBatchRequestEntry__1__Id="a",
        DeleteMessageBatchRequestEntry__1__ReceiptHandle=handle))
    assert deleted.findtext(
        "DeleteMessageBatchResult/DeleteMessageBatchResultEntry/Id") == "a"


def test_purge_and_tags(call, sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    result(call("PurgeQueue", QueueUrl=queue))
    assert counts(sqs, queue) == (0, 0, 0)
    result(call("TagQueue", QueueUrl=queue, Tag__1__Key="k", Tag__1__Value="v"))
    listed = result(call("ListQueueTags", QueueUrl=queue))
    assert [(n.findtext("Key"), n.findtext("Value"))
            for n in listed.findall("ListQueueTagsResult/Tag")] == [("k", "v")]
    result(call("UntagQueue", QueueUrl=queue, TagKey__1="k"))
    assert sqs.list_queue_tags(QueueUrl=queue).get("Tags", {}) == {}


def test_get_requests_carry_the_same_fields(martlet, account, sqs, queue):
    # documentation: GET requests put the parameters in the URL.
    reply = query_call(
        martlet, account, "SendMessage", method="GET", QueueUrl=queue, MessageBody="by GET")
    assert result(reply).tag == "SendMessageResponse"
    assert bodies(receive(sqs, queue)) == ["by GET"]


def test_error_has_the_legacy_code_and_message(call, account, martlet):
    # recorded: the wording differs from the JSON protocol's.
    reply = call("GetQueueUrl", QueueName="missing")
    root = xml_of(reply)
    assert reply.status == 400 and root.tag == "ErrorResponse"
    assert root.findtext("Error/Type") == "Sender"
    assert root.findtext("Error/Code") == "AWS.SimpleQueueService.NonExistentQueue"
    assert root.findtext("Error/Message") == (
        "The specified queue does not exist for this wsdl version.")
    assert root.findtext("RequestId") == reply.headers["x-amzn-requestid"]


def test_unknown_and_missing_actions(martlet, account, call):
    # wire-facts 1: 400 InvalidAction and MissingAction.
    reply = call("Fly")
    assert (reply.status, code_of(reply)) == (400, "InvalidAction")
    missing = signed_call(
        martlet, "POST", "/", b"Version=2012-11-05",
        {"Content-Type": "application/x-www-form-urlencoded"}, account)
    assert (missing.status, code_of(missing)) == (400, "MissingAction")


# The queue's own path ----------------------------------------------------------------------


def path_of(url):
    return "/" + url.split("/", 3)[3]


def test_query_on_the_queue_path_needs_no_queue_url(martlet, account, sqs, queue):
    # documentation: the queue's URL is the endpoint of its requests.
    path = path_of(queue)
    sent = query_call(martlet, account, "SendMessage", path=path, MessageBody="by path")
    assert result(sent).tag == "SendMessageResponse"
    assert bodies(receive(sqs, queue)) == ["by path"]
    listed = query_call(
        martlet, account, "GetQueueAttributes", path=path, method="GET",
        AttributeName__1="QueueArn")
    assert result(listed).findtext(".//Value").endswith(queue.rsplit("/", 1)[1])


def test_json_on_the_queue_path_signed_as_kombu_does(martlet, account, sqs, queue):
    # wire-facts B1: kombu signs and posts JSON to the queue path.
    body = json.dumps({"QueueUrl": queue, "MessageBody": "from kombu"}).encode()
    headers = json_headers(account, "SendMessage")
    del headers["Authorization"], headers["X-Amz-Date"]
    reply = signed_call(martlet, "POST", path_of(queue), body, headers, account)
    assert reply.status == 200 and reply.json["MD5OfMessageBody"] == md5("from kombu")
    assert bodies(receive(sqs, queue)) == ["from kombu"]


def test_query_on_a_path_without_queue(martlet, account):
    # recorded: a queue path that names nothing is a missing queue.
    reply = query_call(
        martlet, account, "SendMessage", path=f"/{account}/missing", MessageBody="m")
    assert (reply.status, code_of(reply)) == (400, "AWS.SimpleQueueService.NonExistentQueue")


def test_queue_url_follows_the_host_the_caller_used(martlet, account):
    # ours: wire-facts B3; containers and hosts see different names.
    for host in (f"localhost:{martlet.port}", "sqs.us-east-1.localhost.localstack.cloud:4566"):
        name = fresh()
        reply = json_call(
            martlet, account, "CreateQueue", {"QueueName": name}, headers={"Host": host})
        assert reply.json["QueueUrl"] == f"http://{host}/{account}/{name}"


def test_queue_url_of_another_host_reaches_the_same_queue(martlet, account, sqs, queue):
    # ours: only the path of a queue URL decides; the host may be any that the caller knew.
    other = queue.replace("127.0.0.1", "localhost")
    sqs.send_message(QueueUrl=other, MessageBody="m")
    assert bodies(receive(sqs, queue)) == ["m"]
