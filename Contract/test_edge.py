# SPDX-License-Identifier: Apache-2.0
"""The front door: reserved paths, HTTP/1.1 behaviour, the Host and Origin rule, start and end.

Nearly all of it is ours; what LocalStack's users expect of the
reserved paths is in wire-facts B3.
"""

import json
import re
import signal
import socket
import threading

import pytest

from harness import Martlet, eventually
from support import (
    Poll, bodies, code_of, counts, fill, fresh, json_call, json_headers, query_headers, receive,
    xml_of)

ADMIN = {"X-Martlet-Request": "1", "Content-Type": "application/json"}


# Reserved paths ----------------------------------------------------------------------------


def test_health(martlet):
    # ours: design 8 and CLI `martlet health`.
    reply = martlet.raw("GET", "/_martlet/health")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert isinstance(reply.json, dict)


def test_health_as_localstack_answers_it(martlet):
    # wire-facts B3: {"services": {...: "running"}, "edition": …, "version": …}.
    reply = martlet.raw("GET", "/_localstack/health")
    assert reply.status == 200
    assert reply.json["services"]["sqs"] in ("available", "running")
    assert isinstance(reply.json["edition"], str) and isinstance(reply.json["version"], str)


def test_info_as_localstack_answers_it(martlet):
    # wire-facts B3.
    reply = martlet.raw("GET", "/_localstack/info")
    assert reply.status == 200 and isinstance(reply.json["version"], str)


def test_peek_shows_messages_without_receiving_them(martlet, sqs, queue):
    # LocalStack's developer endpoint: GET /_aws/sqs/messages?QueueUrl=….
    fill(sqs, queue, ["one", "two <&>"])
    for _ in range(2):
        reply = martlet.raw(
            "GET", f"/_aws/sqs/messages?QueueUrl={queue}", {"Accept": "application/json"})
        assert reply.status == 200
        found = reply.json["ReceiveMessageResponse"]["ReceiveMessageResult"]["Message"]
        assert sorted(message["Body"] for message in found) == ["one", "two <&>"]
    assert counts(sqs, queue) == (2, 0, 0)
    (first,) = receive(sqs, queue, 1, MessageSystemAttributeNames=["All"])
    assert first["Attributes"]["ApproximateReceiveCount"] == "1"


def test_peek_answers_xml_unless_asked_otherwise(martlet, sqs, queue):
    # LocalStack's developer endpoint answers in the Query protocol by default.
    fill(sqs, queue, ["one"])
    reply = martlet.raw("GET", f"/_aws/sqs/messages?QueueUrl={queue}")
    assert reply.status == 200
    assert [node.text for node in xml_of(reply).iter("Body")] == ["one"]


def test_peek_of_a_missing_queue(martlet, account):
    url = f"{martlet.endpoint}/{account}/missing"
    reply = martlet.raw("GET", f"/_aws/sqs/messages?QueueUrl={url}")
    assert reply.status in (400, 404)


def test_metrics_are_prometheus_text(martlet, queue):
    # ours: Prometheus exposition format 0.0.4; no unbounded label such as a queue's name.
    reply = martlet.raw("GET", "/metrics")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain")
    sample = re.compile(r'[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})? [-+0-9.eEInfNa]+( \d+)?$')
    lines = [line for line in reply.text.splitlines() if line]
    assert lines
    for line in lines:
        assert line.startswith("# ") or sample.match(line), line
    assert queue.rsplit("/", 1)[1] not in reply.text


def test_unknown_reserved_path_is_not_found(martlet):
    # ours: reserved prefixes never fall through to a service.
    for path in ("/_martlet/nothing", "/_localstack/nothing", "/_aws/nothing"):
        assert martlet.raw("GET", path, ADMIN).status == 404


# Every reply -------------------------------------------------------------------------------


