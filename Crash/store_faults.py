#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Failing disks under the real engine: kill -9, failed and slow syncs, failed writes, full disk.

Runs `StoreBenchmark probe`, which commits numbered records and prints what it acknowledged, with
`shim/faults.so` preloaded; then ends it and asks `StoreBenchmark audit` what is there.
"""

import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
EIO, ENOSPC = 5, 28


class Probe:
    """One run of the engine on one data directory."""

    running = None

    def __init__(self, binary, directory, preload=True):
        self.binary, self.directory = binary, directory
        self.control = directory + ".control"
        with open(self.control, "wb") as file:
            file.write(bytes(64))
        environment = dict(os.environ)
        if preload:
            environment["LD_PRELOAD"] = os.path.join(HERE, "shim", "faults.so")
            environment["MARTLET_FAULT_CONTROL"] = self.control
            environment["MARTLET_FAULT_PREFIX"] = directory + "/"
        self.output = open(directory + ".out", "w+b")
        Probe.running = self.process = subprocess.Popen(
            [binary, "probe", directory], stdout=self.output, env=environment)

    def set(self, sync_errno=0, sync_times=0, write_errno=0, write_times=0, delay=0):
        with open(self.control, "r+b") as file:
            # The counts come before the codes that arm them.
            file.seek(4)
            file.write(struct.pack("<i", sync_times))
            file.seek(12)
            file.write(struct.pack("<ii", write_times, delay))
            file.seek(0)
            file.write(struct.pack("<i", sync_errno))
            file.seek(8)
            file.write(struct.pack("<i", write_errno))

    def counts(self):
        with open(self.control, "rb") as file:
            return struct.unpack("<8i", file.read(32))[5:]

    def lines(self):
        with open(self.directory + ".out", "rb") as file:
            text = file.read()
        return text[: text.rfind(b"\n") + 1].decode().split("\n")[:-1]

    def said(self, word):
        return [int(line.split()[1]) for line in self.lines() if line.startswith(word + " ")]

    def wait_for(self, condition, what, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            if self.process.poll() is not None:
                raise SystemExit(f"the probe ended while waiting for {what}")
            if time.monotonic() > end:
                raise SystemExit(f"no {what} within {seconds} s: {self.lines()[-3:]}")
            time.sleep(0.01)

    def acknowledged_more(self, count=200):
        before = len(self.said("acked"))
        self.wait_for(lambda: len(self.said("acked")) >= before + count, "acknowledgements")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(l.split()[1]) for l in file if l.startswith("VmRSS"))


def audit(binary, directory):
    output = subprocess.run([binary, "audit", directory], capture_output=True, text=True)
    if output.returncode != 0:
        raise SystemExit("audit: " + output.stdout + output.stderr)
    return {int(line) for line in output.stdout.split()}


def check(probe, binary, what):
    acked, present = set(probe.said("acked")), audit(binary, probe.directory)
    missing = acked - present
    refused = set(probe.said("refused")) & present
    if missing or refused:
        raise SystemExit(f"{what}: missing {sorted(missing)[:5]}, refused {sorted(refused)[:5]}")
    print(f"ok  {what}: {len(acked)} acknowledged, {len(present)} present")


def kills(binary, directory, runs):
    for run in range(runs):
        shutil.rmtree(directory, ignore_errors=True) if run % 10 == 0 else None
        probe = Probe(binary, directory, preload=False)
        time.sleep(random.uniform(0.01, 0.25))
        probe.kill()
        acked = set(probe.said("acked"))
        missing = acked - audit(binary, directory)
        if missing:
            raise SystemExit(f"kill {run}: missing {sorted(missing)[:5]}")
    print(f"ok  {runs} kills: nothing acknowledged is missing")


def failed_sync(binary, directory):
    probe = Probe(binary, directory)
    probe.acknowledged_more()
    probe.set(sync_errno=EIO, sync_times=1)
    probe.wait_for(lambda: probe.said("failed"), "failure")
    probe.acknowledged_more()
    failed = probe.counts()[1]
    probe.kill()
    if failed != 1:
        raise SystemExit(f"{failed} syncs failed, not one")
    check(probe, binary, "failed sync, reopened by itself")


def lasting_failure(binary, directory):
    probe = Probe(binary, directory)
    probe.acknowledged_more()
    probe.set(sync_errno=EIO, sync_times=-1)
    probe.wait_for(lambda: probe.said("failed"), "failure")
    time.sleep(0.5)
    probe.set()
    probe.acknowledged_more()
    probe.kill()
    check(probe, binary, "syncs failing for half a second")


def failed_write(binary, directory):
    probe = Probe(binary, directory)
    probe.acknowledged_more()
    probe.set(write_errno=ENOSPC, write_times=-1)
    probe.wait_for(lambda: probe.said("failed"), "failure")
    time.sleep(0.3)
    probe.set()
    probe.acknowledged_more()
    probe.kill()
    check(probe, binary, "writes failing for lack of space, reopened by itself")


def slow_sync(binary, directory):
    probe = Probe(binary, directory)
    probe.acknowledged_more()
    before = probe.resident_kib()
    probe.set(delay=50)
    time.sleep(2)
    growth = probe.resident_kib() - before
    probe.set()
    probe.acknowledged_more()
    probe.kill()
    check(probe, binary, f"50 ms per sync, memory grew {growth} KiB")
    if growth > 64 << 10:
        raise SystemExit("memory is not bounded")


def fill(path):
    """Takes all the space there is."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass


def full_disk(binary, directory):
    if os.geteuid() != 0:
        print("skipped  full disk: mounting a small file system needs root")
        return
    os.makedirs(directory)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200m", "tmpfs", directory], check=True)
    try:
        data, ballast = os.path.join(directory, "data"), os.path.join(directory, "ballast")
        with open(ballast, "wb") as file:
            file.write(bytes(60 << 20))
        probe = Probe(binary, data, preload=False)
        probe.wait_for(lambda: probe.said("refused"), "refusal")
        fill(os.path.join(directory, "rest"))
        time.sleep(0.5)
        os.remove(os.path.join(directory, "rest"))
        before = len(probe.said("acked"))
        os.remove(ballast)
        probe.wait_for(lambda: len(probe.said("acked")) > before + 200, "acknowledgements")
        probe.kill()
        check(probe, binary, f"full disk, {len(probe.said('refused'))} refused")
    finally:
        subprocess.run(["umount", "-l", directory], check=True)


def main():
    binary = os.path.abspath(sys.argv[1])
    runs = int(os.environ.get("RUNS", "50"))
    with tempfile.TemporaryDirectory(prefix="martlet-faults-") as folder:
        kills(binary, os.path.join(folder, "kills"), runs)
        for step in (failed_sync, lasting_failure, failed_write, slow_sync, full_disk):
            step(binary, os.path.join(folder, step.__name__))


try:
    main()
finally:
    if Probe.running is not None and Probe.running.poll() is None:
        Probe.running.kill()
