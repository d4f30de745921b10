# SPDX-License-Identifier: Apache-2.0
"""CloudWatch Logs: groups, streams, events, the filter patterns' terms and JSON forms, tail.

API reference and "Filter pattern syntax"; wordings recorded from AWS, unless marked ours.
"""

import subprocess
import threading
from datetime import datetime

import pytest

from functions import ECHO
from harness import eventually
from support import fresh, refused, server_of_this_module

martlet = server_of_this_module

MISSING_GROUP = "The specified log group does not exist."


@pytest.fixture
def logs(martlet, account):
    return martlet.client("logs", account=account)


@pytest.fixture
def group(logs):
    name = "/test/" + fresh("group")
    logs.create_log_group(logGroupName=name)
    return name


@pytest.fixture
def now(martlet):
    """The server's time in milliseconds; events must lie near it."""
    value = martlet.clock.show()["now"]
    if isinstance(value, str):
        return int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp() * 1000)
    return int(value)


def put(logs, group, stream, *events):
    """Puts (timestamp, message) pairs into a stream that is made when it is not there."""
    try:
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    except logs.exceptions.ResourceAlreadyExistsException:
        pass
    return logs.put_log_events(
        logGroupName=group, logStreamName=stream,
        logEvents=[{"timestamp": at, "message": text} for at, text in events])


def messages(reply):
    return [event["message"] for event in reply["events"]]


# Groups and streams ------------------------------------------------------------------------


def test_groups_are_made_described_and_deleted(logs, account):
    name = "/a/" + fresh()
    logs.create_log_group(logGroupName=name, tags={"team": "a"})
    (found,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert found["logGroupName"] == name and found["storedBytes"] == 0
    assert found["arn"] == f"arn:aws:logs:us-east-1:{account}:log-group:{name}:*"
    assert found["logGroupArn"] == f"arn:aws:logs:us-east-1:{account}:log-group:{name}"
    assert "retentionInDays" not in found
    listed = logs.list_tags_for_resource(resourceArn=found["logGroupArn"])["tags"]
    assert listed == {"team": "a"}
    logs.delete_log_group(logGroupName=name)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def test_a_name_is_taken_once(logs, group):
    with refused("ResourceAlreadyExistsException", 400, "The specified log group already exists"):
        logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="s")
    with refused(
            "ResourceAlreadyExistsException", 400, "The specified log stream already exists"):
        logs.create_log_stream(logGroupName=group, logStreamName="s")


def test_groups_are_described_in_pages_and_by_pattern(logs):
    names = sorted(f"/p/{fresh()}" for _ in range(5))
    for name in names:
        logs.create_log_group(logGroupName=name)
    pages = list(logs.get_paginator("describe_log_groups").paginate(
        logGroupNamePrefix="/p/", PaginationConfig={"PageSize": 2}))
    assert [each["logGroupName"] for page in pages for each in page["logGroups"]] == names
    part = names[2][4:10]
    found = logs.describe_log_groups(logGroupNamePattern=part)["logGroups"]
    assert names[2] in [each["logGroupName"] for each in found]


def test_missing_groups_and_streams_are_named(logs, group, now):
    for call in (
            lambda: logs.create_log_stream(logGroupName="missing", logStreamName="s"),
            lambda: logs.delete_log_group(logGroupName="missing"),
            lambda: logs.filter_log_events(logGroupName="missing"),
            lambda: logs.describe_log_streams(logGroupName="missing"),
            lambda: logs.put_retention_policy(logGroupName="missing", retentionInDays=1)):
        with refused("ResourceNotFoundException", 400, MISSING_GROUP):
            call()
    event = {"timestamp": now, "message": "m"}
    with refused(
            "ResourceNotFoundException", 400, "The specified log stream does not exist."):
        logs.put_log_events(logGroupName=group, logStreamName="missing", logEvents=[event])


@pytest.mark.parametrize("name", ["", "with space", "g" * 513, "star*"])
def test_group_names_have_an_alphabet(martlet, account, name):
    lax = martlet.client("logs", account=account, parameter_validation=False)
    with refused("InvalidParameterException", 400):
        lax.create_log_group(logGroupName=name)


def test_streams_are_described_by_name_and_by_last_event(logs, group, now):
    put(logs, group, "b", (now - 2000, "older"))
    put(logs, group, "a", (now - 3000, "first"), (now - 1000, "newest"))
    logs.create_log_stream(logGroupName=group, logStreamName="empty")
    by_name = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert [each["logStreamName"] for each in by_name] == ["a", "b", "empty"]
    first = by_name[0]
    assert (first["firstEventTimestamp"], first["lastEventTimestamp"]) == (now - 3000, now - 1000)
    by_time = logs.describe_log_streams(
        logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    assert [each["logStreamName"] for each in by_time][:2] == ["a", "b"]
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="e")
    assert [each["logStreamName"] for each in found["logStreams"]] == ["empty"]


