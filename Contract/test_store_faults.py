# SPDX-License-Identifier: Apache-2.0
"""Failing, full and slow disks under the real server, and when its replies may come.

The disk is made to fail by `Crash/shim/faults.so`, preloaded, which also records each sync of the
store's log. What is expected is ours: AWS says nothing about its disks.
"""

import contextlib
import mmap
import os
import re
import shutil
import statistics
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from harness import ROOT, Martlet, eventually

EIO, ENOSPC = 5, 28
SHIM = ROOT / "Crash/shim"
RECORDS, HEADER, RECORD = 16384, 64, struct.Struct("<QQii")
REOPENS_WITHIN = 15


class Disk:
    """The faults of one server's data directory, set and read through the shim's control file."""

    def __init__(self, folder):
        self.control = folder / "control"
        self.control.write_bytes(bytes(HEADER + RECORDS * RECORD.size))
        with open(self.control, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    def environment(self, data_dir):
        return {"LD_PRELOAD": str(SHIM / "faults.so"),
                "MARTLET_FAULT_CONTROL": str(self.control),
                "MARTLET_FAULT_PREFIX": f"{data_dir}/"}

    def set(self, sync_errno=0, sync_times=0, write_errno=0, write_times=0, delay=0):
        # The counts come before the codes that arm them.
        for offset, word in ((4, sync_times), (12, write_times), (16, delay), (0, sync_errno),
                             (8, write_errno)):
            struct.pack_into("<i", self._map, offset, word)

    @property
    def syncs(self):
        return struct.unpack_from("<i", self._map, 20)[0]

    @property
    def failures(self):
        """Syncs and writes made to fail."""
        return sum(struct.unpack_from("<2i", self._map, 24))

    def log_syncs(self):
        """(begin, end) in nanoseconds of each sync of the log that succeeded."""
        count = struct.unpack_from("<I", self._map, 32)[0]
        assert count <= RECORDS, "too many syncs to have kept them all"
        found = [RECORD.unpack_from(self._map, HEADER + number * RECORD.size)
                 for number in range(count)]
        return [(began, ended) for began, ended, result, whole in found if whole and result == 0]


@pytest.fixture(scope="session")
def shim():
    """Builds the preloaded library; without a C compiler these tests cannot run."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("no C compiler for Crash/shim")
    subprocess.run(["make", "-C", str(SHIM), f"CC={compiler}"], check=True, capture_output=True)


@pytest.fixture
def on_disk(shim, tmp_path, martlet_with):
    """Starts a server on a disk that can fail: `server, disk = on_disk("--flag")`."""

    def start(*flags):
        disk, data = Disk(tmp_path), tmp_path / "data"
        server = martlet_with(*flags, data_dir=data, environment=disk.environment(data))
        return server, disk

    return start


class Sender(threading.Thread):
    """Sends numbered messages until ended; keeps what was acknowledged and what was refused."""

    def __init__(self, client, url, name, padding=0, pause=0.0):
        super().__init__(daemon=True)
        self.client, self.url, self.prefix, self.padding = client, url, name, padding
        self.pause = pause
        self.acknowledged, self.refused, self.spans = [], [], []
        self.failures = []
        self.ending = threading.Event()

    def run(self):
        number = 0
        while not self.ending.is_set():
            number += 1
            body = f"{self.prefix}-{number}"
            began = time.monotonic_ns()
            try:
                self.client.send_message(
                    QueueUrl=self.url, MessageBody=body + "|" + "x" * self.padding)
            except ClientError as error:
                self.refused.append(body)
                self.failures.append(error.response)
            else:
                self.acknowledged.append(body)
                self.spans.append((began, time.monotonic_ns()))
            self.ending.wait(self.pause)


@contextlib.contextmanager
def sending(client, url, count=4, **settings):
    senders = [Sender(client, url, f"s{number}", **settings) for number in range(count)]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        for sender in senders:
            sender.ending.set()
        for sender in senders:
            sender.join(60)
            assert not sender.is_alive(), "a send hangs"


def acknowledged(senders):
    return [body for sender in senders for body in sender.acknowledged]


def more(senders, count=20):
    """Waits for `count` further acknowledgements."""
    before = len(acknowledged(senders))
    eventually(lambda: len(acknowledged(senders)) >= before + count, REOPENS_WITHIN,
               "further acknowledgements")


def drain(client, url):
    """The bodies of all messages, each deleted; empty receives end it."""
    found, empty = [], 0
    while empty < 3:
        messages = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        empty = 0 if messages else empty + 1
        found += [message["Body"].split("|")[0] for message in messages]
        if messages:
            done = client.delete_message_batch(QueueUrl=url, Entries=[
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(messages)])
            assert not done.get("Failed")
    return found


def metric(server, name):
    text = server.raw("GET", "/metrics").text
    return int(re.search(rf"^{name} (\d+)$", text, re.MULTILINE).group(1))


def resident_kib(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))


def too_early(senders, disk):
    """Acknowledgements during which no sync of the log both began and ended."""
    syncs = disk.log_syncs()
    spans = [span for sender in senders for span in sender.spans]
    return [(began, ended) for began, ended in spans
            if not any(began < start and end < ended for start, end in syncs)]


class TestAcknowledgements:
    """The server counts for itself; the shim's record of syncs is the witness."""

    def test_each_lies_after_a_sync_begun_after_its_request(self, on_disk):
        server, disk = on_disk()
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        with sending(sqs, url, count=8) as senders:
            more(senders, 500)
        assert too_early(senders, disk) == []
        assert metric(server, "martlet_store_acknowledged_unsynced_total") == 0

    def test_a_server_asked_not_to_sync_is_found_out(self, on_disk):
        server, disk = on_disk("--durability=relaxed")
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        with sending(sqs, url) as senders:
            more(senders, 50)
        assert len(too_early(senders, disk)) >= 50
        assert metric(server, "martlet_store_acknowledged_unsynced_total") >= 50


class TestFailedSync:
    @pytest.mark.parametrize("fault, seconds", [
        ({"sync_errno": EIO, "sync_times": 1}, 0),
        ({"sync_errno": EIO, "sync_times": -1}, 0.5),
        ({"write_errno": ENOSPC, "write_times": -1}, 0.3),
    ], ids=["a sync", "syncs for half a second", "writes for lack of space"])
    def test_nothing_acknowledged_is_missing_after_the_stores_own_reopening(
            self, on_disk, fault, seconds):
        server, disk = on_disk()
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        with sending(sqs, url) as senders:
            more(senders)
            disk.set(**fault)
            eventually(lambda: any(sender.refused for sender in senders), what="a refusal")
            time.sleep(seconds)
            disk.set()
            more(senders)
        refused = [failure for sender in senders for failure in sender.failures]
        assert disk.failures >= 1
        assert {failure["ResponseMetadata"]["HTTPStatusCode"] for failure in refused} == {503}
        assert {failure["Error"]["Code"] for failure in refused} == {"ServiceUnavailable"}
        # Read from what the running process has in memory, then from the disk alone.
        count = int(sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"],
        )["Attributes"]["ApproximateNumberOfMessages"])
        assert count >= len(acknowledged(senders))
        server.restart(kill=True)
        found = drain(server.client("sqs"), url)
        assert len(found) == len(set(found)) == count
        assert set(acknowledged(senders)) - set(found) == set()

    def test_requests_that_only_read_see_what_survived(self, on_disk):
        server, disk = on_disk()
        sqs = server.client("sqs")
        urls = [sqs.create_queue(QueueName=f"q{number}")["QueueUrl"] for number in range(3)]
        for url in urls:
            sqs.send_message(QueueUrl=url, MessageBody="kept")
        for url in urls:
            disk.set(sync_errno=EIO, sync_times=1)
            with pytest.raises(ClientError) as refused:
                sqs.send_message(QueueUrl=url, MessageBody="refused")
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503

            def attributes():
                try:
                    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
                except ClientError:
                    return None

            found = eventually(attributes, REOPENS_WITHIN, "an answer")["Attributes"]
            assert found["ApproximateNumberOfMessages"] in ("1", "2")
            received = drain(sqs, url)
            assert len(received) == int(found["ApproximateNumberOfMessages"])
            assert received[0] == "kept"

    def test_a_long_poll_outlives_the_reopening(self, on_disk):
        server, disk = on_disk()
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="waits")["QueueUrl"]
        other = sqs.create_queue(QueueName="other")["QueueUrl"]
        got = []
        poll = threading.Thread(target=lambda: got.append(
            sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
        poll.start()
        time.sleep(0.5)
        disk.set(sync_errno=EIO, sync_times=1)
        with pytest.raises(ClientError):
            sqs.send_message(QueueUrl=other, MessageBody="refused")

        def send():
            try:
                return sqs.send_message(QueueUrl=url, MessageBody="after")
            except ClientError:
                return None

        eventually(send, REOPENS_WITHIN, "an accepted send")
        poll.join(10)
        assert not poll.is_alive(), "the poll was not woken"
        assert [message["Body"] for message in got[0]["Messages"]] == ["after"]

    def test_a_dead_letter_on_its_way_arrives_once(self, on_disk):
        server, disk = on_disk()
        sqs = server.client("sqs")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(
            QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        source = sqs.create_queue(QueueName="source", Attributes={
            "VisibilityTimeout": "0",
            "RedrivePolicy": f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1}}'})["QueueUrl"]
        sent = [f"m{number}" for number in range(30)]
        for number in range(3):
            sqs.send_message_batch(QueueUrl=source, Entries=[
                {"Id": body, "MessageBody": body} for body in sent[10 * number:10 * number + 10]])
        stop = time.monotonic() + 2
        number = 0
        while time.monotonic() < stop:
            number += 1
            if number in (2, 4, 5):
                disk.set(sync_errno=EIO, sync_times=1)
            with contextlib.suppress(ClientError):
                sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10)
        disk.set()
        received = []

        def all_there():
            with contextlib.suppress(ClientError):
                sqs.receive_message(QueueUrl=source, MaxNumberOfMessages=10)
                received.extend(drain(sqs, dead))
            return len(received) >= len(sent)

        eventually(all_there, 30, "all dead letters")
        assert sorted(received) == sorted(sent)
        assert disk.failures >= 1


class TestFullDisk:
    """A file system of 200 MiB, which the test fills and empties."""

    @pytest.fixture
    def small_disk(self, tmp_path):
        folder = tmp_path / "small"
        folder.mkdir()
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", str(folder)],
            capture_output=True).returncode == 0
        if not mounted:
            pytest.skip("mounting a small file system is not permitted here")
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)

    def test_sends_are_refused_and_recover_while_the_rest_goes_on(self, small_disk):
        with Martlet(data_dir=small_disk / "data") as server:
            sqs = server.client("sqs")
            url = sqs.create_queue(QueueName="q")["QueueUrl"]
            early = [f"early-{number}" for number in range(20)]
            for body in early:
                sqs.send_message(QueueUrl=url, MessageBody=body)
            with sending(sqs, url, padding=100_000) as senders:
                fill(small_disk / "ballast", leaving=80 << 20)
                eventually(lambda: all(len(sender.refused) > 5 for sender in senders), 30,
                           "refusals")
                held = set(acknowledged(senders))
                received = take(sqs, url, 5)
                # To the last byte, into what the store keeps in reserve: others can do that.
                fill(small_disk / "rest", leaving=0)
                time.sleep(1)
                (small_disk / "rest").unlink()
                received += eventually(lambda: try_to_take(sqs, url), REOPENS_WITHIN, "a receive")
                assert set(acknowledged(senders)) == held, "a full disk took a message"
                (small_disk / "ballast").unlink()
                more(senders)
            failures = [failure for sender in senders for failure in sender.failures]
            assert {failure["ResponseMetadata"]["HTTPStatusCode"] for failure in failures} == {503}
            assert {failure["Error"]["Code"] for failure in failures} == {"ServiceUnavailable"}
            assert any("disk" in failure["Error"]["Message"] for failure in failures)
            taken = {message["Body"].split("|")[0] for message in received}
            expected = (set(early) | set(acknowledged(senders))) - taken
            refused = {body for sender in senders for body in sender.refused}
            # What was received and could not be deleted is visible again.
            server.clock.advance("10s")
            found = drain(sqs, url)
            assert len(found) == len(set(found))
            assert set(found) & refused == set(), "a refused send was kept"
            assert set(found) == expected
            server.restart(kill=True)
            assert drain(server.client("sqs"), url) == []


