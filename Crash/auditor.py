# SPDX-License-Identifier: Apache-2.0
"""Judges a journal: a pure function from what was asked and answered to what went wrong.

It knows the promises, not the server: nothing acknowledged or shown is lost, nothing comes back
after an acknowledged delete, FIFO order and deduplication hold, a message under redrive is in one
of its two queues, every accepted invocation has exactly one end. Queue roles come as `Plan`.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from journal import OK, UNKNOWN

NEVER = float("inf")


@dataclass(frozen=True)
class Plan:
    """What the run's queues are for.

    `redrives` maps a source to its dead-letter queue, `fifo` names the FIFO queues, `mapped` the
    queues whose messages a function processes, `destinations` maps a function to the queue that
    gets its failed invocations. `drained` is the position at which the final drain began: what is
    still wanted must have been seen after it, or have met its end before.
    """

    drained: int
    fifo: frozenset = frozenset()
    redrives: dict = field(default_factory=dict)
    mapped: frozenset = frozenset()
    destinations: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Violation:
    rule: str
    token: str
    story: str

    def __str__(self):
        return f"{self.rule}: {self.token}: {self.story}"


def audit(events, plan):
    """All violations of the journal, in a stable order."""
    history = History(events, plan)
    found = [
        *lost(history), *resurrected(history), *accepted_twice(history), *reordered(history),
        *in_two_queues(history), *queues_gone(history), *invocations_without_end(history)]
    return sorted(set(found), key=lambda violation: (violation.rule, violation.token))


class History:
    """The journal, indexed by what the rules ask for."""

    def __init__(self, events, plan):
        self.plan = plan
        self.events = sorted(events, key=lambda event: event.begin)
        self.sends = defaultdict(list)
        self.deletes = defaultdict(list)
        self.sightings = defaultdict(list)
        self.receives = []
        self.effects = defaultdict(list)
        self.invokes = defaultdict(list)
        self.home = {}
        self.kills = [event.begin for event in self.events if event.kind == "kill"]
        self.dead_letters = {dead: source for source, dead in plan.redrives.items()}
        for event in self.events:
            self._note(event)

    def _note(self, event):
        if event.kind == "send":
            self.sends[event.token].append(event)
            self.home.setdefault(event.token, event.queue)
        elif event.kind == "delete":
            self.deletes[event.token].append(event)
        elif event.kind in ("receive", "peek") and event.outcome == OK:
            for item in event.items:
                self.sightings[item.token].append((event, item))
            if event.kind == "receive":
                self.receives.append(event)
        elif event.kind == "effect":
            self.effects[event.token].append(event)
        elif event.kind == "invoke":
            self.invokes[event.token].append(event)

    def existed(self, token):
        """The event that proves that the message had been taken in, if any does."""
        for send in self.sends[token]:
            if send.outcome == OK:
                return send
        for event, _ in self.sightings[token]:
            return event
        for effect in self.effects[token]:
            return effect
        return None

    def may_be_over(self, token):
        """Whether something that ends a message was begun: a delete, or a completed invocation."""
        if any(delete.outcome in (OK, UNKNOWN) for delete in self.deletes[token]):
            return True
        return any(effect.phase == "end" for effect in self.effects[token])

    def seen_in_drain(self, token):
        return any(event.begin > self.plan.drained for event, _ in self.sightings[token])

    def last_kill_before(self, place):
        return max((kill for kill in self.kills if kill < place), default=None)


def lost(history):
    """What was acknowledged, or shown to anybody, is there until something ends it.

    A reply before its flush, a duplicate acknowledged before its original was durable and an
    invocation before its cause was durable all show in this: the message was vouched for and is
    then nowhere. The story says which of them it looks like.
    """
    for token in sorted({*history.sends, *history.sightings, *history.effects}):
        proof = history.existed(token)
        if proof is None or history.may_be_over(token) or history.seen_in_drain(token):
            continue
        yield Violation("lost", token, suspicion(history, token, proof))


def suspicion(history, token, proof):
    if proof.kind == "effect":
        return "an invocation began for it, and it is nowhere: started before it was durable?"
    if proof.kind in ("receive", "peek"):
        return f"seen in {proof.queue}, never deleted, and it is nowhere"
    unknown_before = any(
        send.outcome == UNKNOWN and send.begin < proof.begin for send in history.sends[token])
    if unknown_before:
        return "only a resend was acknowledged: a duplicate answered before it was durable?"
    later = [kill for kill in history.kills if kill > proof.end]
    if later and not any(
            event.end and proof.end < event.begin < later[0] for event in history.events):
        return "acknowledged just before a kill: a reply before its flush?"
    return f"acknowledged in {proof.queue}, never deleted, and it is nowhere"


def resurrected(history):
    """Nothing comes back after an acknowledged delete.

    A delete by a handle that was no longer the latest promises nothing (AWS's words), so it binds
    only where no other receive of the message reaches past the receive that gave the handle.
    """
    for token, deletes in sorted(history.deletes.items()):
        received = [
            (event, item) for event, item in history.sightings[token] if event.kind == "receive"]
        for delete in deletes:
            if delete.outcome != OK:
                continue
            given = [event for event, item in received if item.handle == delete.handle]
            since = given[0].end if given else 0
            rivals = [
                event for event, item in received
                if item.handle != delete.handle and event.end > since
                and event.begin < delete.end]
            if rivals:
                continue
            for event, _ in history.sightings[token]:
                if event.begin > delete.end:
                    yield Violation(
                        "back after delete", token,
                        f"deleted from {delete.queue}, then seen in {event.queue}")
                    break


def accepted_twice(history):
    """Within the deduplication interval one token is one message with one id and number."""
    for token, sends in sorted(history.sends.items()):
        if history.home.get(token) not in history.plan.fifo:
            continue
        identities = {
            (send.message_id, send.sequence) for send in sends if send.outcome == OK}
        ids = {message_id for message_id, _ in identities}
        ids |= {item.message_id for _, item in history.sightings[token]}
        ids |= {effect.message_id for effect in history.effects[token] if effect.message_id}
        if len(ids) > 1 or len(identities) > 1:
            yield Violation("accepted twice", token, f"as {sorted(ids)}")
    for event in history.receives:
        tokens = [item.token for item in event.items]
        if event.queue in history.plan.fifo and len(set(tokens)) < len(tokens):
            yield Violation("accepted twice", tokens[0], f"twice in one receive: {tokens}")


def reordered(history):
    """A FIFO group gives out a message only when all before it are gone or come before it.

    Gone is what was deleted (also without an answer), processed to its end, or moved to the
    dead-letter queue, begun before the receive was over.
    """
    places = {
        send.token: (send.queue, send.group, send.index)
        for sends in history.sends.values() for send in sends if send.group}
    groups = defaultdict(list)
    for token, (queue, group, index) in places.items():
        groups[queue, group].append((index, token))
    for members in groups.values():
        members.sort()
    taken_in = {token: first_proof(history, token) for token in places}
    gone = {token: first_end(history, token) for token in places}
    # By rising end, so that what is gone for one receive is gone for all after it.
    heads = defaultdict(int)
    for event in sorted(history.receives, key=lambda event: event.end):
        if event.queue not in history.plan.fifo or event.queue in history.dead_letters:
            continue
        before = set()
        for item in event.items:
            place = places.get(item.token)
            if place is None:
                continue
            members = groups[place[0], place[1]]
            head = heads[place[0], place[1]]
            while head < len(members) and gone[members[head][1]] < event.end:
                head += 1
            heads[place[0], place[1]] = head
            for index, earlier in members[head:]:
                if index >= place[2]:
                    break
                # What was not surely in when this receive began promises nothing.
                surely_in = taken_in[earlier] < event.begin and gone[earlier] >= event.end
                if surely_in and earlier not in before:
                    yield Violation(
                        "reordered", item.token, f"received while {earlier} was before it")
            before.add(item.token)


def first_proof(history, token):
    """When it was certain that the message was taken in."""
    ends = [send.end for send in history.sends[token] if send.outcome == OK]
    ends += [event.end for event, _ in history.sightings[token]]
    return min(ends, default=NEVER)


def first_end(history, token):
    """The earliest moment at which the message may have left its group."""
    ends = [
        delete.begin for delete in history.deletes[token] if delete.outcome in (OK, UNKNOWN)]
    # An effect is found late, in its queue; it proves only that the end came some time before.
    ends += [0 for effect in history.effects[token] if effect.phase == "end"]
    # So does a sighting among the dead letters: the move happened some time before it.
    ends += [
        0 for event, _ in history.sightings[token] if event.queue in history.dead_letters]
    return min(ends, default=NEVER)


def in_two_queues(history):
    """Under redrive a message is in exactly one of the two queues, and moves one way."""
    for token, sightings in sorted(history.sightings.items()):
        source = history.home.get(token)
        dead = history.plan.redrives.get(source)
        if dead is None:
            continue
        moved = [event.end for event, _ in sightings if event.queue == dead]
        if moved and any(
                event.queue == source and event.begin > min(moved) for event, _ in sightings):
            yield Violation("in two queues", token, f"in {dead}, and afterwards in {source}")


def queues_gone(history):
    """A queue whose creation was acknowledged exists until its deletion is begun."""
    created, ended, found = {}, set(), set()
    for event in history.events:
        if event.kind == "create" and event.outcome == OK:
            created.setdefault(event.queue, event)
        elif event.kind == "drop-queue" and event.outcome in (OK, UNKNOWN):
            ended.add(event.queue)
        elif event.kind == "exists" and event.outcome == OK:
            found.add(event.queue)
    asked = {event.queue for event in history.events if event.kind == "exists"}
    for queue in sorted(created):
        if queue in asked and queue not in ended | found:
            yield Violation("queue lost", queue, "its creation was acknowledged")


def invocations_without_end(history):
    """Every accepted asynchronous invocation ends in exactly one of success or destination."""
    for token, invokes in sorted(history.invokes.items()):
        if not any(invoke.outcome == OK for invoke in invokes):
            continue
        succeeded = any(effect.phase == "end" for effect in history.effects[token])
        handed = {event.queue for event, _ in history.sightings[token]}
        destination = history.plan.destinations.get(invokes[0].queue)
        delivered = destination in handed
        if not succeeded and not delivered:
            yield Violation("invocation without end", token, "neither succeeded nor delivered")
        if succeeded and delivered:
            yield Violation("invocation with two ends", token, "succeeded and was delivered")