def test_deleted_stream_is_gone_with_its_events(logs, group, now):
    put(logs, group, "s", (now, "m"))
    logs.delete_log_stream(logGroupName=group, logStreamName="s")
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    assert logs.filter_log_events(logGroupName=group)["events"] == []


# Events ------------------------------------------------------------------------------------


def test_events_come_back_in_order_of_time(logs, group, now):
    reply = put(logs, group, "s", (now - 20, "one"), (now - 10, "two ü\n"), (now, "three"))
    assert reply["nextSequenceToken"]
    got = logs.get_log_events(logGroupName=group, logStreamName="s", startFromHead=True)
    assert messages(got) == ["one", "two ü\n", "three"]
    assert all(event["ingestionTime"] >= now for event in got["events"])


def test_pages_go_forward_and_back_and_end_with_the_same_token(logs, group, now):
    # documentation: at the end of the stream the token given is returned.
    put(logs, group, "s", *((now - 100 + number, str(number)) for number in range(10)))
    where = {"logGroupName": group, "logStreamName": "s", "limit": 4}
    first = logs.get_log_events(**where, startFromHead=True)
    assert messages(first) == ["0", "1", "2", "3"]
    second = logs.get_log_events(**where, nextToken=first["nextForwardToken"])
    assert messages(second) == ["4", "5", "6", "7"]
    third = logs.get_log_events(**where, nextToken=second["nextForwardToken"])
    assert messages(third) == ["8", "9"]
    end = logs.get_log_events(**where, nextToken=third["nextForwardToken"])
    assert messages(end) == [] and end["nextForwardToken"] == third["nextForwardToken"]
    back = logs.get_log_events(**where, nextToken=second["nextBackwardToken"])
    assert messages(back) == ["0", "1", "2", "3"]
    newest = logs.get_log_events(**where)
    assert messages(newest) == ["6", "7", "8", "9"]


def test_times_bound_what_is_got(logs, group, now):
    # documentation: startTime inclusive, endTime exclusive.
    put(logs, group, "s", (now - 30, "a"), (now - 20, "b"), (now - 10, "c"))
    got = logs.get_log_events(
        logGroupName=group, logStreamName="s", startTime=now - 20, endTime=now - 10,
        startFromHead=True)
    assert messages(got) == ["b"]


def test_batches_out_of_order_are_refused(logs, group, now):
    # recorded.
    with refused(
            "InvalidParameterException", 400,
            "Log events in a single PutLogEvents request must be in chronological order."):
        put(logs, group, "s", (now, "later"), (now - 1, "earlier"))


def test_events_too_old_or_too_new_are_reported(logs, group, now):
    # documentation: over 14 days old, or over 2 hours ahead: rejected, the rest taken. The span
    # of 24 hours is that of the valid events alone.
    old, new = now - 15 * 86_400_000, now + 3 * 3_600_000
    reply = put(logs, group, "s", (old, "old"), (now, "taken"), (new, "new"))
    assert reply["rejectedLogEventsInfo"] == {
        "tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    got = logs.get_log_events(logGroupName=group, logStreamName="s")
    assert messages(got) == ["taken"]


def test_retention_is_set_and_drops_what_is_old(martlet, logs, group, now, frozen):
    # documentation: the listed numbers of days only.
    put(logs, group, "s", (now, "m"))
    with refused("InvalidParameterException", 400):
        logs.put_retention_policy(logGroupName=group, retentionInDays=2)
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["retentionInDays"] == 1
    frozen.advance("25h")
    assert logs.filter_log_events(logGroupName=group)["events"] == []
    logs.delete_retention_policy(logGroupName=group)
    (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert "retentionInDays" not in found


def test_events_live_through_a_kill(martlet, logs, group, now):
    put(logs, group, "s", (now, "kept"))
    martlet.restart(kill=True)
    assert messages(logs.filter_log_events(logGroupName=group)) == ["kept"]


# Filtering ---------------------------------------------------------------------------------


LINES = [
    "[ERROR] disk full", "[INFO] all well", "ERROR: Argument invalid",
    "WARN error in small letters", '{"level": "error", "code": 500, "user": {"name": "ann"}}',
    '{"level": "info", "code": 200, "tags": ["a", "b"], "ok": true, "none": null}']


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("ERROR", [0, 2]),
        ("error", [3, 4]),
        ("ERROR disk", [0]),
        ("ERROR -disk", [2]),
        ("?disk ?well", [0, 1]),
        ('"all well"', [1]),
        ('"[ERROR]"', [0]),
        ("-ERROR -error", [1, 5]),
        ("%ERR[A-Z]+%", [0, 2]),
        ('{ $.level = "error" }', [4]),
        ('{ $.level != "error" }', [5]),
        ("{ $.code = 500 }", [4]),
        ("{ $.code >= 200 }", [4, 5]),
        ("{ $.code < 300 }", [5]),
        ('{ $.user.name = "a*" }', [4]),
        ('{ $.tags[0] = "a" }', [5]),
        ("{ $.ok IS TRUE }", [5]),
        ("{ $.none IS NULL }", [5]),
        ("{ $.user NOT EXISTS }", [5]),
        ('{ ($.code = 500) && ($.level = "error") }', [4]),
        ("{ ($.code = 500) || ($.code = 200) }", [4, 5]),
        ('{ $.level = "nothing" }', []),
    ])
