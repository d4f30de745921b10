# SPDX-License-Identifier: Apache-2.0
"""botocore as the oracle of every generated operation, in both directions.

Requests are serialised, signed and routed as any client's; replies are parsed by botocore. Each
case has its own seed, so a failure repeats. Provenance of the expectations: the service models.
"""

import json

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

import door as doors
from shapes import Sampler, canonical

MODELS = json.loads((doors.REPOSITORY / "Models/models.json").read_text())
PROTOCOLS = {
    "sqs": ["aws-json-1.0", "aws-query"],
    "lambda": ["rest-json-1"],
    "logs": ["aws-json-1.1"],
    "sts": ["aws-query"],
    "iam": ["aws-query"],
}
#: How many optional members a round fills in.
FILLS = [0.0, 0.3, 0.6, 1.0, 1.0]


def operations():
    for service in MODELS["services"]:
        name = service["model"]
        listed = service["operations"]
        if "*" in listed:
            model = doors.client(name).meta.service_model
            listed = model.operation_names
        for operation in listed:
            for protocol in PROTOCOLS[name]:
                yield pytest.param(name, operation, protocol, id=f"{name}-{operation}-{protocol}")


CASES = list(operations())


class Exchange:
    """Runs one call of a client against the door, and keeps what both sides saw."""

    def __init__(self, door, client, operation):
        self.door = door
        self.client = client
        self.operation = operation
        self.model = client.meta.service_model.operation_model(operation)
        self.seen = None
        self.answer = None

    def call(self, params, answer=None):
        def before_send(request, **_):
            self.seen = self.door.request(request)
            if answer is None and "status" in self.seen:
                return doors.http_reply(request, self.seen)
            if answer is None:
                return doors.http_reply(
                    request, {"status": 200, "headers": [], "body": ""})
            return doors.http_reply(request, answer)

        event = f"before-send.{self.client.meta.service_model.service_id.hyphenize()}"
        self.client.meta.events.register_first(event, before_send)
        try:
            return getattr(self.client, xform_name(self.operation))(**params)
        finally:
            self.client.meta.events.unregister(event, before_send)


@pytest.mark.parametrize("service,operation,protocol", CASES)
def test_requests_are_read_as_sent(door, clients, service, operation, protocol):
    exchange = Exchange(door, clients(service, protocol), operation)
    shape = exchange.model.input_shape
    for round_number, fill in enumerate(FILLS):
        params = {}
        if shape is not None:
            sampler = Sampler(f"{service}.{operation}.{round_number}", fill)
            params = sampler.value(shape)
        try:
            exchange.call(params)
        except ClientError as error:
            pytest.fail(f"{params} was answered {error}")
        except Exception:  # noqa: BLE001 - the empty reply need not make sense to the client
            pass
        seen = exchange.seen
        assert seen.get("operation") == operation, (params, seen)
        expected = canonical(shape, params) if shape is not None else {}
        got, present = seen["input"], set(seen["present"])
        if protocol == "aws-query":
            expected, got = without_empty(expected), without_empty(got)
            present &= set(got)
        assert got == approximately(expected)
        assert seen["violations"] == [], params
        assert present == set(expected)


def without_empty(value):
    """Query has no way to tell an absent structure, list or map from an empty one."""
    if isinstance(value, dict):
        inner = {key: without_empty(member) for key, member in value.items()}
        return {key: member for key, member in inner.items() if member not in ({}, [])}
    if isinstance(value, list):
        return [item for item in map(without_empty, value) if item not in ({}, [])]
    return value


def approximately(value):
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-6)
    if isinstance(value, dict):
        return {key: approximately(member) for key, member in value.items()}
    if isinstance(value, list):
        return [approximately(member) for member in value]
    return value


@pytest.mark.parametrize("service,operation,protocol", CASES)
def test_replies_are_parsed_as_written(door, clients, service, operation, protocol):
    exchange = Exchange(door, clients(service, protocol), operation)
    shape = exchange.model.output_shape
    params = {}
    if exchange.model.input_shape is not None:
        params = Sampler(f"in.{operation}", 0.0).value(exchange.model.input_shape)
    for round_number, fill in enumerate(FILLS):
        output = {}
        if shape is not None:
            output = Sampler(f"out.{service}.{operation}.{round_number}", fill).value(shape)
            for name, member in shape.members.items():
                if member.serialization.get("location") == "statusCode":
                    output[name] = 200
                if member.serialization.get("location") == "header" and name in output:
                    # Header text has no tabs, no line ends and no characters beyond Latin 1.
                    output[name] = "".join(c for c in output[name] if " " < c < "\x7f")
                if service == "iam" and name == "PolicyDocument":
                    # botocore decodes policies into documents: any JSON will do.
                    output[name] = "{}"
        answer = door.ask(
            do="reply", service=service, operation=operation, protocol=protocol,
            output=canonical(shape, output) if shape is not None else {},
        )
        assert "failure" not in answer, (output, answer)
        parsed = exchange.call(params, answer)
        metadata = parsed.pop("ResponseMetadata")
        assert metadata["RequestId"] == "echo-request"
        if shape is not None:
            got = canonical(shape, parsed)
            if got.get("Payload") == "":
                del got["Payload"]  # botocore hands over a stream, be it an empty one
            if service == "iam" and "PolicyDocument" in got:
                got["PolicyDocument"] = json.dumps(got["PolicyDocument"])
            expected = canonical(shape, output)
            if protocol == "aws-query":
                got, expected = without_empty(got), without_empty(expected)
            assert got == approximately(expected)


