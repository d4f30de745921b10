# SPDX-License-Identifier: Apache-2.0
"""Times of single journeys: a long poll's wake-up, a start to its first answers, idle memory."""

import json
import select
import shutil
import socket
import tempfile
import time

from load import Load, message
from servers import Martlet, queue_url, signed


class Wire:
    """A kept connection that speaks just enough HTTP to be no part of what is measured."""

    def __init__(self, server, connection=None):
        self.server = server
        self.socket = connection or socket.create_connection(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def prepared(self, operation, **members):
        body = json.dumps(members).encode()
        lines = [f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{self.server.port}\r\n"]
        for name, value in signed("sqs", f"AmazonSQS.{operation}").items():
            lines.append(f"{name}: {value}\r\n")
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        return "".join(lines).encode() + body

    def answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                      if line.startswith(b"content-length:"))
        while len(body) < length:
            body += self._more()
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head} {body}")
        return body

    def _more(self):
        more = self.socket.recv(65_536)
        if not more:
            raise RuntimeError("the server closed the connection")
        return more

    def call(self, request):
        self.socket.sendall(request)
        return self.answer()


def wake_ups(program, count):
    """Milliseconds from a send to the waiting receiver's answer."""
    with Martlet(program, pin=False) as server:
        server.create_queue()
        receiver, sender = Wire(server), Wire(server)
        poll = receiver.prepared(
            "ReceiveMessage", QueueUrl=server.queue_url, WaitTimeSeconds=20)
        send = sender.prepared("SendMessage", QueueUrl=server.queue_url, MessageBody=message())
        times = []
        for number in range(count + 20):
            receiver.socket.sendall(poll)
            # The poll has to be waiting before the message comes.
            if select.select([receiver.socket], [], [], 0.004)[0]:
                raise RuntimeError("a poll of an empty queue was answered")
            began = time.perf_counter_ns()
            sender.socket.sendall(send)
            body = receiver.answer()
            took = (time.perf_counter_ns() - began) / 1e6
            sender.answer()
            if b'"Messages"' not in body:
                raise RuntimeError(f"the poll got {body}")
            if number >= 20:
                times.append(took)
        return times


def start_times(program, folder, count, with_queue):
    """Milliseconds from the start of the process to the first answered send and receive.

    `folder` is `None` for a fresh one each time; without a queue it is created first, and that
    is part of the time.
    """
    times = []
    for _ in range(count):
        server = Martlet(program, folder=folder, pin=False)
        try:
            began = time.perf_counter_ns()
            server.start(wait=False)
            wire = Wire(server, server.connect())
            url = queue_url(server.port)
            if not with_queue:
                wire.call(wire.prepared("CreateQueue", QueueName="bench"))
            wire.call(wire.prepared("SendMessage", QueueUrl=url, MessageBody=message()))
            body = wire.call(wire.prepared("ReceiveMessage", QueueUrl=url))
            times.append((time.perf_counter_ns() - began) / 1e6)
            if b'"Messages"' not in body:
                raise RuntimeError(f"the first receive got {body}")
        finally:
            server.close()
    return times


def filled(program, folder, count, scratch):
    """Fills a queue of the data folder with `count` messages of 1 KiB; the seconds it took."""
    began = time.monotonic()
    server = Martlet(program, folder=folder, pin=False)
    server.start()
    try:
        server.create_queue()
        entries = [{"Id": str(position), "MessageBody": message()} for position in range(10)]
        load = Load(scratch, "SendMessageBatch", {"Entries": entries})
        while (missing := count - stored(server)) > 0:
            load.run(server, 600, limit=max(64, missing // 10))
        return time.monotonic() - began
    finally:
        server.close()


def stored(server):
    answer = server.sqs(
        "GetQueueAttributes", QueueUrl=server.queue_url,
        AttributeNames=["ApproximateNumberOfMessages"])
    return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def idle_memory(program):
    """Resident and anonymous MiB of a server with a queue that has done a little."""
    with Martlet(program, pin=False) as server:
        server.create_queue()
        server.sqs("SendMessage", QueueUrl=server.queue_url, MessageBody=message())
        server.sqs("ReceiveMessage", QueueUrl=server.queue_url)
        time.sleep(1)
        return server.memory_mib("VmRSS"), server.memory_mib("RssAnon")


class Scratch:
    """A folder for the length of a run."""

    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="martlet-bench-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)
