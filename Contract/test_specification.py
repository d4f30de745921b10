# SPDX-License-Identifier: Apache-2.0
"""The numbers of SPECIFICATION.md that a client can see, each at its edge.

Provenance: ours.
"""

import pytest

from support import json_headers

HEAD_BYTES = 65_536
BODY_BYTES = 8 << 20
CODE_BYTES = 72 << 20


def answer_to_head(martlet, total):
    """The status of a GET whose head has so many bytes in all, its last empty line included."""
    start = f"GET /_martlet/health HTTP/1.1\r\nHost: 127.0.0.1:{martlet.port}\r\nX-A: "
    with martlet.connect() as connection:
        connection.send(start.encode() + b"a" * (total - len(start) - 4) + b"\r\n\r\n")
        return connection.reply().status


def test_a_head_has_its_bound(martlet):
    assert answer_to_head(martlet, HEAD_BYTES) == 200
    assert answer_to_head(martlet, HEAD_BYTES + 1) == 431


@pytest.mark.parametrize("path, bound", [
    ("/", BODY_BYTES), ("/2015-03-31/functions", CODE_BYTES)])
def test_a_body_has_its_bound(martlet, account, path, bound):
    for length, expected in ((bound, b"HTTP/1.1 100 "), (bound + 1, b"HTTP/1.1 413 ")):
        headers = {**json_headers(account, "SendMessage"), "Expect": "100-continue",
                   "Content-Length": str(length)}
        with martlet.connect() as connection:
            connection.request("POST", path, headers)
            assert connection.socket.recv(65536).startswith(expected), length
