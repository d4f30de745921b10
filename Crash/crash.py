# SPDX-License-Identifier: Apache-2.0
"""Kills a loaded server again and again and audits what its clients were promised.

    python3 Crash/crash.py --runs 50 --binary .build/release/martlet --seed 7

A run is: at least 200 acknowledged operations, then `kill -9`, then a start. After half of the
runs the new process is killed again within 50 ms; in the other half, where a function is mapped
(`--application`), the kill comes while an invocation is under way: a third of all kills each.
After every ROUND runs the clients stop, all queues are drained, and the round's journal is
audited. Before each kill of a ready server its own count of replies that came before their sync
must be 0. Ends with 1 when a promise was broken.
"""

import argparse
import collections
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time

import auditor
import journal
from client import Client, Refused, Unanswered, Unreachable
from journal import OK, Event, Item, position
from server import Server
from workload import (
    REDRIVE_AFTER, VISIBILITY, Consumer, Creator, FIFOConsumer, FIFOProducer, Invoker, Producer,
    Watcher)

ACKNOWLEDGED_BETWEEN = 200
EARLY_SECONDS = 0.05
KILLS_MIN, RUNS_MAX = 20, 1000
INVOCATION_WITHIN = 60
ROUND = 10


class Round:
    """Queues, clients and journal of some runs on one server."""

    def __init__(self, server, rng, number, with_application):
        self.server, self.rng = server, rng
        self.prefix = f"r{number}"
        self.with_application = with_application
        self.kills = []
        self.early = self.invoking = 0
        self.fewest = None
        self.more = []
        self.backlog = collections.defaultdict(int)
        self.queues = self.create_queues()
        self.workers = self.make_workers()

    def create_queues(self):
        client = Client(self.server.port)
        queues = {}

        def create(name, dead=None, **attributes):
            suffix = ".fifo" if "fifo" in name else ""
            given = {"VisibilityTimeout": str(VISIBILITY), **attributes}
            if suffix:
                given["FifoQueue"] = "true"
            if dead:
                account, target = queues[dead].rsplit("/", 2)[1:]
                given["RedrivePolicy"] = json.dumps({
                    "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:{account}:{target}",
                    "maxReceiveCount": REDRIVE_AFTER})
            queues[name] = client.call(
                "CreateQueue", QueueName=f"{self.prefix}-{name}{suffix}",
                Attributes=given)["QueueUrl"]

        create("fifo")
        create("standard")
        create("dead")
        create("source", dead="dead")
        create("fifodead")
        create("fifosource", dead="fifodead")
        if self.with_application:
            create("effects")
            create("failed")
            create("workdead")
            create("work", dead="workdead")
        client.close()
        return queues

    def make_workers(self):
        made = []

        def add(kind, count=1, **settings):
            for _ in range(count):
                name = f"{self.prefix}c{len(made)}"
                seeded = random.Random(self.rng.random())
                made.append(kind(name, self.server.port, seeded, self.queues, self.backlog,
                                 **settings))

        add(FIFOProducer, 2, queue="fifo", groups=4)
        add(FIFOConsumer, 2, queue="fifo")
        add(Producer, 1, queue="standard")
        add(Consumer, 2, queue="standard")
        add(Producer, 1, queue="source", poison=0.3)
        add(Consumer, 1, queue="source")
        add(Watcher, 1, queue="dead")
        add(FIFOProducer, 1, queue="fifosource", groups=3, poison=0.1)
        add(FIFOConsumer, 1, queue="fifosource")
        add(Creator)
        if self.with_application:
            from application import FUNCTION

            add(Producer, 1, queue="work", poison=0.1, slow=0.2, pause=0.1)
            add(Invoker, 1, function=FUNCTION)
        return made

    @property
    def acknowledged(self):
        return sum(worker.acknowledged for worker in self.workers)

    def start_workers(self):
        for worker in self.workers:
            worker.start()

    def check_workers(self):
        for worker in self.workers:
            if worker.failure is not None:
                raise SystemExit(f"client {worker.name} failed: {worker.failure!r}")

    def load(self):
        """Waits for enough acknowledgements since the last kill."""
        wanted = self.acknowledged + ACKNOWLEDGED_BETWEEN
        deadline = time.monotonic() + 60
        while self.acknowledged < wanted:
            self.check_workers()
            if self.server.process.poll() is not None:
                raise SystemExit(f"the server ended by itself\n{self.server.tail()}")
            if time.monotonic() > deadline:
                raise SystemExit(f"no {ACKNOWLEDGED_BETWEEN} acknowledgements within 60 s")
            time.sleep(0.001)

    def kill(self):
        place = position()
        self.server.kill()
        self.kills.append(Event("kill", "", place, position()))

    def run(self, style):
        """One run; see the module's text."""
        before = self.acknowledged
        self.load()
        self.server.check_acknowledgements()
        if style == "invocation" and self.with_application:
            self.await_invocation()
            self.invoking += 1
        else:
            time.sleep(self.rng.uniform(0, 0.15))
        self.kill()
        done = self.acknowledged - before
        self.fewest = done if self.fewest is None else min(self.fewest, done)
        self.server.start()
        if style == "start":
            time.sleep(self.rng.uniform(0, EARLY_SECONDS))
            self.kill()
            self.early += 1
            self.server.start()
        self.server.wait_ready()

    def await_invocation(self):
        """Until a function has begun something slow that it has not ended."""
        client = Client(self.server.port)
        deadline = time.monotonic() + INVOCATION_WITHIN
        while time.monotonic() < deadline:
            begun = set()
            for _, body in self.take(client, "effects"):
                if body["phase"] == "end":
                    begun.discard(body["token"])
                elif body["token"].startswith("slow"):
                    begun.add(body["token"])
            if begun:
                client.close()
                time.sleep(self.rng.uniform(0, 0.1))
                return
            time.sleep(0.005)
        raise SystemExit(f"no slow invocation began within {INVOCATION_WITHIN} s")

    # The end of a round

    def finish(self):
        """Stops the clients, drains every queue and returns the violations."""
        for worker in self.workers:
            worker.ending.set()
        for worker in self.workers:
            worker.join(30)
            if worker.is_alive():
                raise SystemExit(f"client {worker.name} hangs")
        self.check_workers()
        drained = position()
        client = Client(self.server.port, timeout=120)
        self.drain(client)
        creator = next(worker for worker in self.workers if isinstance(worker, Creator))
        creator.check(sorted({
            event.queue for event in creator.events if event.kind == "create"}))
        events = [event for worker in self.workers for event in worker.events]
        events += self.kills + self.more
        redrives = {"source": "dead", "fifosource": "fifodead"}
        plan = auditor.Plan(
            drained=drained, fifo=frozenset({"fifo", "fifosource"}), redrives=redrives)
        if self.with_application:
            from application import FUNCTION

            plan.redrives["work"] = "workdead"
            plan.destinations[FUNCTION] = "failed"
        self.drop(client)
        return events, auditor.audit(events, plan)

    def drain(self, client):
        """Takes everything out of every queue, dead letters first (see `in_two_queues`)."""
        order = [name for name in self.queues if "dead" in name]
        order += [name for name in self.queues if name not in order]
        empty = 0
        steps = ["1h"] * 3 + ["6h"] * 3 if self.with_application else ["1h"] * 3
        for step in steps * 20:
            self.server.advance(step)
            found = sum(self.drain_queue(client, name) for name in order)
            waiting = sum(sum(self.counts(client, name)) for name in order)
            empty = empty + 1 if found + waiting == 0 else 0
            if empty >= len(steps):
                return
        raise SystemExit("the queues cannot be drained")

    def drain_queue(self, client, name):
        if name == "effects":
            return sum(1 for _ in self.take(client, name))
        if name == "failed":
            return sum(1 for _ in self.take(client, name))
        if name == "work":
            return 0
        taken = 0
        while True:
            begin = position()
            reply = client.call(
                "ReceiveMessage", QueueUrl=self.queues[name], MaxNumberOfMessages=10)
            messages = reply.get("Messages", [])
            if not messages:
                return taken
            items = tuple(
                Item(m["Body"].split("|", 1)[0], m["MessageId"], m["ReceiptHandle"])
                for m in messages)
            self.more.append(Event("receive", name, begin, position(), OK, items=items))
            for item in items:
                begin = position()
                client.call("DeleteMessage", QueueUrl=self.queues[name],
                            ReceiptHandle=item.handle)
                self.more.append(Event(
                    "delete", name, begin, position(), OK, token=item.token, handle=item.handle))
            taken += len(items)

    def take(self, client, name):
        """Yields the JSON messages of the effects or the failed queue and deletes them."""
        while True:
            begin = position()
            try:
                reply = client.call(
                    "ReceiveMessage", QueueUrl=self.queues[name], MaxNumberOfMessages=10)
            except (Unanswered, Unreachable):
                return
            messages = reply.get("Messages", [])
            if not messages:
                return
            for message in messages:
                body = json.loads(message["Body"])
                if name == "effects":
                    self.more.append(Event(
                        "effect", "work", begin, position(), OK, token=body["token"],
                        message_id=body["messageId"], phase=body["phase"]))
                    if body["phase"] == "end" and not body["token"].startswith("run"):
                        self.backlog["work"] -= 1
                else:
                    item = Item(body["requestPayload"]["token"], message["MessageId"])
                    self.more.append(
                        Event("receive", name, begin, position(), OK, items=(item,)))
                client.call("DeleteMessage", QueueUrl=self.queues[name],
                            ReceiptHandle=message["ReceiptHandle"])
                yield message, body

    def counts(self, client, name):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                 "ApproximateNumberOfMessagesDelayed"]
        reply = client.call(
            "GetQueueAttributes", QueueUrl=self.queues[name], AttributeNames=names)
        return [int(reply["Attributes"][each]) for each in names]

    def drop(self, client):
        """Deletes the round's queues, so that long tests do not grow."""
        names = client.call("ListQueues", QueueNamePrefix=self.prefix).get("QueueUrls", [])
        for url in names:
            try:
                client.call("DeleteQueue", QueueUrl=url)
            except Refused:
                pass
        client.close()