def test_every_reply_has_date_and_request_id(martlet, account):
    # wire-facts 1: SDKs correct their clock by Date; x-amzn-RequestId on every reply.
    seen = set()
    for body in ({"QueueName": fresh()}, {}):
        reply = json_call(martlet, account, "CreateQueue", body)
        assert re.fullmatch(
            r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", reply.headers["date"])
        seen.add(reply.headers["x-amzn-requestid"])
    assert len(seen) == 2


def test_connection_is_kept_alive(martlet, account):
    # RFC 9112, 9.3.
    with martlet.connect() as connection:
        for _ in range(5):
            connection.request("POST", "/", json_headers(account, "ListQueues"), "{}")
            assert connection.reply("POST").status == 200
        connection.request("GET", "/_martlet/health", {"Connection": "close"})
        assert connection.reply().status == 200
        assert connection.rest() == b""


def test_http_1_0_is_closed_after_the_reply(martlet):
    # RFC 9112, 9.3: no persistence by default.
    with martlet.connect() as connection:
        connection.send(f"GET /_martlet/health HTTP/1.0\r\nHost: {host(martlet)}\r\n\r\n".encode())
        assert connection.rest().startswith(b"HTTP/1.")


def host(martlet):
    return f"127.0.0.1:{martlet.port}"


def test_pipelined_requests_are_answered_in_order(martlet, account):
    # RFC 9112, 9.3.2.
    names = [fresh() for _ in range(20)]
    with martlet.connect() as connection:
        for name in names:
            body = json.dumps({"QueueName": name})
            connection.request("POST", "/", json_headers(account, "CreateQueue"), body)
        for name in names:
            assert connection.reply("POST").json["QueueUrl"].endswith(name)


def test_slow_first_request_does_not_let_a_pipelined_second_overtake(martlet, account, queue):
    # RFC 9112, 9.3.2: answers keep the order of requests, also past a long poll.
    with martlet.connect() as connection:
        poll = json.dumps({"QueueUrl": queue, "WaitTimeSeconds": 1})
        connection.request("POST", "/", json_headers(account, "ReceiveMessage"), poll)
        connection.request("POST", "/", json_headers(account, "ListQueues"), "{}")
        assert "QueueUrls" not in connection.reply("POST").json
        assert connection.reply("POST").json["QueueUrls"] == [queue]


def test_request_may_arrive_byte_by_byte(martlet, account):
    body = json.dumps({"QueueName": fresh()}).encode()
    head = "".join(f"{n}: {v}\r\n" for n, v in json_headers(account, "CreateQueue").items())
    data = (f"POST / HTTP/1.1\r\nHost: {host(martlet)}\r\n{head}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body
    with martlet.connect() as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(len(data)):
            connection.send(data[position:position + 1])
        assert connection.reply("POST").status == 200


def test_chunked_body_is_read(martlet, account):
    # RFC 9112, 7.1.
    name = fresh()
    body = json.dumps({"QueueName": name}).encode()
    headers = {**json_headers(account, "CreateQueue"), "Transfer-Encoding": "chunked"}
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[at:at + 1]) for at in range(len(body)))
    with martlet.connect() as connection:
        connection.request("POST", "/", headers, chunks + b"0\r\n\r\n")
        assert connection.reply("POST").json["QueueUrl"].endswith(name)


def test_expect_100_continue_is_answered_before_the_body(martlet, account):
    # RFC 9110, 10.1.1; wire-facts B1: S3 clients send it.
    body = json.dumps({"QueueName": fresh()}).encode()
    headers = {**json_headers(account, "CreateQueue"), "Expect": "100-continue",
               "Content-Length": str(len(body))}
    with martlet.connect() as connection:
        connection.request("POST", "/", headers)
        assert connection.socket.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.send(body)
        assert connection.reply("POST").status == 200


def test_expect_100_continue_of_too_much_is_refused_instead(martlet, account):
    # reliability S3: answer the final error, not 100.
    headers = {**json_headers(account, "SendMessage"), "Expect": "100-continue",
               "Content-Length": str(10 * 1024**3)}
    with martlet.connect() as connection:
        connection.request("POST", "/", headers)
        assert connection.reply("POST").status == 413


