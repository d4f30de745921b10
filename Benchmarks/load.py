# SPDX-License-Identifier: Apache-2.0
"""Load by wrk: 64 connections that are kept, requests of 1 KiB with boto3's headers.

Gives CPU time per request and throughput of one run; what runs are compared is the caller's.
"""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers import LOAD_CORE, pinned, queue_url

LOADS = Path(__file__).resolve().parent / "load"
CONNECTIONS = 64


def message(size=1024):
    """A message of `size` bytes: a JSON document, as orders and events are."""
    start = '{"order":"o-000001","customer":"c-42","total":1999,"note":"'
    return start + "x" * (size - len(start) - 2) + '"}'


@dataclass
class Run:
    """What one run of a load came to."""

    requests: int
    seconds: float
    cpu: float

    @property
    def rate(self):
        return self.requests / self.seconds

    @property
    def cpu_us(self):
        return self.cpu * 1e6 / self.requests


class Load:
    """One operation's load; writes what wrk's scripts read into `folder`."""

    def __init__(self, folder, operation, members, script="constant.lua"):
        self.folder = Path(folder)
        self.operation = operation
        self.members = members
        self.script = script

    def run(self, server, seconds, limit=0):
        members = {"QueueUrl": queue_url(server.port), **self.members}
        body = self.folder / f"{self.operation}.json"
        body.write_text(json.dumps(members))
        environment = {
            **os.environ, "LOADS": str(LOADS), "OPERATION": self.operation, "BODY": str(body),
            "HANDLES": str(self.folder / "handles"), "LIMIT": str(limit),
        }
        before = server.cpu_seconds()
        output = subprocess.run(
            pinned(LOAD_CORE) + [
                "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "30s",
                "-s", str(LOADS / self.script), f"http://127.0.0.1:{server.port}/"],
            env=environment, capture_output=True, text=True, check=True).stdout
        cpu = server.cpu_seconds() - before
        line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
        if line is None:
            raise RuntimeError(f"wrk said: {output}")
        requests, microseconds, refused, broken, _ = map(int, line.split()[1:])
        # A load that ends itself leaves its last answers unread.
        if refused or (broken > CONNECTIONS):
            raise RuntimeError(f"{self.operation}: {refused} refused, {broken} broken of {requests}")
        return Run(requests, microseconds / 1e6, cpu)


def loads(folder):
    """The loads of a durable server, in the order in which each finds what it needs."""
    entries = [{"Id": str(position), "MessageBody": message()} for position in range(10)]
    return {
        "send": Load(folder, "SendMessage", {"MessageBody": message()}),
        "batch": Load(folder, "SendMessageBatch", {"Entries": entries}),
        "receive": Load(folder, "ReceiveMessage", {}, "receive.lua"),
        "delete": Load(folder, "DeleteMessage", {"ReceiptHandle": "HANDLE"}, "delete.lua"),
    }
