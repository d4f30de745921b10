# SPDX-License-Identifier: Apache-2.0
"""Plants each kind of fault in a sound journal and expects the auditor to name it, and it alone."""

import itertools

import pytest

from auditor import Plan, audit
from journal import OK, UNKNOWN, Event, Item


class Story:
    """A journal under construction; each call is over before the next begins."""

    def __init__(self, **plan):
        self.clock = itertools.count(1)
        self.events = []
        self.plan = plan
        self.drained = None

    def add(self, kind, queue, outcome=OK, **fields):
        begin = next(self.clock)
        end = next(self.clock) if outcome != UNKNOWN else None
        self.events.append(Event(kind, queue, begin, end, outcome, **fields))
        return self

    def send(self, queue, token, outcome=OK, message_id=None, **fields):
        given = {"message_id": message_id or f"id-{token}"} if outcome == OK else {}
        return self.add("send", queue, outcome, token=token, **given, **fields)

    def fifo(self, token, index, outcome=OK, message_id=None):
        number = {"sequence": f"{index:020}"} if outcome == OK else {}
        return self.send(
            "fifo", token, outcome, message_id, group="g", index=index, **number)

    def receive(self, queue, *tokens, ids=None):
        ids = ids or {}
        items = tuple(
            Item(token, ids.get(token, f"id-{token}"), f"handle-{token}-{len(self.events)}")
            for token in tokens)
        return self.add("receive", queue, items=items)

    def delete(self, queue, token, outcome=OK):
        handles = [
            item.handle for event in self.events if event.kind == "receive"
            for item in event.items if item.token == token]
        return self.add("delete", queue, outcome, token=token, handle=handles[-1])

    def effect(self, token, phase, message_id=""):
        return self.add("effect", "work", token=token, phase=phase, message_id=message_id)

    def kill(self):
        return self.add("kill", "")

    def drain(self):
        self.drained = next(self.clock)
        return self

    def rules(self):
        plan = Plan(drained=self.drained or next(self.clock), **self.plan)
        return [violation.rule for violation in audit(self.events, plan)]


def standard():
    return Story()


def fifo():
    return Story(fifo=frozenset({"fifo"}))


# Sound journals ----------------------------------------------------------------------------


def test_sound_journal_has_no_violation():
    story = standard().send("q", "a").send("q", "b").receive("q", "a").delete("q", "a").kill()
    story.send("q", "c", UNKNOWN).drain().receive("q", "b")
    assert story.rules() == []


def test_unanswered_send_may_be_there_or_not():
    assert standard().send("q", "a", UNKNOWN).kill().drain().rules() == []
    assert standard().send("q", "a", UNKNOWN).kill().drain().receive("q", "a").rules() == []


def test_unanswered_delete_may_have_worked_or_not():
    story = standard().send("q", "a").receive("q", "a").delete("q", "a", UNKNOWN).kill()
    assert story.drain().rules() == []
    assert story.receive("q", "a").rules() == []


def test_message_may_be_received_again_when_not_deleted():
    story = standard().send("q", "a").receive("q", "a").kill().drain().receive("q", "a")
    assert story.rules() == []


def test_delete_by_an_outdated_handle_promises_nothing():
    story = standard().send("q", "a").receive("q", "a")
    handle = story.events[-1].items[0].handle
    story.receive("q", "a").add("delete", "q", token="a", handle=handle)
    assert story.drain().receive("q", "a").rules() == []


def test_fifo_retry_that_answers_alike_is_sound():
    story = fifo().fifo("a", 0, UNKNOWN).kill().fifo("a", 0).fifo("b", 1)
    story.receive("fifo", "a", "b").delete("fifo", "a").delete("fifo", "b").drain()
    assert story.rules() == []


def test_fifo_batch_in_order_is_sound():
    story = fifo().fifo("a", 0).fifo("b", 1).receive("fifo", "a").delete("fifo", "a")
    assert story.receive("fifo", "b").drain().receive("fifo", "b").rules() == []


# Planted faults ----------------------------------------------------------------------------


def test_planted_loss_is_caught():
    story = standard().send("q", "a").send("q", "b").kill().drain().receive("q", "b")
    assert story.rules() == ["lost"]