def test_path_is_not_normalised_before_routing(martlet):
    # reliability S7: dots in a path are data, and never lead to a reserved path.
    for path in ("/x/../_martlet/reset", "/%5fmartlet/reset", "//_martlet/reset"):
        assert martlet.raw("POST", path, ADMIN, b"{}").status >= 400


# What is not built -------------------------------------------------------------------------


def test_unbuilt_services_answer_501_in_their_own_protocol(martlet, account):
    # ours: naming what is there; protocols by the models of S3, DynamoDB and EC2.
    s3 = martlet.raw("GET", "/", signed_for(account, "s3"))
    assert (s3.status, code_of(s3)) == (501, "NotImplemented")
    assert xml_of(s3).tag == "Error"
    dynamodb = martlet.raw(
        "POST", "/", {**signed_for(account, "dynamodb"),
                      "Content-Type": "application/x-amz-json-1.0",
                      "X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}")
    assert (dynamodb.status, code_of(dynamodb)) == (501, "NotImplemented")
    assert "sqs" in dynamodb.text.lower()
    sns = martlet.raw(
        "POST", "/", query_headers(account, "sns"), b"Action=ListTopics&Version=2010-03-31")
    assert (sns.status, code_of(sns)) == (501, "NotImplemented")


def signed_for(account, service):
    return {"Authorization": query_headers(account, service)["Authorization"],
            "X-Amz-Date": "20260101T000000Z"}


def test_cli_names_the_unbuilt_service(aws_cli):
    # ours: `aws s3 ls` and `aws dynamodb list-tables`.
    for command in (("s3", "ls"), ("dynamodb", "list-tables")):
        done = aws_cli(*command, check=False)
        assert done.returncode != 0
        assert "NotImplemented" in done.stderr
        assert command[0] in done.stderr.lower()


def test_unbuilt_operation_of_a_built_service_is_named(martlet, account):
    # ours: design 3, NotImplemented naming the operation.
    headers = json_headers(account, "CreateDelivery", "Logs_20140328", "1.1", "logs")
    reply = martlet.raw("POST", "/", headers, b"{}")
    assert (reply.status, code_of(reply)) == (501, "NotImplemented")
    assert "CreateDelivery" in reply.text


# Who may call ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [
    "127.0.0.1", "localhost", "LOCALHOST", "[::1]", "localhost.localstack.cloud",
    "sqs.us-east-1.localhost.localstack.cloud", "sqs.us-east-1.amazonaws.com"])
def test_hosts_of_ours_are_welcome(martlet, account, name):
    # design 6.
    reply = json_call(
        martlet, account, "ListQueues", {}, headers={"Host": f"{name}:{martlet.port}"})
    assert reply.status == 200


@pytest.mark.parametrize("name", [
    "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "amazonaws.com.evil.io",
    "evilamazonaws.com", "localstack.cloud", "notlocalhost", "169.254.169.254", ""])
def test_rebinding_hosts_are_refused(martlet, account, name):
    # design 6: DNS rebinding. Nothing is changed.
    queue_name = fresh()
    body = {"QueueName": queue_name}
    reply = json_call(martlet, account, "CreateQueue", body, headers={"Host": name})
    assert 400 <= reply.status < 500
    sqs = martlet.client("sqs", account=account)
    assert sqs.list_queues().get("QueueUrls", []) == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.io"])
def test_foreign_origins_are_refused(martlet, account, origin):
    # design 6: cross-site forms; no Access-Control-Allow-Origin for them.
    form = b"Action=CreateQueue&QueueName=by-a-form"
    headers = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
    for more in ({}, query_headers(account)):
        reply = martlet.raw("POST", "/", {**more, **headers}, form)
        assert 400 <= reply.status < 500
        assert reply.headers.get("access-control-allow-origin") in (None, "")
    sqs = martlet.client("sqs", account=account)
    assert sqs.list_queues().get("QueueUrls", []) == []