def styles(rng, runs):
    """The runs' kinds: of each two one of either kind, so that any number is half of each."""
    chosen = []
    while len(chosen) < runs:
        chosen += rng.sample(("start", "invocation"), 2)
    return chosen[:runs]


def main():
    parser = argparse.ArgumentParser(description="Kill a loaded server and audit its promises.")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=None,
                        help=f"begin no run after so long, but kill at least {KILLS_MIN} times")
    parser.add_argument("--binary", default=".build/release/martlet")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--application", action="store_true",
                        help="also run a mapped function and asynchronous invocations")
    parser.add_argument("--keep", action="store_true", help="keep data, log and journals")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(10**9)
    rng = random.Random(seed)
    folder = tempfile.mkdtemp(prefix="martlet-crash-")
    runs = arguments.runs if arguments.seconds is None else RUNS_MAX
    print(f"crash: seed {seed}, {runs} runs, data and log in {folder}", flush=True)
    server = Server(os.path.abspath(arguments.binary), folder)
    server.start()
    server.wait_ready()
    failed, operations, kills, early, invoking, fewest = False, 0, 0, 0, 0, None
    plan = styles(rng, runs)
    began = time.monotonic()

    def is_over(more=0):
        elapsed = time.monotonic() - began
        return (arguments.seconds is not None and elapsed > arguments.seconds
                and kills + more >= KILLS_MIN)

    done = 0
    for number, start in enumerate(range(0, len(plan), ROUND)):
        if is_over():
            break
        part = Round(server, rng, number, arguments.application)
        if arguments.application:
            import application

            (application.point_at if number else application.set_up)(server.port, part.queues)
        part.start_workers()
        for style in plan[start:start + ROUND]:
            if is_over(len(part.kills)):
                break
            part.run(style)
            done += 1
        events, violations = part.finish()
        if arguments.application:
            application.disconnect(server.port)
        operations += part.acknowledged
        kills += len(part.kills)
        early, invoking = early + part.early, invoking + part.invoking
        fewest = part.fewest if fewest is None else min(fewest, part.fewest)
        print(f"crash: {done} runs, {kills} kills, "
              f"{operations} acknowledged, {len(violations)} violations", flush=True)
        if violations:
            failed = True
            path = os.path.join(folder, f"journal-{number}.jsonl")
            journal.write(path, events)
            for violation in violations[:20]:
                print(f"  {violation}")
            print(f"  journal: {path}")
    code = server.stop()
    print(f"crash: at least {fewest} acknowledged between a start and a kill that was to come "
          f"later than 50 ms; {server.checks} readings of replies before their sync, all 0")
    print(f"crash: start to first answer: median {statistics.median(server.starts) * 1000:.0f} ms,"
          f" worst {max(server.starts) * 1000:.0f} ms over {len(server.starts)} starts; "
          f"ended with {code}")
    if failed or arguments.keep:
        print(f"crash: kept {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    verdict = "FAILED" if failed else "nothing acknowledged was lost"
    print(f"crash: {verdict}: {kills} kills ({early} within 50 ms of a start, {invoking} during an "
          f"invocation), {operations} acknowledged")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
