# SPDX-License-Identifier: Apache-2.0
"""Malformed requests, each with the answer it must get, and a server that lives through them.

A case is exact bytes on a socket. Framing follows RFC 9112; codes are AWS's, of its JSON front
(SerializationException, UnknownOperationException), its Query front (InvalidAction …) and SQS.
Where AWS gives no answer of its own (its load balancers refuse first) the status is ours.
What SQS refuses in well-formed requests is in test_sqs_errors.py, hostile zips are in
test_lambda_packages.py.
"""

import json
from urllib.parse import urlencode

import pytest

from support import authorization, code_of, fresh

KEY = "111122223333"
JSON = "application/x-amz-json-1.0"
FORM = "application/x-www-form-urlencoded"
SERIALIZATION = "SerializationException"
UNKNOWN = "UnknownOperationException"


class Case:
    """Bytes to send, the statuses that may answer them, and the code where one is promised."""

    def __init__(self, name, data, status, code=None):
        self.name, self.data, self.code = name, data, code
        self.statuses = status if isinstance(status, tuple) else (status,)

    def __repr__(self):
        return self.name


def raw(name, head, status, code=None, body=b""):
    """A request written by hand; lines are joined by CRLF, `HOST` stands for the server's."""
    data = head if isinstance(head, bytes) else "\r\n".join([*head, "", ""]).encode("latin-1")
    return Case(name, data + body, status, code)


def framing(name, lines, status=400, body=b""):
    return raw(f"framing: {name}", ["POST / HTTP/1.1", "Host: HOST", *lines], status, body=body)


def call(name, operation, body, status=400, code=SERIALIZATION, headers=()):
    """An AWS JSON call to SQS with exactly this body."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = [
        "POST / HTTP/1.1", "Host: HOST", f"Content-Type: {JSON}", f"X-Amz-Target: {operation}",
        "X-Amz-Date: 20260101T000000Z", f"Authorization: {authorization(KEY)}", *headers,
        f"Content-Length: {len(body)}"]
    return raw(f"json: {name}", lines, status, code, body)


def form(name, fields, status=400, code=None):
    """A Query call; `fields` is a mapping or the form's text as it is."""
    body = (fields if isinstance(fields, str) else urlencode(fields)).encode("latin-1")
    lines = [
        "POST / HTTP/1.1", "Host: HOST", f"Content-Type: {FORM}",
        "X-Amz-Date: 20260101T000000Z", f"Authorization: {authorization(KEY)}",
        f"Content-Length: {len(body)}"]
    return raw(f"query: {name}", lines, status, code, body)


def send(**members):
    return json.dumps({"QueueUrl": "URL", "MessageBody": "m", **members})


CHUNKED = "Transfer-Encoding: chunked"
DEEP = 100_000