def test_no_reply_invites_every_origin(martlet, account):
    # design 6: no `Access-Control-Allow-Origin: *`.
    for headers in ({}, {"Origin": f"http://localhost:{martlet.port}"}):
        for path in ("/_martlet/health", "/_localstack/health", "/metrics"):
            reply = martlet.raw("GET", path, headers)
            assert reply.headers.get("access-control-allow-origin") != "*"


@pytest.mark.parametrize("path", ["/_martlet/reset", "/_martlet/clock"])
def test_admin_calls_need_our_header(martlet, sqs, queue, path):
    # design 6: a header of ours forces a browser's preflight; without it nothing changes.
    fill(sqs, queue, ["kept"])
    body = b'{"action": "freeze"}'
    for headers in (
            {"Content-Type": "application/json"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "text/plain", "Origin": "https://evil.example"},
            {**ADMIN, "Origin": "https://evil.example"},
            {**ADMIN, "Host": "evil.example"}):
        assert 400 <= martlet.raw("POST", path, headers, body).status < 500
    assert bodies(receive(sqs, queue)) == ["kept"]


def test_admin_preflight_from_elsewhere_is_not_granted(martlet):
    # design 6; Fetch standard: a preflight without the allow headers fails.
    reply = martlet.raw("OPTIONS", "/_martlet/reset", {
        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-martlet-request"})
    assert "access-control-allow-origin" not in reply.headers


def test_requests_without_credentials_are_refused(martlet):
    # design 6: MissingAuthenticationToken.
    headers = {"Content-Type": "application/x-amz-json-1.0",
               "X-Amz-Target": "AmazonSQS.ListQueues"}
    reply = martlet.raw("POST", "/", headers, b"{}")
    assert reply.status in (400, 403)
    assert code_of(reply).startswith("MissingAuthenticationToken")


# Start and end -----------------------------------------------------------------------------


def refuses_to_start(server, says):
    """The process ends by itself, not with 0, and its output holds all of `says`."""
    with pytest.raises(AssertionError, match=r"ended with [1-9]"):
        server.start()
    # The log is read by a thread of its own, which may be a moment behind the process's end.
    for text in says:
        eventually(lambda text=text: text in server.tail(), 5, f"{text} in: {server.tail()}")
    server.close()


def test_public_address_is_refused(martlet):
    # ours: refused with an explanation unless --unsafe-public is given.
    refuses_to_start(Martlet("--host", "0.0.0.0"), ["--unsafe-public"])
    refuses_to_start(
        Martlet(environment={"GATEWAY_LISTEN": "0.0.0.0:4566"}), ["--unsafe-public"])


def test_busy_port_says_what_to_do(martlet):
    # ours: one line that names the next step.
    server = Martlet()
    server.port = martlet.port
    refuses_to_start(server, [str(martlet.port), "--port"])


def test_data_directory_in_use_says_so(martlet):
    # design 4: one process owns a data directory; a second one says so and ends.
    refuses_to_start(Martlet(data_dir=martlet.data_dir), [str(martlet.data_dir)])
    assert martlet.raw("GET", "/_martlet/health").status == 200


class TestEnd:
    def test_sigterm_answers_what_is_under_way(self, own_martlet):
        # ours: graceful drain, an open long poll is answered, new work is not taken.
        sqs = own_martlet.client("sqs")
        url = sqs.create_queue(QueueName=fresh())["QueueUrl"]
        poll = Poll(own_martlet.client("sqs"), url, WaitTimeSeconds=20)
        assert poll.waits()
        failures = []
        threading.excepthook = lambda arguments: failures.append(arguments.exc_value)
        try:
            own_martlet.process.send_signal(signal.SIGTERM)
            assert own_martlet.process.wait(10) == 0
            poll.join(2)
        finally:
            threading.excepthook = threading.__excepthook__
        assert not poll.is_alive() and not failures
        own_martlet.process = None
        own_martlet.start()
        assert sqs.list_queues()["QueueUrls"] == [url]

    def test_data_directory_is_private(self, own_martlet):
        # design 4: mode 0700.
        assert own_martlet.data_dir.stat().st_mode & 0o077 == 0