def test_planted_loss_of_a_message_only_seen_is_caught():
    story = standard().send("q", "a", UNKNOWN).receive("q", "a").kill().drain()
    assert story.rules() == ["lost"]


def test_planted_reply_before_flush_is_caught_and_named():
    story = standard().send("q", "a").receive("q", "a").delete("q", "a").send("q", "b").kill()
    story.drain()
    plan = Plan(drained=story.drained)
    (violation,) = audit(story.events, plan)
    assert (violation.rule, violation.token) == ("lost", "b")
    assert "reply before its flush" in violation.story


def test_planted_duplicate_answered_before_its_original_is_durable_is_caught_and_named():
    # The original's answer never came, the resend was acknowledged as a duplicate, both are gone.
    story = fifo().fifo("a", 0, UNKNOWN).fifo("a", 0).kill().drain()
    (violation,) = audit(story.events, Plan(drained=story.drained, fifo=frozenset({"fifo"})))
    assert violation.rule == "lost"
    assert "duplicate answered before it was durable" in violation.story


def test_planted_invocation_before_its_cause_is_durable_is_caught_and_named():
    story = Story(mapped=frozenset({"work"}))
    story.send("work", "a", UNKNOWN).effect("a", "begin").kill().drain()
    (violation,) = audit(story.events, Plan(drained=story.drained, **story.plan))
    assert violation.rule == "lost"
    assert "invocation began" in violation.story


def test_planted_delete_that_is_undone_is_caught():
    story = standard().send("q", "a").receive("q", "a").delete("q", "a").kill()
    assert story.drain().receive("q", "a").rules() == ["back after delete"]


def test_planted_duplicate_is_caught():
    story = fifo().fifo("a", 0, message_id="one").fifo("a", 0, message_id="two")
    story.receive("fifo", "a", ids={"a": "one"}).delete("fifo", "a").drain()
    assert story.rules() == ["accepted twice"]


def test_planted_duplicate_delivery_under_another_id_is_caught():
    story = fifo().fifo("a", 0, message_id="one").receive("fifo", "a", ids={"a": "one"})
    story.delete("fifo", "a", UNKNOWN).drain().receive("fifo", "a", ids={"a": "two"})
    assert "accepted twice" in story.rules()


def test_planted_duplicate_within_one_receive_is_caught():
    story = fifo().fifo("a", 0).receive("fifo", "a", "a").delete("fifo", "a").drain()
    assert "accepted twice" in story.rules()


def test_planted_reorder_within_one_receive_is_caught():
    story = fifo().fifo("a", 0).fifo("b", 1).receive("fifo", "b", "a")
    story.delete("fifo", "b").delete("fifo", "a").drain()
    assert story.rules() == ["reordered"]


def test_planted_overtaking_of_a_message_in_flight_is_caught():
    story = fifo().fifo("a", 0).fifo("b", 1).receive("fifo", "a").receive("fifo", "b")
    story.delete("fifo", "a").delete("fifo", "b").drain()
    assert story.rules() == ["reordered"]


@pytest.fixture
def redrive():
    return Story(redrives={"source": "dead"})


def test_message_moved_once_is_sound(redrive):
    redrive.send("source", "a").receive("source", "a").receive("dead", "a")
    redrive.drain().receive("dead", "a")
    assert redrive.rules() == []


def test_planted_message_in_both_queues_is_caught(redrive):
    redrive.send("source", "a").receive("source", "a").kill().drain()
    redrive.receive("dead", "a").receive("source", "a")
    assert redrive.rules() == ["in two queues"]


def test_planted_message_in_neither_queue_is_caught(redrive):
    redrive.send("source", "a").receive("source", "a").kill().drain()
    assert redrive.rules() == ["lost"]


def test_planted_lost_queue_is_caught():
    story = standard().add("create", "q").kill().drain().add("exists", "q", "refused")
    assert story.rules() == ["queue lost"]


def test_planted_invocations_with_no_and_with_two_ends_are_caught():
    story = Story(destinations={"function": "failed"})
    story.add("invoke", "function", token="a").add("invoke", "function", token="b")
    story.add("invoke", "function", token="c").add("invoke", "function", token="d")
    story.effect("b", "end").effect("c", "end").kill().drain()
    story.receive("failed", "c").receive("failed", "d")
    assert story.rules() == ["invocation with two ends", "invocation without end"]
