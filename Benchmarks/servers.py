# SPDX-License-Identifier: Apache-2.0
"""The servers that are measured, as processes: Martlet, bare durable, nginx.

Owns their lives, their CPU time and memory as the kernel tells them. Measures nothing itself.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
ACCOUNT = "000000000000"
QUEUE = "bench"
STARTS_WITHIN = 20

# Servers have the first core, the load has the second; with one core they share it.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]


def pinned(core):
    return ["taskset", "-c", str(core)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def signed(service, target=None, kind="application/x-amz-json-1.0"):
    """Headers as boto3 sends them, with a key whose signature is not checked."""
    headers = {
        "Content-Type": kind,
        "User-Agent": "Boto3/1.43.11 md/Botocore#1.43.11",
        "X-Amz-Date": "20260101T000000Z",
        "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{service}"
                         "/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + "0" * 64,
    }
    if target:
        headers["X-Amz-Target"] = target
    return headers


class Server:
    """One process that listens on a port."""

    def __init__(self, command, port, folder, pin=True, environment=None):
        self.command = (pinned(SERVER_CORE) if pin else []) + [str(part) for part in command]
        self.port = port
        self.folder = folder
        self.environment = environment
        self.process = None

    def start(self, wait=True):
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=self.environment, start_new_session=True)
        if wait:
            self.connect().close()
        return self

    def connect(self):
        """A connection as soon as one is to be had."""
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.command} does not listen") from None
                time.sleep(0.0002)

    def cpu_seconds(self):
        """User and system time of the process, its threads included."""
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, field):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith(field))
        return int(line.split()[1]) / 1024

    def stop(self, kill=False):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            self.process.wait(STARTS_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


class Martlet(Server):
    """The product; a folder that is given survives it."""

    def __init__(self, program, *flags, folder=None, pin=True, environment=None):
        self.keeps = folder is not None
        folder = folder or tempfile.mkdtemp(prefix="martlet-bench-")
        port = free_port()
        super().__init__(
            [program, "serve", "--port", port, "--data-dir", folder, *flags], port, folder, pin,
            environment={**os.environ, **(environment or {})})

    def close(self):
        self.stop()
        if not self.keeps:
            shutil.rmtree(self.folder, ignore_errors=True)

    def request(self, method, path, body, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:400]}")
        return content

    def sqs(self, operation, **members):
        content = self.request(
            "POST", "/", json.dumps(members), signed("sqs", f"AmazonSQS.{operation}"))
        return json.loads(content) if content else {}

    def create_queue(self):
        self.sqs("CreateQueue", QueueName=QUEUE, Attributes={"VisibilityTimeout": "43200"})
        return self

    @property
    def queue_url(self):
        return queue_url(self.port)


def queue_url(port):
    return f"http://127.0.0.1:{port}/{ACCOUNT}/{QUEUE}"


class BareDurable(Server):
    def __init__(self, program):
        folder = tempfile.mkdtemp(prefix="martlet-bench-")
        port = free_port()
        super().__init__([program, folder + "/store", port], port, folder)


class Nginx(Server):
    """nginx with one worker that answers a constant of a SendMessage's length."""

    def __init__(self):
        folder = tempfile.mkdtemp(prefix="martlet-bench-")
        port = free_port()
        answer = '{"MD5OfMessageBody":"%s","MessageId":"%s"}' % ("0" * 32, "0" * 36)
        Path(folder, "nginx.conf").write_text(f"""
            daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
            events {{ worker_connections 256; }}
            http {{
                access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/body;
                proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
                uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
                default_type application/x-amz-json-1.0;
                server {{ listen 127.0.0.1:{port}; location / {{ return 200 '{answer}'; }} }}
            }}
            """)
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        super().__init__([program, "-p", folder, "-c", f"{folder}/nginx.conf"], port, folder)
