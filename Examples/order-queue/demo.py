# SPDX-License-Identifier: Apache-2.0
"""Tells the journey of 20 orders through a queue and a function, a kill -9 and a poison order.

`make demo` runs it; `make demo EXIT=1` ends the server too. MARTLET_BINARY names the server.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from journey import ATTEMPTS, POISON, REGION, Journey, order

ROOT = Path(__file__).resolve().parent.parent.parent
COLOURED = sys.stdout.isatty()


class Server:
    """The server as a child process whose data folder outlives it."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="martlet-demo-"))
        self.binary = Path(os.environ.get("MARTLET_BINARY", ROOT / ".build/release/martlet"))
        self.port = 4566 if free(4566) else 0
        self.log = self.folder / "server.log"
        self.process = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        """Starts it; returns the milliseconds until it said `Ready.`."""
        began, before = time.monotonic(), self.lines()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--port", str(self.port), "--data-dir",
                 self.folder / "data"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        while True:
            new = self.lines()[len(before):]
            if any(line.endswith("Ready.") for line in new):
                break
            if self.process.poll() is not None or time.monotonic() - began > 20:
                sys.exit("The server did not start:\n" + "\n".join(new))
            time.sleep(0.002)
        found = re.search(r"http://[^ ]*:(\d+)", "\n".join(new))
        self.port = self.port or int(found.group(1))
        return (time.monotonic() - began) * 1000

    def lines(self):
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOURED else text


def step(text):
    print(f"\n{paint('==', '1;34')} {paint(text, '1')}", flush=True)


def say(text):
    print(f"   {text}", flush=True)


def main():
    server = Server()
    step("A cloud in one process")
    took = server.start()
    say(f"{server.endpoint} answered after {took:.0f} ms; data in {server.folder / 'data'}")
    journey = Journey(server.endpoint)
    try:
        tell(server, journey)
    except BaseException:
        server.stop()
        raise
    if os.environ.get("EXIT"):
        server.stop()
        say("The server has ended (EXIT is set).")
        return
    step("The server is left running. In your shell:")
    print(f"""
export AWS_ENDPOINT_URL={server.endpoint}
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION={REGION}
aws --endpoint-url $AWS_ENDPOINT_URL sqs list-queues
{server.binary} tail --port {server.port}
kill {server.process.pid}    # ends it
""")


def tell(server, journey):
    step("Role, queues, function and mapping, made with boto3")
    journey.create()
    say(f"queue orders -> function order-worker; after {ATTEMPTS} attempts -> orders-dead")

    step("Ten orders are sent and acknowledged; at once: kill -9")
    journey.send(range(1, 11))
    server.kill()
    say(f"the server is dead; {len(journey.sent)} orders were acknowledged")
    took = server.start()
    say(f"it is back after {took:.0f} ms")
    journey.wait_done(range(1, 11))
    say(f"all {len(journey.done())} orders are done: nothing acknowledged was lost")

    step(f"Ten more orders; number {POISON} asks for {order(POISON)['quantity']!r}")
    journey.send(range(11, 21))
    healthy = [number for number in range(1, 21) if number != POISON]
    journey.wait_done(healthy)
    for line in (journey.done()[number] for number in healthy):
        say(line)
    say(f"{len(healthy)} are done; order {POISON} fails and will be tried again in 30 s")

    step("Nobody waits: the clock is advanced by ten minutes")
    began = time.monotonic()
    journey.advance("10m")
    letter = journey.dead_letter()
    say(f"which took {(time.monotonic() - began) * 1000:.0f} ms")

    step("What happened to each order")
    records = journey.journal()
    for number in sorted(journey.sent):
        show_path(number, journey.path(number, records))

    step("The dead letter")
    say(letter["Body"])
    for name, value in sorted(letter["Attributes"].items()):
        say(f"  {name}: {value}")

    step("The fix is deployed and the dead letter sent back")
    journey.fix()
    how = journey.redrive()
    journey.wait_done([POISON])
    journey.wait_empty()
    say(f"by {how}: {journey.done()[POISON]}")
    say(f"{len(journey.done())} of {len(journey.sent)} orders are done, both queues are empty")


def show_path(number, path):
    print(f"   {paint(json.dumps(order(number)), '1')}")
    if not path:
        say("  (its records were in the unsynced tail that the kill took; the order was not)")
    for place, (depth, record) in enumerate(path):
        later = any(other_depth <= depth for other_depth, _ in path[place + 1:])
        branch = "|-" if later else "`-"
        clock = record["time"][11:23]
        attempt = f" attempt {record['attempt']}" if record.get("attempt") else ""
        bad = record.get("error") or (record.get("status") or 0) >= 400
        outcome = record.get("error") or record.get("status") or ""
        text = f"{record['kind']} {record['service']}:{record['operation']}{attempt} {outcome}"
        colour = "31" if bad else "32"
        print(f"     {'   ' * depth}{branch} {clock} {paint(text.rstrip(), colour)}"
              f" {record.get('detail', '')}".rstrip())


if __name__ == "__main__":
    main()