def errors():
    for service in MODELS["services"]:
        for protocol in PROTOCOLS[service["model"]]:
            yield service["model"], protocol


@pytest.mark.parametrize("service,protocol", list(errors()))
def test_errors_are_raised_by_name(door, clients, service, protocol):
    client = clients(service, protocol)
    model = client.meta.service_model
    operation = next(
        name for name in ("ListQueues", "ListFunctions", "DescribeLogGroups", "ListRoles",
                          "GetCallerIdentity") if name in model.operation_names)
    raised = 0
    for shape in model.error_shapes:
        exchange = Exchange(door, client, operation)
        message = f"no <{shape.name}> & \"such\" é"
        answer = door.ask(
            do="fault", service=service, protocol=protocol, name=shape.name, message=message)
        assert "failure" not in answer, shape.name
        with pytest.raises(ClientError) as caught:
            exchange.call({}, answer)
        error = caught.value.response["Error"]
        assert error["Message"] == message
        assert type(caught.value).__name__ == shape.name or shape.name not in operation_errors(
            exchange.model)
        expected = shape.error_code if protocol == "aws-query" else None
        if service == "sqs" and protocol != "aws-query":
            expected = legacy_code(shape.name)
        assert error["Code"] == (expected or shape.name)
        status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status == shape.metadata.get("error", {}).get("httpStatusCode", status)
        assert 400 <= status < 600
        assert caught.value.response["ResponseMetadata"]["RequestId"] == "echo-request"
        raised += 1
    assert raised > 5


def operation_errors(model):
    return {shape.name for shape in model.error_shapes}


def legacy_code(name):
    patches = json.loads((doors.REPOSITORY / "Models/patches/sqs.json").read_text())
    for patch in patches["patches"]:
        entry = patch["merge"].get(name, {})
        if "error" in entry:
            return entry["error"]["code"]
    return name


#: One call without required members for services of each protocol that are not here.
FOREIGN = [
    ("dynamodb", "ListTables"), ("s3", "ListBuckets"), ("ec2", "DescribeRegions"),
    ("sns", "ListTopics"), ("kinesis", "ListStreams"), ("cloudwatch", "ListMetrics"),
    ("events", "ListRules"), ("secretsmanager", "ListSecrets"), ("ssm", "DescribeParameters"),
    ("stepfunctions", "ListStateMachines"), ("apigateway", "GetRestApis"),
    ("route53", "ListHostedZones"), ("cloudformation", "ListStacks"), ("kms", "ListKeys"),
    ("ecr", "DescribeRepositories"), ("rds", "DescribeDBInstances"),
]


@pytest.mark.parametrize("service,operation", FOREIGN)
def test_services_that_are_not_here_say_so_in_their_protocol(door, clients, service, operation):
    exchange = Exchange(door, clients(service), operation)
    with pytest.raises(ClientError) as caught:
        exchange.call({})
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "not implemented by Martlet" in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "service,operation",
    [("lambda", "ListLayers"), ("logs", "DescribeDestinations"), ("iam", "ListGroups"),
     ("sts", "GetAccessKeyInfo")],
)
def test_operations_that_are_not_built_are_named(door, clients, service, operation):
    exchange = Exchange(door, clients(service), operation)
    with pytest.raises(ClientError) as caught:
        exchange.call({"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"} if service == "sts" else {})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert operation in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize("service,operation,protocol", CASES)
def test_broken_constraints_are_reported(door, clients, service, operation, protocol):
    exchange = Exchange(door, clients(service, protocol), operation)
    shape = exchange.model.input_shape
    if shape is None:
        return
    params = Sampler(f"bad.{operation}", 0.0).value(shape)
    for name, member in shape.members.items():
        broken = []
        if name in shape.required_members and member.serialization.get("location") != "uri":
            broken.append(({k: v for k, v in params.items() if k != name}, "must not be null"))
        maximum = member.metadata.get("max")
        if member.type_name == "string" and maximum and not member.enum and maximum < 10**6:
            broken.append(({**params, name: "x" * (int(maximum) + 1)}, "less than or equal to"))
        if member.type_name == "string" and member.enum:
            broken.append(({**params, name: "no-such-value"}, "enum value set"))
        if member.type_name in ("integer", "long") and maximum:
            broken.append(({**params, name: int(maximum) + 1}, "value less than or equal to"))
        for bad, words in broken:
            try:
                exchange.call(bad)
            except Exception:  # noqa: BLE001 - only what the door saw counts
                pass
            seen = exchange.seen
            assert seen.get("operation") == operation, (bad, seen)
            place = name[0].lower() + name[1:]
            assert any(f"at '{place}'" in text and words in text for text in seen["violations"]), (
                bad, seen["violations"])