def test_patterns_select(logs, group, now, pattern, found):
    # documentation: filter pattern syntax for unstructured and for JSON log events.
    put(logs, group, "s", *((now - 100 + at, line) for at, line in enumerate(LINES)))
    given = {"filterPattern": pattern} if pattern else {}
    got = logs.filter_log_events(logGroupName=group, **given)
    assert [LINES.index(message) for message in messages(got)] == found


@pytest.mark.parametrize("pattern", ["{ $.level = }", "{ level = 1 }", "{ $.a && }", '"unclosed'])
def test_bad_patterns_are_refused(logs, group, pattern):
    # documentation: InvalidParameterException.
    with refused("InvalidParameterException", 400, "Invalid filter pattern"):
        logs.filter_log_events(logGroupName=group, filterPattern=pattern)


def test_filter_merges_streams_in_order_of_time_and_in_pages(logs, group, now):
    put(logs, group, "a", (now - 30, "1"), (now - 10, "3"))
    put(logs, group, "b", (now - 20, "2"), (now, "4"))
    pages = list(logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, PaginationConfig={"PageSize": 1}))
    events = [event for page in pages for event in page["events"]]
    assert [event["message"] for event in events] == ["1", "2", "3", "4"]
    assert [event["logStreamName"] for event in events] == ["a", "b", "a", "b"]
    assert len({event["eventId"] for event in events}) == 4


def test_filter_is_bound_by_streams_and_times(logs, group, now):
    put(logs, group, "web-1", (now - 30, "1"))
    put(logs, group, "web-2", (now - 20, "2"))
    put(logs, group, "db-1", (now - 10, "3"))
    named = logs.filter_log_events(logGroupName=group, logStreamNames=["web-1", "db-1"])
    assert messages(named) == ["1", "3"]
    prefixed = logs.filter_log_events(logGroupName=group, logStreamNamePrefix="web")
    assert messages(prefixed) == ["1", "2"]
    # documentation: startTime and endTime are both inclusive here.
    timed = logs.filter_log_events(logGroupName=group, startTime=now - 20, endTime=now - 10)
    assert messages(timed) == ["2", "3"]


# CLI ---------------------------------------------------------------------------------------


def test_cli_tails_what_was_and_what_comes(martlet, account, logs, group, now):
    # `aws logs tail --follow` works. Version 1 of the CLI has no such command, so
    # this is version 2 as Debian packages it.
    put(logs, group, "s", (now - 1000, "before"))
    following = subprocess.Popen(
        ["/usr/bin/aws", "--endpoint-url", martlet.endpoint, "logs", "tail", group, "--follow",
         "--since", "1h", "--format", "short"],
        env={"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1",
             **martlet.aws_environment(account=account)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    reader = threading.Thread(
        target=lambda: lines.extend(iter(following.stdout.readline, "")), daemon=True)
    reader.start()
    try:
        eventually(lambda: any("before" in line for line in lines), 15, "the earlier line")
        put(logs, group, "s", (now, "after"))
        eventually(lambda: any("after" in line for line in lines), 15, "the later line")
    finally:
        following.terminate()
        following.wait()
        reader.join(5)
    assert all("before" in line or "after" in line for line in lines), lines


def test_cli_reads_a_functions_log(app, aws_cli):
    # issue: its logs are readable with the AWS CLI.
    name = app.function(ECHO.replace("return event", "print('seen by the CLI')"))
    app.invoke(name)
    eventually(lambda: app.count(name, "seen by the CLI"), 10, "the line")
    told = aws_cli("logs", "filter-log-events", "--log-group-name", f"/aws/lambda/{name}",
                   "--filter-pattern", "CLI").json
    assert [event["message"].strip() for event in told["events"]] == ["seen by the CLI"]
