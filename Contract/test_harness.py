# SPDX-License-Identifier: Apache-2.0
"""The harness itself, tried on stand-ins that fail in the ways a real server must not."""

import sys

import pytest

from harness import Martlet, eventually

STAND_IN = """
import http.server, signal, sys

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *_):
        pass

port = int(sys.argv[sys.argv.index("--port") + 1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Answer)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(AT_TERM))
print(f"Listening on http://127.0.0.1:{server.server_port}", flush=True)
print("Ready.", flush=True)
server.serve_forever()
"""


def stand_in(at_term=0):
    return Martlet(program=[sys.executable, "-c", STAND_IN.replace("AT_TERM", str(at_term))])


def test_a_server_keeps_port_and_data_over_kill_and_restart():
    with stand_in() as server:
        port = server.port
        (server.data_dir / "kept").write_text("x")
        server.restart(kill=True)
        server.restart()
        assert server.port == port
        assert (server.data_dir / "kept").read_text() == "x"
        assert [line for line in server.log_lines if line == "Ready."] == ["Ready."] * 3
    assert not server.data_dir.exists()


def test_replies_may_be_pipelined_on_one_connection():
    with stand_in() as server, server.connect() as connection:
        connection.request("GET", "/a")
        connection.request("GET", "/b", [("X-Twice", "1"), ("X-Twice", "2")])
        assert [connection.reply().body, connection.reply().body] == [b"ok", b"ok"]


def test_a_server_that_ends_by_itself_fails_its_test():
    server = stand_in().start()
    server.process.kill()
    server.process.wait()
    with pytest.raises(AssertionError, match="ended by itself with -9"):
        server.close()


def test_a_server_that_drains_badly_fails_its_test():
    server = stand_in(at_term=3).start()
    with pytest.raises(AssertionError, match="ended with 3 on SIGTERM"):
        server.close()


def test_a_server_that_never_gets_ready_shows_its_log():
    server = Martlet(program=[sys.executable, "-c", "print('port in use')"])
    with pytest.raises(AssertionError, match="(?s)no log line like.*port in use"):
        server.start()
    server.close()


def test_what_never_comes_true_fails():
    with pytest.raises(AssertionError, match="the moon did not come true"):
        eventually(lambda: False, timeout=0.05, what="the moon")
