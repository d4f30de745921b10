# SPDX-License-Identifier: Apache-2.0
"""A small fast SQS client over one kept-alive socket, which never retries by itself.

boto3 costs a millisecond a call; a crash harness wants many calls in flight when it kills.
"""

import json
import socket

KEY = "111122223333"


class Unanswered(Exception):
    """The request was sent, in part or whole, and no complete answer came."""


class Unreachable(Exception):
    """No connection; nothing was sent."""


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status, code):
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class Client:
    def __init__(self, port, service="sqs", timeout=30):
        self._port, self._timeout = port, timeout
        self._socket = None
        self._buffer = b""
        scope = f"{KEY}/20260101/us-east-1/{service}/aws4_request"
        self._common = (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Date: 20260101T000000Z\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, "
            f"Signature={'0' * 64}\r\n")

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket, self._buffer = None, b""

    def call(self, operation, **members):
        """The reply's members; raises `Refused`, `Unanswered` or `Unreachable`."""
        body = json.dumps(members).encode()
        head = f"{self._common}X-Amz-Target: AmazonSQS.{operation}\r\n"
        status, answer = self.exchange(head, body)
        document = json.loads(answer) if answer else {}
        if status != 200:
            code = str(document.get("__type", "")).rsplit("#", 1)[-1]
            raise Refused(status, code)
        return document

    def exchange(self, head, body):
        """One request and its reply, (status, body)."""
        if self._socket is None:
            try:
                self._socket = socket.create_connection(
                    ("127.0.0.1", self._port), self._timeout)
            except OSError as error:
                raise Unreachable from error
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(
                head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
            return self._reply()
        except (OSError, ValueError) as error:
            self.close()
            raise Unanswered from error

    def _reply(self):
        while (cut := self._buffer.find(b"\r\n\r\n")) < 0:
            self._fill()
        head, self._buffer = self._buffer[:cut], self._buffer[cut + 4:]
        lines = head.split(b"\r\n")
        length, closing = 0, False
        for line in lines[1:]:
            name, _, value = line.partition(b":")
            name = name.lower()
            if name == b"content-length":
                length = int(value)
            elif name == b"connection":
                closing = value.strip().lower() == b"close"
        while len(self._buffer) < length:
            self._fill()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        if closing:
            self.close()
        return int(lines[0].split(b" ", 2)[1]), body

    def _fill(self):
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionResetError
        self._buffer += data
