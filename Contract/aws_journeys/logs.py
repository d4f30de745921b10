# SPDX-License-Identifier: Apache-2.0
"""CloudWatch Logs by the AWS CLI. Its `tail` is a program of its own: see test_logs.py."""

import json
import time

GROUP = "/shop/orders"


def a_groups_life(aws):
    aws(f"logs create-log-group --log-group-name {GROUP} --tags team=a")
    (found,) = aws.process(
        f"logs describe-log-groups --log-group-name-prefix {GROUP}")["logGroups"]
    arn = f"arn:aws:logs:us-east-1:{aws.account}:log-group:{GROUP}"
    assert (found["logGroupName"], found["arn"]) == (GROUP, f"{arn}:*")
    assert "retentionInDays" not in found
    days = "logs describe-log-groups --query logGroups[].retentionInDays"
    aws(f"logs put-retention-policy --log-group-name {GROUP} --retention-in-days 7")
    assert aws(days) == [7]
    aws(f"logs delete-retention-policy --log-group-name {GROUP}")
    assert aws(days) == []
    aws(f"logs tag-resource --resource-arn {arn} --tags env=dev,owner=me")
    tags = f"logs list-tags-for-resource --resource-arn {arn}"
    assert aws(tags) == {"tags": {"team": "a", "env": "dev", "owner": "me"}}
    aws(f"logs untag-resource --resource-arn {arn} --tag-keys team owner")
    assert aws(tags) == {"tags": {"env": "dev"}}
    aws(f"logs delete-log-group --log-group-name {GROUP}")
    assert aws("logs describe-log-groups") == {"logGroups": []}
    assert aws.refused(f"logs delete-log-group --log-group-name {GROUP}") == (
        "An error occurred (ResourceNotFoundException) when calling the DeleteLogGroup operation: "
        "The specified log group does not exist.")


def streams_and_their_events(aws):
    aws(f"logs create-log-group --log-group-name {GROUP}")
    for stream in ("a", "b"):
        aws(f"logs create-log-stream --log-group-name {GROUP} --log-stream-name {stream}")
    now = int(time.time() * 1000)
    put = f"logs put-log-events --log-group-name {GROUP} --log-stream-name"
    assert aws(f"{put} a --log-events timestamp={now - 2},message=first"
               f" timestamp={now},message=third")["nextSequenceToken"]
    events = [{"timestamp": now - 1, "message": "ERROR, the second: päivää"}]
    aws(f"{put} b --log-events '{json.dumps(events)}'")

    read = f"logs get-log-events --log-group-name {GROUP} --log-stream-name a --start-from-head"
    got = aws(read)
    assert [(event["timestamp"], event["message"]) for event in got["events"]] == [
        (now - 2, "first"), (now, "third")]
    assert aws(f"{read} --next-token {got['nextForwardToken']}")["events"] == []
    whole = f"logs filter-log-events --log-group-name {GROUP} --query events[].message"
    assert aws(whole) == ["first", "ERROR, the second: päivää", "third"]
    assert aws(f"{whole} --page-size 1") == aws(whole), "the CLI turns the pages"
    assert aws(f"{whole} --filter-pattern ERROR --output text") == "ERROR, the second: päivää"

    latest = aws(f"logs describe-log-streams --log-group-name {GROUP}"
                 " --order-by LastEventTime --descending")["logStreams"]
    assert [(stream["logStreamName"], stream["lastEventTimestamp"]) for stream in latest] == [
        ("a", now), ("b", now - 1)]
    aws(f"logs delete-log-stream --log-group-name {GROUP} --log-stream-name b")
    assert aws(f"logs describe-log-streams --log-group-name {GROUP}"
               " --query logStreams[].logStreamName") == ["a"]
    assert aws(whole) == ["first", "third"]


JOURNEYS = (a_groups_life, streams_and_their_events)
