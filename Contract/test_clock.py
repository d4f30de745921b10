# SPDX-License-Identifier: Apache-2.0
"""Time is ours: long spans in milliseconds, a mode that survives, polls that end when frozen.

All of it is ours (design 5) except the spans, which are AWS's limits. The asynchronous retries
of functions are in test_lambda_async.py.
"""

import time
from datetime import UTC, datetime

import pytest

from support import (
    Poll, bodies, counts, fill, fresh, receive, refused, server_of_this_module)

martlet = server_of_this_module

QUICK = 2.0
DAYS_4 = 4 * 24 * 3600


@pytest.fixture
def quick():
    """The test must take milliseconds of real time, with a wide margin for a busy machine."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < QUICK


def now(martlet):
    """The server's virtual time in seconds, from whatever form the clock shows it in."""
    value = martlet.clock.show()["now"]
    if isinstance(value, str):
        return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    return value / 1000 if value > 1e11 else value


# Spans -------------------------------------------------------------------------------------


def test_message_expires_after_four_days(sqs, queue, frozen, quick):
    # documentation: MessageRetentionPeriod, 345,600 s by default.
    fill(sqs, queue, ["old"])
    frozen.advance("95h59m59s")
    assert counts(sqs, queue) == (1, 0, 0)
    frozen.advance("1s")
    assert counts(sqs, queue) == (0, 0, 0)
    assert receive(sqs, queue) == []


def test_retention_counts_from_the_send_and_through_flight(sqs, frozen, quick):
    # documentation: messages left longer than the retention period are deleted, in flight too.
    given = {"MessageRetentionPeriod": "60", "VisibilityTimeout": "300"}
    url = sqs.create_queue(QueueName=fresh(), Attributes=given)["QueueUrl"]
    fill(sqs, url, ["flying"])
    frozen.advance("59s")
    handle = receive(sqs, url)[0]["ReceiptHandle"]
    fill(sqs, url, ["younger"])
    frozen.advance("1s")
    assert counts(sqs, url) == (1, 0, 0)
    assert bodies(receive(sqs, url)) == ["younger"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)


def test_retention_may_be_shortened_later(sqs, queue, frozen, quick):
    # documentation: a reduced period deletes existing messages older than it.
    fill(sqs, queue, ["old"])
    frozen.advance("2m")
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60"})
    assert receive(sqs, queue) == []


def test_message_lives_for_fourteen_days_where_the_queue_says_so(sqs, frozen, quick):
    # documentation: the maximum, 1,209,600 s.
    given = {"MessageRetentionPeriod": "1209600"}
    url = sqs.create_queue(QueueName=fresh(), Attributes=given)["QueueUrl"]
    fill(sqs, url, ["lasting"])
    frozen.advance("13d23h")
    assert bodies(receive(sqs, url, VisibilityTimeout=0)) == ["lasting"]
    frozen.advance("1h")
    assert receive(sqs, url) == []


def test_twelve_hours_of_visibility(sqs, frozen, quick):
    # documentation: the maximum visibility timeout, 43,200 s.
    given = {"VisibilityTimeout": "43200"}
    url = sqs.create_queue(QueueName=fresh(), Attributes=given)["QueueUrl"]
    fill(sqs, url, ["hidden"])
    assert receive(sqs, url)
    frozen.advance("11h59m59s")
    assert receive(sqs, url) == []
    frozen.advance("1s")
    assert bodies(receive(sqs, url)) == ["hidden"]


