# SPDX-License-Identifier: Apache-2.0
"""The external journal of a crash run: what was asked, what was answered, and in which order.

Kept outside the server, so that it knows what was acknowledged when the server no longer does.
`begin` and `end` are positions in one global order: `a.end < b.begin` means that `a` was over
before `b` started. An operation whose answer never came has `end` None and outcome UNKNOWN.
"""

import itertools
import json
from dataclasses import asdict, dataclass

OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"

_positions = itertools.count(1)


def position():
    """The next place in the global order; safe from any thread."""
    return next(_positions)


@dataclass(slots=True, frozen=True)
class Item:
    """One message as it was seen in a reply."""

    token: str
    message_id: str
    handle: str = ""


@dataclass(slots=True, frozen=True)
class Event:
    """One operation of one client.

    kind: send, receive, delete, create, drop-queue, peek, effect, invoke or kill. `token` names
    the message sent, deleted or processed; `group` and `index` place it in its FIFO group.
    `items` are what a receive or a peek returned. `phase` is begin or end of an effect.
    """

    kind: str
    queue: str
    begin: int
    end: int | None = None
    outcome: str = OK
    token: str = ""
    message_id: str = ""
    sequence: str = ""
    group: str = ""
    index: int = 0
    handle: str = ""
    phase: str = ""
    items: tuple[Item, ...] = ()


def write(path, events):
    """Writes a journal as JSON lines, for looking into a failure."""
    with open(path, "w", encoding="utf-8") as file:
        for event in sorted(events, key=lambda event: event.begin):
            file.write(json.dumps(asdict(event)) + "\n")


def read(path):
    """The journal `write` left."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            fields = json.loads(line)
            fields["items"] = tuple(Item(**item) for item in fields["items"])
            yield Event(**fields)
