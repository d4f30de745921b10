# SPDX-License-Identifier: Apache-2.0
"""The members of CloudWatch Logs and where the effect of each shows."""

from botocore.exceptions import ClientError

from functions import allow, document
from members import Names, Sent, now, operation, pages
from support import fresh

NO_GROUP = Names("none")
NO_STREAM = Names("none")


def group_given(g):
    return {"logGroupName": g.group()}


def stream_given(g):
    group, stream = g.stream(now())
    return {"logGroupName": group, "logStreamName": stream}


def described(g, params):
    return g.logs.describe_log_groups(logGroupNamePrefix=params["logGroupName"])["logGroups"][0]


def group_tags(g, name):
    return g.logs.list_tags_for_resource(resourceArn=g.group_arn(name))["tags"]


def messages(reply):
    return [event["message"] for event in reply["events"]]


def without_permission(action, call):
    """Whether a user without `action` is refused, and one with it is not."""
    def shows(g, p, r):
        name = g.user()
        key = g.iam.create_access_key(UserName=name)["AccessKey"]
        denied = {"Effect": "Deny", "Action": action, "Resource": "*"}
        outcomes = []
        for statements in ([allow("logs:*"), denied], [allow("logs:*")]):
            g.iam.put_user_policy(
                UserName=name, PolicyName="p", PolicyDocument=document(*statements))
            client = g.martlet.client(
                "logs", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
            try:
                getattr(client, call)(**p)
                outcomes.append("passed")
            except ClientError as error:
                outcomes.append(error.response["Error"]["Code"])
        return outcomes == ["AccessDeniedException", "passed"]
    return Sent(True, shows)


operation(
    "logs", "CreateLogGroup", lambda g: {"logGroupName": fresh()},
    logGroupName=Sent("given", lambda g, p, r: described(g, p)["logGroupName"] == "given"),
    tags=Sent({"k": "v"}, lambda g, p, r: group_tags(g, p["logGroupName"]) == {"k": "v"}),
    logGroupClass=Sent("INFREQUENT_ACCESS", lambda g, p, r:
                       described(g, p)["logGroupClass"] == "INFREQUENT_ACCESS"))
operation("logs", "DeleteLogGroup", group_given, logGroupName=NO_GROUP)
operation(
    "logs", "CreateLogStream", lambda g: {**group_given(g), "logStreamName": fresh()},
    logGroupName=NO_GROUP,
    logStreamName=Sent("given", lambda g, p, r: g.logs.describe_log_streams(
        logGroupName=p["logGroupName"])["logStreams"][0]["logStreamName"] == "given"))
operation("logs", "DeleteLogStream", stream_given, logGroupName=NO_GROUP, logStreamName=NO_STREAM)


def days(g, p, r):
    return described(g, p)["retentionInDays"] == p["retentionInDays"]


operation("logs", "PutRetentionPolicy", lambda g: {**group_given(g), "retentionInDays": 1},
          logGroupName=NO_GROUP, retentionInDays=Sent(7, days))
operation("logs", "DeleteRetentionPolicy", group_given, logGroupName=NO_GROUP)


def groups(count):
    return lambda g, p, r: len(r["logGroups"]) == count


def two_groups(g):
    """Groups of a fresh stem, the second of another class."""
    g.stem = fresh("stem")
    g.logs.create_log_group(logGroupName=g.stem + "-a")
    g.logs.create_log_group(logGroupName=g.stem + "-b", logGroupClass="INFREQUENT_ACCESS")
    return {"logGroupNamePrefix": g.stem}


def any_group(g):
    return two_groups(g) and {}


operation(
    "logs", "DescribeLogGroups", two_groups,
    logGroupNamePrefix=Sent(lambda g, p: g.stem + "-b", groups(1)),
    logGroupNamePattern=Sent(lambda g, p: g.stem[1:] + "-b", groups(1), any_group),
    logGroupClass=Sent("INFREQUENT_ACCESS", groups(1)),
    logGroupIdentifiers=Sent(lambda g, p: [g.group()], groups(1), any_group),
    includeLinkedAccounts=Sent(
        True, groups(0), lambda g: {**two_groups(g), "accountIdentifiers": ["999999999999"]}),
    accountIdentifiers=Sent(
        ["999999999999"], groups(0), lambda g: {**two_groups(g), "includeLinkedAccounts": True}),
    **pages("logGroups", "nextToken", "nextToken", "limit"))


def two_streams(g):
    """Streams `a`, with the later event, and `b`."""
    group = g.group()
    g.stream(now(), group=group, name="a")
    g.stream(now() - 60_000, group=group, name="b")
    return {"logGroupName": group}


def by_identifier(given):
    """The same input with the group under its other name, which names nothing."""
    def changed(g):
        params = given(g)
        name = params.pop("logGroupName")
        return {**params, "logGroupIdentifier": name}
    return changed


def first_stream(name):
    return lambda g, p, r: r["logStreams"][0]["logStreamName"] == name


operation(
    "logs", "DescribeLogStreams", two_streams, logGroupName=NO_GROUP,
    logGroupIdentifier=Sent(
        lambda g, p: p["logGroupIdentifier"], lambda g, p, r: len(r["logStreams"]) == 2,
        by_identifier(two_streams)),
    logStreamNamePrefix=Sent("b", first_stream("b")),
    orderBy=Sent("LastEventTime", first_stream("b")), descending=Sent(True, first_stream("b")),
    **pages("logStreams", "nextToken", "nextToken", "limit"))


def told(*expected):
    return lambda g, p, r: messages(r) == list(expected)


def five_events(g):
    start = now()
    group, stream = g.stream(*[start + place for place in range(5)])
    g.first = start
    return {"logGroupName": group, "logStreamName": stream}


operation(
    "logs", "GetLogEvents", five_events, logGroupName=NO_GROUP, logStreamName=NO_STREAM,
    logGroupIdentifier=Sent(lambda g, p: p["logGroupIdentifier"],
                            lambda g, p, r: len(r["events"]) == 5, by_identifier(five_events)),
    startTime=Sent(lambda g, p: g.first + 3, told("event 3", "event 4")),
    endTime=Sent(lambda g, p: g.first + 2, told("event 0", "event 1")),
    limit=Sent(2, told("event 3", "event 4")),
    startFromHead=Sent(True, told("event 0", "event 1"), lambda g: {**five_events(g), "limit": 2}),
    nextToken=Sent(lambda g, p: g.logs.get_log_events(**p)["nextBackwardToken"],
                   told("event 1", "event 2"), lambda g: {**five_events(g), "limit": 2}),
    unmask=without_permission("logs:Unmask", "get_log_events"))


def five_filtered(g):
    """Five events in one stream, and one more in another."""
    params = five_events(g)
    g.stream(g.first + 9, group=params["logGroupName"], name="other")
    return {"logGroupName": params["logGroupName"]}


def interleaved(g, p, r):
    """Given back nothing: the order is that of time either way."""
    times = [event["timestamp"] for event in r["events"]]
    return len(times) == 6 and times == sorted(times)


operation(
    "logs", "FilterLogEvents", five_filtered, logGroupName=NO_GROUP,
    logGroupIdentifier=Sent(lambda g, p: p["logGroupIdentifier"],
                            lambda g, p, r: len(r["events"]) == 6, by_identifier(five_filtered)),
    logStreamNames=Sent(["other"], lambda g, p, r: len(r["events"]) == 1),
    logStreamNamePrefix=Sent("oth", lambda g, p, r: len(r["events"]) == 1),
    startTime=Sent(lambda g, p: g.first + 3, lambda g, p, r: len(r["events"]) == 3),
    endTime=Sent(lambda g, p: g.first + 2, told("event 0", "event 1", "event 2")),
    filterPattern=Sent("3", told("event 3")),
    interleaved=Sent(True, interleaved),
    unmask=without_permission("logs:Unmask", "filter_log_events"),
    **pages("events", "nextToken", "nextToken", "limit"))
operation(
    "logs", "PutLogEvents",
    lambda g: {**stream_given(g), "logEvents": [{"timestamp": now(), "message": "m"}]},
    logGroupName=NO_GROUP, logStreamName=NO_STREAM,
    logEvents=Sent(
        lambda g, p: [{"timestamp": now() + 5, "message": "given"}],
        lambda g, p, r: messages(g.logs.get_log_events(
            logGroupName=p["logGroupName"], logStreamName=p["logStreamName"]))[-1] == "given"),
    sequenceToken=Sent("none", lambda g, p, r: "nextSequenceToken" in r),
    entity=Sent({"keyAttributes": {"Type": "Service", "Name": "n"}},
                lambda g, p, r: "rejectedEntityInfo" in r))


def tagged_group(g):
    return {"resourceArn": g.group_arn(g.group(tags={"k": "v"}))}


def its_tags(g, params):
    return g.logs.list_tags_for_resource(resourceArn=params["resourceArn"])["tags"]


NO_GROUP_ARN = Names(lambda g: g.group_arn("none"))
operation("logs", "ListTagsForResource", tagged_group, resourceArn=NO_GROUP_ARN)
operation("logs", "TagResource", lambda g: {**tagged_group(g), "tags": {"a": "b"}},
          resourceArn=NO_GROUP_ARN,
          tags=Sent({"a": "c"}, lambda g, p, r: its_tags(g, p) == {"k": "v", "a": "c"}))
operation("logs", "UntagResource", lambda g: {**tagged_group(g), "tagKeys": ["none"]},
          resourceArn=NO_GROUP_ARN, tagKeys=Sent(["k"], lambda g, p, r: its_tags(g, p) == {}))
