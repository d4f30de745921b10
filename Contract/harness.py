# SPDX-License-Identifier: Apache-2.0
"""Runs the release binary and talks to it as its users do.

Owns the server's life, its clients and the clock of a test. Knows no service and no expectation:
those stand in the test files.
"""

import http.client
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parent.parent
REGION = "us-east-1"
STARTS_WITHIN = 20
DRAINS_WITHIN = 20

_accounts = itertools.count(100_000_000_001)
_session = boto3.session.Session()


def binary():
    """The path of the server under test: `MARTLET_BINARY`, or what `make build` leaves."""
    path = Path(os.environ.get("MARTLET_BINARY", ROOT / ".build/release/martlet")).absolute()
    if not path.exists():
        raise RuntimeError(f"{path} is not there; `make build` makes it")
    return str(path)


def fresh_account():
    """A 12-digit account no other test of this process has used; also its root's access key."""
    return str(next(_accounts))


def eventually(condition, timeout=10, what="the condition"):
    """The first true value of `condition()`; fails after `timeout` real seconds.

    For what happens in the server after a reply. Never a substitute for moving the clock.
    """
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come true within {timeout} s")
        time.sleep(0.02)


class Martlet:
    """One server process on one data directory, which outlives the process."""

    def __init__(self, *flags, data_dir=None, environment=None, program=None):
        self.flags = flags
        self.program = program or [binary()]
        self.environment = environment or {}
        self._owns_data_dir = data_dir is None
        self.data_dir = Path(data_dir or tempfile.mkdtemp(prefix="martlet-contract-"))
        self.clock = Clock(self)
        self.process = None
        self.port = None
        self._lines = []
        self._heard = threading.Condition()

    # Life

    def start(self):
        """Starts the process and returns once it has said `Ready.`."""
        if self.process is not None:
            raise RuntimeError("the server is running already")
        first = len(self._lines)
        port = str(self.port or 0)
        self.process = subprocess.Popen(
            [*self.program, "serve", "--port", port, "--data-dir", str(self.data_dir), *self.flags],
            env=self._server_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        self._listener = threading.Thread(
            target=self._listen, args=(self.process.stdout,), daemon=True)
        self._listener.start()
        try:
            self.wait_for_log(r"Ready\.$", since=first, timeout=STARTS_WITHIN)
            listening = self.wait_for_log(r"Listening on http://[^ ]*:(\d+)", first, timeout=1)
        except AssertionError:
            self.kill9()
            raise
        self.port = int(listening.group(1))
        return self

    def stop(self):
        """Asks the process to drain (SIGTERM); fails when it crashed before or hangs now."""
        process, self.process = self.process, None
        if process is None:
            return
        crashed = process.poll()
        if crashed is not None:
            raise AssertionError(f"the server had ended by itself with {crashed}:\n{self.tail()}")
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(DRAINS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"no end {DRAINS_WITHIN} s after SIGTERM:\n{self.tail()}") from None
        if code != 0:
            raise AssertionError(f"the server ended with {code} on SIGTERM:\n{self.tail()}")

    def kill9(self):
        """Ends the process at once, as a power cut would for all it had not synced."""
        process, self.process = self.process, None
        process.kill()
        process.wait()

    def restart(self, kill=False):
        """Ends the process (by `kill -9` if asked) and starts it on the same data and port."""
        if self.process is not None:
            if kill:
                self.kill9()
            else:
                self.stop()
        return self.start()

    def close(self):
        """Stops the process and removes the data directory, if it was made here."""
        try:
            self.stop()
        finally:
            if self._owns_data_dir:
                shutil.rmtree(self.data_dir, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    # Log

    @property
    def log_lines(self):
        """All lines the server has written, over all its lives."""
        with self._heard:
            return list(self._lines)

    def tail(self, since=0, count=80):
        """The last lines of the log, for a failure's report."""
        return "\n".join(self.log_lines[since:][-count:])

    def wait_for_log(self, pattern, since=0, timeout=10):
        """The first match of `pattern` in a log line from line `since` on."""
        deadline = time.monotonic() + timeout
        with self._heard:
            while True:
                for line in self._lines[since:]:
                    found = re.search(pattern, line)
                    if found:
                        return found
                # What it said last may still be on its way through the pipe.
                ended = (
                    self.process is not None and self.process.poll() is not None
                    and not self._listener.is_alive())
                if ended or time.monotonic() > deadline:
                    state = f"ended with {self.process.returncode}" if ended else "runs on"
                    text = "\n".join(self._lines[since:])
                    raise AssertionError(f"no log line like /{pattern}/; the server {state}:\n{text}")
                self._heard.wait(0.05)

    def _listen(self, pipe):
        for line in pipe:
            with self._heard:
                self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self._heard.notify_all()

    def _server_environment(self):
        # Nothing of the developer's own AWS or Martlet settings may reach a test.
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        if "MARTLET_FUNCTIONS_SDK" in os.environ:
            kept["MARTLET_FUNCTIONS_SDK"] = os.environ["MARTLET_FUNCTIONS_SDK"]
        return kept | self.environment

    # Clients

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, service, account=None, key=None, secret=None, token=None, region=None, **config):
        """A boto3 client that never retries. `account` is short for that account's root key.

        `config` goes to botocore's `Config`, such as `parameter_validation=False`.
        """
        settings = {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "connect_timeout": 5, "read_timeout": 90, "max_pool_connections": 64,
        } | config
        return _session.client(
            service, endpoint_url=self.endpoint, region_name=region or REGION,
            aws_access_key_id=key or account or "test", aws_secret_access_key=secret or "test",
            aws_session_token=token, config=Config(**settings))

    def aws_environment(self, account=None, key=None, secret=None, token=None, region=None):
        """The variables that point any AWS client at this server."""
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": key or account or "test",
            "AWS_SECRET_ACCESS_KEY": secret or "test",
            "AWS_DEFAULT_REGION": region or REGION,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
        }
        if token:
            variables["AWS_SESSION_TOKEN"] = token
        return variables

    def aws_cli(self, *arguments, check=True, timeout=60, input=None, **who):
        """Runs the AWS CLI; the result has `returncode`, `stdout`, `stderr` and `json`.

        The endpoint is an option: version 1 ignores `AWS_ENDPOINT_URL` for SQS in most regions.
        """
        aws = Path(sys.executable).parent / "aws"
        done = subprocess.run(
            [str(aws), "--endpoint-url", self.endpoint, *arguments], capture_output=True, text=True, timeout=timeout, input=input,
            env=_plain_environment() | self.aws_environment(**who))
        if check and done.returncode != 0:
            raise AssertionError(f"aws {' '.join(arguments)} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        try:
            document = json.loads(done.stdout)
        except ValueError:
            document = None
        return SimpleNamespace(returncode=done.returncode, stdout=done.stdout,
                               stderr=done.stderr, json=document)

    def cli(self, *arguments, check=True, timeout=60, input=None):
        """Runs `martlet` itself as a client of this server."""
        done = subprocess.run(
            [*self.program, *arguments], capture_output=True, text=True, timeout=timeout, input=input,
            env=_plain_environment() | self.aws_environment()
            | {"MARTLET_PORT": str(self.port), "MARTLET_DATA_DIR": str(self.data_dir)})
        if check and done.returncode != 0:
            raise AssertionError(f"martlet {' '.join(arguments)} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    # Below the clients

    def connect(self, timeout=10):
        """A bare connection, for what no client library would send."""
        return RawConnection(self.port, timeout)

    def raw(self, method, path, headers=(), body=b"", timeout=10):
        """One request as written; `Host` and `Content-Length` are added unless given.

        `headers` is a mapping or a list of pairs, which may repeat a name.
        """
        with self.connect(timeout) as connection:
            connection.request(method, path, headers, body)
            return connection.reply()

    def admin(self, method, path, document=None):
        """A call of the admin API under `/_martlet`; its JSON reply."""
        body = b"" if document is None else json.dumps(document).encode()
        headers = {"Content-Type": "application/json", "X-Martlet-Request": "1"}
        reply = self.raw(method, f"/_martlet/{path}", headers, body, timeout=90)
        if reply.status >= 300:
            raise AssertionError(f"{method} /_martlet/{path}: {reply.status} {reply.text}")
        return reply.json if reply.body else None

    def reset(self):
        """Empties the server: a new world on the same process."""
        return self.admin("POST", "reset")


class Clock:
    """The server's virtual clock, moved over the wire."""

    def __init__(self, martlet):
        self._martlet = martlet

    def show(self):
        return self._martlet.admin("GET", "clock")

    def advance(self, duration):
        """Moves time by such as `15m` or `4d`, and returns when all that fell due is at rest."""
        return self._act("advance", duration=duration)

    def freeze(self):
        return self._act("freeze")

    def resume(self):
        return self._act("resume")

    def _act(self, action, **more):
        return self._martlet.admin("POST", "clock", {"action": action} | more)


class RawConnection:
    """One TCP connection whose bytes the test chooses; replies may be pipelined."""

    def __init__(self, port, timeout):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self._port = port
        self._incoming = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._incoming.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, path, headers=(), body=b""):
        pairs = list(headers.items()) if hasattr(headers, "items") else list(headers)
        body = body.encode() if isinstance(body, str) else body
        names = {name.lower() for name, _ in pairs}
        if "host" not in names:
            pairs.insert(0, ("Host", f"127.0.0.1:{self._port}"))
        if body and not names & {"content-length", "transfer-encoding"}:
            pairs.append(("Content-Length", str(len(body))))
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in pairs)
        self.send(head.encode("latin-1") + b"\r\n" + body)

    def reply(self, to="GET"):
        """The next reply on this connection; `to` is the request's method."""
        parsed = http.client.HTTPResponse(_SharedStream(self._incoming), method=to)
        parsed.begin()
        return Reply(parsed.status, list(parsed.getheaders()), parsed.read())

    def rest(self):
        """All bytes until the server closes the connection; a timeout fails."""
        return self._incoming.read()


class Reply:
    """A reply as it came: status, header pairs, body."""

    def __init__(self, status, pairs, body):
        self.status = status
        self.pairs = pairs
        self.headers = {name.lower(): value for name, value in pairs}
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<Reply {self.status} {self.headers} {self.body[:300]!r}>"


class _SharedStream:
    """Stands in for the socket, so that a reply's reader leaves the stream open for the next."""

    def __init__(self, stream):
        self._stream = stream

    def makefile(self, _mode):
        return self

    def close(self):
        pass

    def flush(self):
        pass

    def __getattr__(self, name):
        return getattr(self._stream, name)


def _plain_environment():
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TERM") if name in os.environ}
    return kept | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                   "AWS_EC2_METADATA_DISABLED": "true"}
