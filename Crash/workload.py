# SPDX-License-Identifier: Apache-2.0
"""The clients of a crash run: each a thread that keeps asking, through every kill, and notes it.

Tokens name messages across retries and restarts. A body is its token, `|` and some padding.
"""

import json
import threading
import time

from client import KEY, Client, Refused, Unanswered, Unreachable
from journal import OK, REFUSED, UNKNOWN, Event, Item, position

VISIBILITY = 30
REDRIVE_AFTER = 3
PAUSE_UNREACHED = 0.002
BACKLOG = 400


class Worker(threading.Thread):
    """Runs `step` until told to end; a kill of the server is nothing special to it.

    `backlog` counts roughly what each queue holds; all workers of a round share it.
    """

    def __init__(self, name, port, rng, queues, backlog):
        super().__init__(name=name, daemon=True)
        self.client = Client(port)
        self.rng, self.queues, self.backlog = rng, queues, backlog
        self.events = []
        self.acknowledged = 0
        self.ending = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.ending.is_set():
                try:
                    self.step()
                except (Unreachable, Unanswered):
                    time.sleep(PAUSE_UNREACHED)
        except Exception as error:  # A fault of the harness must not pass for a quiet client.
            self.failure = error
            raise
        finally:
            self.client.close()

    def step(self):
        raise NotImplementedError

    def note(self, kind, queue, begin, outcome=OK, **fields):
        end = position() if outcome != UNKNOWN else None
        self.events.append(Event(kind, queue, begin, end, outcome, **fields))
        if outcome != OK:
            return
        self.acknowledged += 1
        if kind in ("send", "delete") and not fields["token"].startswith("poison"):
            self.backlog[queue] += 1 if kind == "send" else -1

    def body(self, token):
        return token + "|" + "x" * self.rng.choice((0, 10, 100, 1000, 3000))

    # Operations

    def send(self, queue, token, group="", index=0):
        """Sends once; the outcome is noted and returned."""
        extra = {"MessageGroupId": group, "MessageDeduplicationId": token} if group else {}
        begin = position()
        place = {"token": token, "group": group, "index": index}
        try:
            reply = self.client.call(
                "SendMessage", QueueUrl=self.queues[queue], MessageBody=self.body(token), **extra)
        except Refused:
            self.note("send", queue, begin, REFUSED, **place)
            return REFUSED
        except Unanswered:
            self.note("send", queue, begin, UNKNOWN, **place)
            return UNKNOWN
        self.note("send", queue, begin, message_id=reply["MessageId"],
                  sequence=reply.get("SequenceNumber", ""), **place)
        return OK

    def send_batch(self, queue, tokens):
        begin = position()
        entries = [{"Id": str(number), "MessageBody": self.body(token)}
                   for number, token in enumerate(tokens)]
        try:
            reply = self.client.call(
                "SendMessageBatch", QueueUrl=self.queues[queue], Entries=entries)
        except (Refused, Unanswered) as error:
            outcome = UNKNOWN if isinstance(error, Unanswered) else REFUSED
            for token in tokens:
                self.note("send", queue, begin, outcome, token=token)
            return
        for entry in reply["Successful"]:
            self.note("send", queue, begin, token=tokens[int(entry["Id"])],
                      message_id=entry["MessageId"])

    def receive(self, queue, maximum=10, wait=1, visibility=VISIBILITY):
        begin = position()
        try:
            reply = self.client.call(
                "ReceiveMessage", QueueUrl=self.queues[queue], MaxNumberOfMessages=maximum,
                WaitTimeSeconds=wait, VisibilityTimeout=visibility)
        except Refused:
            return []
        items = tuple(
            Item(message["Body"].split("|", 1)[0], message["MessageId"], message["ReceiptHandle"])
            for message in reply.get("Messages", []))
        if items:
            self.note("receive", queue, begin, items=items)
        return items

    def delete(self, queue, item):
        begin = position()
        noted = {"token": item.token, "handle": item.handle}
        try:
            self.client.call(
                "DeleteMessage", QueueUrl=self.queues[queue], ReceiptHandle=item.handle)
        except Refused:
            self.note("delete", queue, begin, REFUSED, **noted)
        except Unanswered:
            self.note("delete", queue, begin, UNKNOWN, **noted)
            raise
        else:
            self.note("delete", queue, begin, **noted)

    def delete_batch(self, queue, items):
        begin = position()
        entries = [{"Id": str(number), "ReceiptHandle": item.handle}
                   for number, item in enumerate(items)]
        outcomes = dict.fromkeys(range(len(items)), REFUSED)
        try:
            reply = self.client.call(
                "DeleteMessageBatch", QueueUrl=self.queues[queue], Entries=entries)
            outcomes |= {int(entry["Id"]): OK for entry in reply["Successful"]}
        except Refused:
            pass
        except Unanswered:
            outcomes = dict.fromkeys(outcomes, UNKNOWN)
        for number, item in enumerate(items):
            self.note("delete", queue, begin, outcomes[number], token=item.token,
                      handle=item.handle)

    def give_back(self, queue, item):
        try:
            self.client.call(
                "ChangeMessageVisibility", QueueUrl=self.queues[queue],
                ReceiptHandle=item.handle, VisibilityTimeout=0)
            self.acknowledged += 1
        except Refused:
            pass