def take(client, url, count):
    """Receives and deletes so many messages, one after the other."""
    taken = []
    for _ in range(count):
        reply = client.receive_message(QueueUrl=url, MaxNumberOfMessages=1, VisibilityTimeout=5)
        taken += reply["Messages"]
        client.delete_message(QueueUrl=url, ReceiptHandle=taken[-1]["ReceiptHandle"])
    return taken


def try_to_take(client, url):
    try:
        return take(client, url, 1)
    except ClientError:
        return None


def fill(path, leaving):
    """Takes the space of a file system but for so many bytes."""
    with open(path, "wb", buffering=0) as file:
        while True:
            space = os.statvfs(path.parent)
            left = space.f_bavail * space.f_frsize - leaving
            if left <= 0:
                return
            try:
                file.write(bytes(min(left, 1 << 20)))
            except OSError:
                return


class TestSlowSync:
    DELAY = 50

    def test_memory_is_bounded(self, on_disk):
        server, disk = on_disk()
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="busy")["QueueUrl"]
        with sending(sqs, url, count=16, padding=200_000) as senders:
            more(senders, 100)
            before = peak = resident_kib(server)
            disk.set(delay=self.DELAY)
            stop = time.monotonic() + 4
            while time.monotonic() < stop:
                peak = max(peak, resident_kib(server))
                time.sleep(0.02)
            more(senders)
            disk.set()
        assert peak - before < 128 << 10, f"grew by {(peak - before) >> 10} MiB"
        missing = set(acknowledged(senders)) - set(drain(sqs, url))
        assert missing == set()

    def test_reads_of_other_queues_wait_for_no_sync(self, on_disk):
        server, disk = on_disk()
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="busy")["QueueUrl"]
        other = sqs.create_queue(QueueName="other")["QueueUrl"]
        disk.set(delay=self.DELAY)
        times = []
        with sending(sqs, url) as senders:
            more(senders, 4)
            syncs = disk.syncs
            for _ in range(60):
                began = time.monotonic()
                sqs.get_queue_attributes(QueueUrl=other, AttributeNames=["All"])
                assert "Messages" not in sqs.receive_message(QueueUrl=other)
                times.append(1000 * (time.monotonic() - began) / 2)
                time.sleep(0.01)
            assert disk.syncs > syncs
            sends = [1e-6 * (ended - began) for each in senders for began, ended in each.spans]
        assert statistics.median(sends) >= self.DELAY
        # Whoever waits for a sync waits for all of it, and for the rest of the one before.
        assert statistics.median(times) < self.DELAY / 2, times
