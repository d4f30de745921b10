# SPDX-License-Identifier: Apache-2.0
"""The server under test as a process that is started and killed; its log is one growing file."""

import json
import os
import signal
import socket
import subprocess
import time

from client import Client, Unanswered, Unreachable

READY_WITHIN = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, binary, folder, flags=()):
        self.binary, self.folder, self.flags = binary, folder, flags
        self.port = free_port()
        self.process = None
        self.starts = []
        self.checks = 0
        self._log = open(os.path.join(folder, "server.log"), "ab")

    def start(self):
        """Starts the process and returns at once."""
        data = os.path.join(self.folder, "data")
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        kept |= {name: value for name, value in os.environ.items() if name.startswith("MARTLET_")}
        self.process = subprocess.Popen(
            [self.binary, "serve", "--port", str(self.port), "--data-dir", data, *self.flags],
            env=kept, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
            start_new_session=True)
        self._began = time.monotonic()

    def wait_ready(self):
        """Waits for the first answer; fails when the process ends instead of answering."""
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}\n{self.tail()}")
            try:
                if self.get("/_martlet/health")[0] == 200:
                    self.starts.append(time.monotonic() - self._began)
                    return
            except (Unanswered, Unreachable):
                pass
            if time.monotonic() - self._began > READY_WITHIN:
                raise SystemExit(f"no answer {READY_WITHIN} s after the start\n{self.tail()}")
            time.sleep(0.002)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def get(self, path):
        client = Client(self.port)
        try:
            return client.exchange(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n", b"")
        finally:
            client.close()

    def check_acknowledgements(self):
        """The server's own count of acknowledgements that no sync begun after their apply covers."""
        name = b"martlet_store_acknowledged_unsynced_total "
        lines = [line for line in self.get("/metrics")[1].split(b"\n") if line.startswith(name)]
        if lines != [name + b"0"]:
            raise SystemExit(f"replies came before their sync: {lines}")
        self.checks += 1

    def advance(self, duration):
        """Moves the virtual clock, and returns when all that fell due is at rest."""
        client = Client(self.port, timeout=120)
        body = json.dumps({"action": "advance", "duration": duration}).encode()
        head = (f"POST /_martlet/clock HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                "Content-Type: application/json\r\nX-Martlet-Request: 1\r\n")
        status, answer = client.exchange(head, body)
        client.close()
        if status != 200:
            raise SystemExit(f"advance: {status} {answer[:500]!r}")

    def tail(self, size=6000):
        self._log.flush()
        with open(self._log.name, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - size))
            return file.read().decode("utf-8", "replace")