class FIFOProducer(Worker):
    """Sends each group's messages one after the other, each until it is acknowledged."""

    def __init__(self, *arguments, queue, groups, poison=0.0):
        super().__init__(*arguments)
        self.queue, self.poison = queue, poison
        self.next = {f"{self.name}.{number}": 0 for number in range(groups)}
        self.pending = None

    def step(self):
        if self.pending is None:
            group = self.rng.choice(list(self.next))
            index = self.next[group]
            kind = "poison" if self.rng.random() < self.poison else "f"
            self.pending = (f"{kind}-{self.queue}-{group}-{index}", group, index)
        token, group, index = self.pending
        if self.backlog[self.queue] > BACKLOG:
            self.ending.wait(PAUSE_UNREACHED)
        elif self.send(self.queue, token, group, index) == OK:
            self.next[group] += 1
            self.pending = None


class FIFOConsumer(Worker):
    """Deletes what it receives, in order; sometimes gives the rest of a batch back."""

    def __init__(self, *arguments, queue):
        super().__init__(*arguments)
        self.queue = queue

    def step(self):
        items = self.receive(self.queue, self.rng.randint(1, 10))
        returned = set()
        for item in items:
            if item.token.startswith("poison") or self.rng.random() < 0.05:
                # Once one of a group is given back, those after it must not be done before it.
                returned.add(group_of(item.token))
            if group_of(item.token) not in returned:
                self.delete(self.queue, item)
        for item in reversed(items):
            if group_of(item.token) in returned:
                self.give_back(self.queue, item)


def group_of(token):
    return token.rsplit("-", 1)[0].split("-", 1)[1]


class Producer(Worker):
    """Sends to a standard queue, singly and in batches; never resends what got no answer."""

    def __init__(self, *arguments, queue, poison=0.0, slow=0.0, pause=0.0):
        super().__init__(*arguments)
        self.queue, self.poison, self.slow, self.count = queue, poison, slow, 0
        self.pause = pause

    def token(self):
        self.count += 1
        drawn = self.rng.random()
        kind = "poison" if drawn < self.poison else "s"
        if self.poison <= drawn < self.poison + self.slow:
            kind = "slow"
        return f"{kind}-{self.queue}-{self.name}-{self.count}"

    def step(self):
        if self.backlog[self.queue] > BACKLOG:
            # What is left over at a round's end has to be drained one by one.
            self.ending.wait(PAUSE_UNREACHED)
        elif not self.pause and self.rng.random() < 0.3:
            self.send_batch(self.queue, [self.token() for _ in range(self.rng.randint(1, 10))])
        else:
            self.send(self.queue, self.token())
            self.ending.wait(self.pause)


class Consumer(Worker):
    """Deletes what it receives from a standard queue, gives poison back until it is redriven."""

    def __init__(self, *arguments, queue):
        super().__init__(*arguments)
        self.queue = queue

    def step(self):
        items = self.receive(self.queue, 10)
        healthy = [item for item in items if not item.token.startswith("poison")]
        if healthy and self.rng.random() < 0.5:
            self.delete_batch(self.queue, healthy)
        else:
            for item in healthy:
                self.delete(self.queue, item)
        for item in items:
            if item.token.startswith("poison"):
                self.give_back(self.queue, item)


class Watcher(Worker):
    """Looks into a dead-letter queue now and then and takes nothing."""

    def __init__(self, *arguments, queue):
        super().__init__(*arguments)
        self.queue = queue

    def step(self):
        self.receive(self.queue, 10, wait=1, visibility=1)
        self.ending.wait(0.05)


class Creator(Worker):
    """Creates queues again and again, known and new, so that some creations race the kill."""

    count = 0

    def step(self):
        known = self.rng.random() < 0.7
        if known:
            name = f"{self.name}-again-{self.rng.randint(0, 3)}"
        else:
            self.count += 1
            name = f"{self.name}-new-{self.count}"
        begin = position()
        try:
            reply = self.client.call(
                "CreateQueue", QueueName=name, Attributes={"VisibilityTimeout": "33"})
        except Refused as error:
            raise AssertionError(f"creating {name} again: {error}") from error
        except Unanswered:
            self.note("create", name, begin, UNKNOWN)
            raise
        assert reply["QueueUrl"].endswith(f"/{KEY}/{name}"), reply
        self.note("create", name, begin)
        self.ending.wait(0.002)

    def check(self, names):
        """Notes for each name whether the queue is there; for the final audit."""
        for name in names:
            begin = position()
            try:
                self.client.call("GetQueueUrl", QueueName=name)
                self.note("exists", name, begin)
            except Refused:
                self.note("exists", name, begin, REFUSED)


class Invoker(Worker):
    """Invokes a function asynchronously; the answer 202 is the promise under test."""

    def __init__(self, *arguments, function):
        super().__init__(*arguments)
        self.function, self.count = function, 0
        self.client = Client(arguments[1], service="lambda")

    def step(self):
        self.count += 1
        kind = "fail" if self.rng.random() < 0.3 else "run"
        token = f"{kind}-{self.function}-{self.name}-{self.count}"
        head = self.client._common.replace(
            "POST / ", f"POST /2015-03-31/functions/{self.function}/invocations ")
        head += "X-Amz-Invocation-Type: Event\r\n"
        begin = position()
        try:
            status, _ = self.client.exchange(head, json.dumps({"token": token}).encode())
        except Unanswered:
            self.note("invoke", self.function, begin, UNKNOWN, token=token)
            raise
        self.note("invoke", self.function, begin, OK if status == 202 else REFUSED, token=token)
        self.ending.wait(0.1)