def test_visibility_cannot_be_extended_beyond_twelve_hours_in_total(sqs, queue, frozen, quick):
    # documentation: 12 h from the receive; extending does not reset it; recorded: the wording.
    fill(sqs, queue, ["held"])
    handle = receive(sqs, queue, VisibilityTimeout=43_200)[0]["ReceiptHandle"]
    frozen.advance("1h")
    sqs.change_message_visibility(
        QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=11 * 3600)
    with refused(
        "InvalidParameterValue", 400,
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total "
        "VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    ):
        sqs.change_message_visibility(
            QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=43_200)
    frozen.advance("11h")
    assert bodies(receive(sqs, queue)) == ["held"]


def test_fifteen_minutes_of_delay(sqs, queue, frozen, quick):
    # documentation: the maximum delay, 900 s.
    sqs.send_message(QueueUrl=queue, MessageBody="late", DelaySeconds=900)
    frozen.advance("14m59s")
    assert counts(sqs, queue) == (0, 0, 1)
    frozen.advance("1s")
    assert bodies(receive(sqs, queue)) == ["late"]


def test_many_deadlines_fire_in_order_within_one_advance(sqs, queue, frozen, quick):
    # design 5: due deadlines fire in time order before the call answers.
    for delay in (600, 60, 300):
        sqs.send_message(QueueUrl=queue, MessageBody=str(delay), DelaySeconds=delay)
    frozen.advance("1h")
    assert counts(sqs, queue) == (3, 0, 0)


# Modes -------------------------------------------------------------------------------------


def test_frozen_clock_stands_still_and_advances_exactly(martlet, frozen):
    first = now(martlet)
    assert now(martlet) == first
    frozen.advance("4d")
    assert now(martlet) - first == DAYS_4


def test_resumed_clock_runs_on_from_where_it_stood(martlet):
    martlet.clock.freeze()
    martlet.clock.advance("1d")
    stood = now(martlet)
    martlet.clock.resume()
    first = now(martlet)
    assert 0 <= first - stood < QUICK
    deadline = time.monotonic() + QUICK
    while now(martlet) <= first and time.monotonic() < deadline:
        pass
    assert now(martlet) > first


@pytest.mark.parametrize("duration", ["", "-1s", "soon", "1x", "1", "99999999999999999999d"])
def test_unreadable_durations_are_refused_and_move_nothing(martlet, frozen, duration):
    first = now(martlet)
    with pytest.raises(AssertionError, match=": 400 "):
        frozen.advance(duration)
    assert now(martlet) == first


def test_clock_is_known_to_its_command(martlet, frozen):
    # ours: `martlet clock show|freeze|advance|resume`.
    first = now(martlet)
    martlet.cli("clock", "advance", "15m")
    assert now(martlet) - first == 900
    assert "frozen" in martlet.cli("clock", "show").stdout.lower()
    martlet.cli("clock", "resume")
    martlet.cli("clock", "freeze")


def test_long_poll_under_a_frozen_clock_returns(martlet, sqs, queue, account, frozen):
    # design 5: a long poll ends at the earlier of its virtual and its real deadline.
    began = time.monotonic()
    assert receive(sqs, queue, WaitTimeSeconds=1) == []
    assert 0.8 <= time.monotonic() - began < 5


def test_advance_ends_a_long_poll(martlet, sqs, queue, account, frozen):
    # design 5: client long polls are at rest, so an advance past their end ends them.
    poll = Poll(martlet.client("sqs", account=account), queue, WaitTimeSeconds=20)
    assert poll.waits()
    frozen.advance("20s")
    poll.join(QUICK)
    assert not poll.is_alive() and poll.messages == []


# Restart -----------------------------------------------------------------------------------


def test_mode_and_time_survive_a_kill(martlet, sqs, queue, frozen):
    # design 5: mode, offset and a high-water mark are durable before a clock call answers.
    fill(sqs, queue, ["aging"])
    frozen.advance("3d")
    stood = now(martlet)
    martlet.restart(kill=True)
    assert now(martlet) == stood
    frozen.advance("23h59m59s")
    assert counts(sqs, queue) == (1, 0, 0)
    martlet.restart(kill=True)
    frozen.advance("1s")
    assert counts(sqs, queue) == (0, 0, 0)


def test_running_clock_never_goes_back_over_a_kill(martlet):
    martlet.clock.advance("10d")
    before = now(martlet)
    martlet.restart(kill=True)
    assert now(martlet) >= before


def test_deadline_that_passed_while_stopped_fires_on_the_next_start(martlet, sqs, queue, frozen):
    # design 5: after a restart what fell due fires at least once.
    fill(sqs, queue, ["seen"])
    assert receive(sqs, queue, VisibilityTimeout=10)
    frozen.advance("9s")
    martlet.kill9()
    martlet.restart()
    assert counts(sqs, queue) == (0, 1, 0)
    frozen.advance("1s")
    assert counts(sqs, queue) == (1, 0, 0)


def test_dates_of_replies_follow_the_real_clock(martlet, frozen):
    # wire-facts 1: SDKs correct their clock by Date and would sign with a virtual one.
    frozen.advance("30d")
    reply = martlet.raw("GET", "/_martlet/health")
    stamp = datetime.strptime(reply.headers["date"], "%a, %d %b %Y %H:%M:%S %Z")
    assert abs(stamp.replace(tzinfo=UTC).timestamp() - time.time()) < 60
