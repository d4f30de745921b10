# SPDX-License-Identifier: Apache-2.0
"""The main job: Examples/order-queue end to end, a kill in its middle, and the example itself.

The steps are the example's own (journey.py); here stands what must be true after each. All ours.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from harness import ROOT, binary, eventually
from support import server_of_this_module

EXAMPLE = ROOT / "Examples/order-queue"
sys.path.insert(0, str(EXAMPLE))

from journey import ATTEMPTS, DEAD, POISON, Journey, order  # noqa: E402

martlet = server_of_this_module

ALL = range(1, 21)
HEALTHY = [number for number in ALL if number != POISON]


def test_twenty_orders_one_poison_and_a_kill(martlet, account):
    journey = Journey(martlet.endpoint, account)
    journey.create()
    journey.send(range(1, 11))
    martlet.restart(kill=True)
    journey.wait_done(range(1, 11))

    journey.send(range(11, 21))
    journey.wait_done(HEALTHY)
    assert POISON not in journey.done()
    eventually(lambda: journey.counts(journey.orders) == (0, 1, 0), 10, "the poison in flight")

    journey.advance("10m")
    letter = journey.dead_letter()
    assert json.loads(letter["Body"]) == order(POISON)
    assert letter["MessageId"] == journey.sent[POISON]
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == journey.arn("orders")
    assert journey.counts(journey.orders) == (0, 0, 0)

    check_paths(journey)

    journey.fix()
    journey.redrive()
    journey.wait_done(ALL)
    journey.wait_empty()
    assert journey.done()[POISON] == "DONE order 13: 12 x coffee = 48"


def check_paths(journey):
    """Each order's path is told: sent, received, run; the poison's until it was a dead letter."""
    records = journey.journal()
    path = [record for _, record in journey.path(POISON, records)]
    assert path[0]["operation"] == "SendMessage" and path[0]["status"] == 200
    runs = [record for record in path if record["kind"] == "invocation"]
    assert len(runs) == ATTEMPTS
    assert all(record.get("error") for record in runs)
    moved = [record for record in path if record["kind"] == "delivery"]
    assert moved and moved[-1]["resource"].endswith(DEAD)
    times = [record["time"] for record in path]
    assert times == sorted(times)
    # Orders sent after the kill have whole records; the kill may have taken those of others.
    for number in range(11, 21):
        kinds = {record["kind"] for _, record in journey.path(number, records)}
        assert {"call", "invocation"} <= kinds, number


def test_the_demo_runs_to_its_end():
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "MARTLET_FUNCTIONS_SDK")
                   if name in os.environ}
    done = subprocess.run(
        [sys.executable, str(EXAMPLE / "demo.py")], capture_output=True, text=True, timeout=180,
        env={**environment, "EXIT": "1", "MARTLET_BINARY": binary()})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing acknowledged was lost" in done.stdout
    assert "20 of 20 orders are done, both queues are empty" in done.stdout
    folder = Path(done.stdout.split("data in ", 1)[1].splitlines()[0]).parent
    assert folder.exists()
    shutil.rmtree(folder)