REQUEST_LINES = [
    raw("line: garbage", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    raw("line: empty method", [" / HTTP/1.1", "Host: HOST"], 400),
    raw("line: method with a bracket", ["PO(ST / HTTP/1.1", "Host: HOST"], 400),
    raw("line: no version", ["GET /", "Host: HOST"], 400),
    raw("line: two spaces", ["GET  / HTTP/1.1", "Host: HOST"], 400),
    raw("line: version 9.9", ["GET / HTTP/9.9", "Host: HOST"], (400, 505)),
    raw("line: version in words", ["GET / HTTP/one", "Host: HOST"], 400),
    raw("line: HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505)),
    raw("line: target with a control byte", ["GET /a\x01b HTTP/1.1", "Host: HOST"], 400),
    raw("line: target with a NUL", ["GET /a\x00b HTTP/1.1", "Host: HOST"], 400),
    raw("line: relative target", ["GET a/b HTTP/1.1", "Host: HOST"], 400),
    raw("line: user in the target", ["GET http://u:p@HOST/ HTTP/1.1", "Host: HOST"], 400),
    raw("line: CONNECT", ["CONNECT example.com:443 HTTP/1.1", "Host: HOST"], (400, 405, 501)),
    raw("line: asterisk with GET", ["GET * HTTP/1.1", "Host: HOST"], 400),
    raw("line: bare line feeds", b"GET / HTTP/1.1\nHost: HOST\n\n", 400),
    raw("line: many empty lines first",
        b"\r\n" * 50 + b"GET / HTTP/1.1\r\nHost: HOST\r\n\r\n", 400),
    raw("line: 32 KiB target", [f"GET /{'a' * 32768} HTTP/1.1", "Host: HOST"], (414, 431)),
    raw("line: method of 10,000 letters", ["A" * 10_000 + " / HTTP/1.1", "Host: HOST"], 400),
]

HEADERS = [
    framing("no name", [": value"]),
    framing("space before the colon", ["Content-Length : 0"]),
    framing("folded line", ["X-A: one", " two"]),
    framing("no colon", ["Nonsense"]),
    framing("NUL in a value", ["X-A: a\x00b"]),
    framing("carriage return in a value", ["X-A: a\rb"]),
    framing("name with a control byte", ["X\x7fA: b"]),
    framing("300 fields", [f"X-{n}: v" for n in range(300)], 431),
    framing("a field of 128 KiB", ["X-A: " + "a" * 131_072], 431),
    framing("unknown expectation", ["Expect: the-impossible", "Content-Length: 0"], 417),
    raw("framing: no Host", ["GET / HTTP/1.1"], (400, 403)),
    raw("framing: two Hosts", ["GET / HTTP/1.1", "Host: HOST", "Host: HOST"], 400),
    raw("framing: Host with a space", ["GET / HTTP/1.1", "Host: a b"], 400),
    raw("framing: Host with a path", ["GET / HTTP/1.1", "Host: HOST/a"], (400, 403)),
    raw("framing: Host with a user", ["GET / HTTP/1.1", "Host: u@HOST"], (400, 403)),
]

LENGTHS = [
    framing("length in words", ["Content-Length: ten"]),
    framing("negative length", ["Content-Length: -1"]),
    framing("length with a sign", ["Content-Length: +1"], body=b"a"),
    framing("length with a space", ["Content-Length: 1 1"], body=b"a"),
    framing("hexadecimal length", ["Content-Length: 0x10"], body=b"a" * 16),
    framing("length beyond 64 bits", ["Content-Length: 99999999999999999999999"], (400, 413)),
    framing("length of 8 EiB", ["Content-Length: 9223372036854775807"], (400, 413)),
    framing("length of 10 GiB", ["Content-Length: 10737418240"], 413),
    framing("two lengths that differ", ["Content-Length: 1", "Content-Length: 2"], body=b"ab"),
    framing("a list of lengths", ["Content-Length: 1, 1"], body=b"a"),
    framing("length and chunked", ["Content-Length: 3", CHUNKED], body=b"0\r\n\r\n"),
    framing("unknown coding", ["Transfer-Encoding: gzip"], (400, 501)),
    framing("chunked not last", ["Transfer-Encoding: chunked, gzip"], (400, 501)),
    framing("chunked twice", [CHUNKED, CHUNKED], body=b"0\r\n\r\n"),
    framing("chunked in disguise", ["Transfer-Encoding: xchunked"], (400, 501)),
    framing("chunked after a vertical tab", ["Transfer-Encoding: \x0bchunked"]),
    raw("framing: chunked in HTTP/1.0", ["POST / HTTP/1.0", "Host: HOST", CHUNKED], 400,
        body=b"0\r\n\r\n"),
    framing("chunk size in words", [CHUNKED], body=b"ten\r\n"),
    framing("empty chunk size", [CHUNKED], body=b"\r\n"),
    framing("negative chunk size", [CHUNKED], body=b"-1\r\n"),
    framing("chunk size with a prefix", [CHUNKED], body=b"0x5\r\nhello\r\n0\r\n\r\n"),
    framing("chunk size beyond 64 bits", [CHUNKED], (400, 413), body=b"f" * 20 + b"\r\n"),
    framing("chunk size that wraps to 0", [CHUNKED], (400, 413), body=b"1" + b"0" * 16 + b"\r\n"),
    framing("chunk longer than it says", [CHUNKED], body=b"1\r\nabc\r\n0\r\n\r\n"),
    framing("chunk ended by a bare line feed", [CHUNKED], body=b"1\na\r\n0\r\n\r\n"),
    framing("chunk extension without end", [CHUNKED], (400, 431),
            body=b"1;" + b"a" * 100_000 + b"\r\n"),
    framing("trailers without end", [CHUNKED], (400, 431),
            body=b"0\r\n" + b"X-A: b\r\n" * 20_000),
]

JSON_BODIES = [
    call("cut off", "AmazonSQS.SendMessage", '{"QueueUrl": "'),
    call("not JSON", "AmazonSQS.SendMessage", "QueueUrl=a"),
    call("a list", "AmazonSQS.SendMessage", "[]"),
    call("a string", "AmazonSQS.SendMessage", '"x"'),
    call("a number", "AmazonSQS.SendMessage", "7"),
    call("two values", "AmazonSQS.SendMessage", "{}{}"),
    call("trailing comma", "AmazonSQS.SendMessage", '{"QueueUrl": "a",}'),
    call("single quotes", "AmazonSQS.SendMessage", "{'QueueUrl': 'a'}"),
    call("a comment", "AmazonSQS.SendMessage", '{/* x */"QueueUrl": "a"}'),
    call("a name without quotes", "AmazonSQS.SendMessage", '{QueueUrl: "a"}'),
    call("NaN", "AmazonSQS.SendMessage", '{"DelaySeconds": NaN}'),
    call("a control byte in a string", "AmazonSQS.SendMessage", '{"QueueUrl": "a\nb"}'),
    call("an unknown escape", "AmazonSQS.SendMessage", r'{"QueueUrl": "\x41"}'),
    call("a lone surrogate", "AmazonSQS.SendMessage", r'{"QueueUrl": "\ud800"}'),
    call("a cut surrogate pair", "AmazonSQS.SendMessage", r'{"QueueUrl": "\ud83d\u0041"}'),
    call("bad UTF-8", "AmazonSQS.SendMessage", b'{"QueueUrl": "\xff\xfe"}'),
    call("an overlong UTF-8 form", "AmazonSQS.SendMessage", b'{"QueueUrl": "\xc0\xaf"}'),
    call("UTF-8 of a surrogate", "AmazonSQS.SendMessage", b'{"QueueUrl": "\xed\xa0\x80"}'),
    call("UTF-16", "AmazonSQS.SendMessage", '{"QueueUrl": "a"}'.encode("utf-16")),
    call("NUL bytes", "AmazonSQS.SendMessage", b"\x00" * 64),
    call("lists 100,000 deep", "AmazonSQS.SendMessage", '{"A":' + "[" * DEEP + "]" * DEEP + "}"),
    call("objects 100,000 deep", "AmazonSQS.SendMessage",
         '{"a":' * DEEP + "1" + "}" * DEEP),
    call("lists never closed", "AmazonSQS.SendMessage", "[" * DEEP),
    call("depth inside a known member", "AmazonSQS.SendMessage",
         '{"QueueUrl": "u", "MessageAttributes": {"a": ' + "[" * DEEP + "]" * DEEP + "}}"),
    call("a number of a million digits", "AmazonSQS.SendMessage",
         '{"QueueUrl": "u", "MessageBody": "m", "DelaySeconds": ' + "9" * 1_000_000 + "}"),
    call("an exponent without end", "AmazonSQS.SendMessage",
         '{"QueueUrl": "u", "MessageBody": "m", "DelaySeconds": 1e999999}'),
    call("a fraction where an integer belongs", "AmazonSQS.SendMessage", send(DelaySeconds=1.5)),
    call("beyond 32 bits", "AmazonSQS.SendMessage", send(DelaySeconds=2**31)),
    call("beyond 64 bits", "AmazonSQS.SendMessage", send(DelaySeconds=2**64)),
    call("a boolean for a number", "AmazonSQS.SendMessage", send(DelaySeconds=True)),
    call("a list for a string", "AmazonSQS.SendMessage", send(MessageBody=["m"])),
    call("an object for a string", "AmazonSQS.SendMessage", send(QueueUrl={})),
    call("a string for a map", "AmazonSQS.SendMessage", send(MessageAttributes="a")),
    call("a null inside a list", "AmazonSQS.ReceiveMessage",
         '{"QueueUrl": "u", "AttributeNames": [{}]}'),
    call("text that is not base64", "AmazonSQS.SendMessage", send(
        MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": "*not base64*"}})),
    call("base64 with a cut quantum", "AmazonSQS.SendMessage", send(
        MessageAttributes={"a": {"DataType": "Binary", "BinaryValue": "QUJDR"}})),
]

JSON_TARGETS = [
    call("unknown operation", "AmazonSQS.Fly", "{}", code=UNKNOWN),
    call("operation in small letters", "AmazonSQS.sendmessage", "{}", code=UNKNOWN),
    call("target without operation", "AmazonSQS.", "{}", code=UNKNOWN),
    call("target without service", ".SendMessage", "{}", code=UNKNOWN),
    call("target without dot", "AmazonSQS", "{}", code=UNKNOWN),
    call("target of nothing", "Nothing_20200101.Fly", "{}", (400, 404), UNKNOWN),
    call("target of 10,000 letters", "AmazonSQS." + "F" * 10_000, "{}", code=UNKNOWN),
    call("target with bytes above 127", "AmazonSQS.Fl\xff", "{}", code=UNKNOWN),
    call("a queue URL that is none", "AmazonSQS.ReceiveMessage", '{"QueueUrl": "no url"}', 400,
         None),
    call("a queue URL with dots", "AmazonSQS.ReceiveMessage",
         '{"QueueUrl": "http://localhost/../../etc/passwd"}', 400, None),
    call("a queue URL with encoded slashes", "AmazonSQS.ReceiveMessage",
         '{"QueueUrl": "http://localhost/%2e%2e%2fetc"}', 400, None),
    call("a queue URL of a mebibyte", "AmazonSQS.ReceiveMessage",
         json.dumps({"QueueUrl": "http://localhost/" + "a" * 1_000_000}), 400, None),
    call("a policy 100,000 deep", "AmazonSQS.CreateQueue", json.dumps({
        "QueueName": "deep-policy", "Attributes": {"Policy": "[" * DEEP + "]" * DEEP}}),
        400, "InvalidAttributeValue"),
    call("a redrive policy 100,000 deep", "AmazonSQS.CreateQueue", json.dumps({
        "QueueName": "deep-redrive", "Attributes": {"RedrivePolicy": "[" * DEEP + "]" * DEEP}}),
        400, None),
    call("a next token that was never given", "AmazonSQS.ListQueues",
         '{"MaxResults": 5, "NextToken": "never"}', 400, None),
    call("too many results asked for", "AmazonSQS.ListQueues", '{"MaxResults": 1001}', 400, None),
    call("a gzip body", "AmazonSQS.ListQueues", b"\x1f\x8b\x08\x00" + b"\x00" * 30, 400, None,
         headers=["Content-Encoding: gzip"]),
]

FORMS = [
    form("unknown action", {"Action": "Fly", "Version": "2012-11-05"}, 400, "InvalidAction"),
    form("no action", {"Version": "2012-11-05"}, 400, "MissingAction"),
    form("empty action", {"Action": ""}, 400),
    form("action in small letters", {"Action": "listqueues"}, 400, "InvalidAction"),
    form("missing queue name", {"Action": "CreateQueue"}, 400, "MissingParameter"),
    form("bad percent escape", "Action=CreateQueue&QueueName=%zz", 400),
    form("cut percent escape", "Action=CreateQueue&QueueName=%", 400),
    form("bad UTF-8", "Action=CreateQueue&QueueName=%ff%fe", 400),
    form("NUL in a name", "Action=CreateQueue&QueueName=a%00b", 400),
    form("an index in words", {
        "Action": "CreateQueue", "QueueName": "q one", "Attribute.one.Name": "DelaySeconds"}, 400),
    form("an index beyond 64 bits", {
        "Action": "SendMessageBatch", "QueueUrl": "u",
        "SendMessageBatchRequestEntry.99999999999999999999.Id": "a"}, 400),
    form("an index of a billion", {
        "Action": "SendMessageBatch", "QueueUrl": "u",
        "SendMessageBatchRequestEntry.1000000000.Id": "a"}, 400),
    form("a negative index", {
        "Action": "SendMessageBatch", "QueueUrl": "u",
        "SendMessageBatchRequestEntry.-1.Id": "a"}, 400),
    form("a number in words", {
        "Action": "ReceiveMessage", "QueueUrl": "u", "MaxNumberOfMessages": "many"}, 400),
    form("100,000 parameters",
         "Action=SendMessage&" + "&".join(f"a{n}=b" for n in range(100_000)), (400, 413)),
    form("a name 10,000 dots deep",
         {"Action": "SendMessage", "QueueUrl": "u", "A" + ".a" * 10_000: "b"}, 400),
    form("binary instead of a form", "\x00\xff\xfe" * 100, 400),
]

SIGNATURES = [
    raw("auth: none",
        ["POST / HTTP/1.1", "Host: HOST", f"Content-Type: {JSON}",
         "X-Amz-Target: AmazonSQS.ListQueues", "Content-Length: 2"], (400, 403), body=b"{}"),
    *(raw(f"auth: {name}",
          ["POST / HTTP/1.1", "Host: HOST", f"Content-Type: {JSON}",
           "X-Amz-Target: AmazonSQS.ListQueues", f"Authorization: {value}",
           "X-Amz-Date: 20260101T000000Z", "Content-Length: 2"], (400, 403), body=b"{}")
      for name, value in (
          ("empty", ""),
          ("nonsense", "nonsense"),
          ("algorithm only", "AWS4-HMAC-SHA256"),
          ("unknown algorithm", "AWS9-HMAC-MD5 Credential=a/b/c/d/e"),
          ("no credential", "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=00"),
          ("credential without scope",
           "AWS4-HMAC-SHA256 Credential=test, SignedHeaders=host, Signature=00"),
          ("commas only", "AWS4-HMAC-SHA256 ,,,,,"),
          ("30,000 equal signs", "AWS4-HMAC-SHA256 " + "=" * 30_000))),
]

CASES = [
    *REQUEST_LINES, *HEADERS, *LENGTHS, *JSON_BODIES, *JSON_TARGETS, *FORMS, *SIGNATURES]


def test_the_table_is_long_and_its_names_differ():
    # ours: the issue asks for at least 80.
    assert len(CASES) >= 80
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_malformed_request_is_refused_and_the_server_lives(martlet, case):
    data = case.data.replace(b"HOST", f"127.0.0.1:{martlet.port}".encode())
    reply = answer(martlet, data)
    assert reply.status in case.statuses, reply
    if case.code:
        assert code_of(reply) == case.code, reply
    assert martlet.raw("GET", "/_martlet/health").status == 200


def answer(martlet, data):
    """The reply to the bytes; a server that has heard enough may close while they are sent."""
    with martlet.connect() as connection:
        try:
            connection.send(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return connection.reply("POST")


@pytest.mark.parametrize("cut", [1, 10, 40, 90, 150])
def test_request_cut_off_by_its_sender_changes_nothing(martlet, cut):
    # ours: a connection that ends inside a request is no request.
    name = fresh()
    case = call("cut", "AmazonSQS.CreateQueue", json.dumps({"QueueName": name}))
    data = case.data.replace(b"HOST", f"127.0.0.1:{martlet.port}".encode())
    with martlet.connect() as connection:
        connection.send(data[:-cut])
    sqs = martlet.client("sqs", account=KEY)
    assert not any(name in url for url in sqs.list_queues().get("QueueUrls", []))


def test_server_is_the_same_process_after_all_of_it(martlet):
    # ours: none takes the process down (issue, Shows). A crash would have ended this process.
    assert martlet.process.poll() is None
