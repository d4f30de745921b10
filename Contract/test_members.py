# SPDX-License-Identifier: Apache-2.0
"""No input member is accepted and ignored: it is honoured, refused by name or listed as stored.

Every member of every operation is sent once, with the smallest input that succeeds without it.
What `martlet coverage` says of it decides what must come of that. A member that is neither
refused nor in the table of members*.py fails. Provenance: the service models and *ours*.
"""

import json
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from importlib import import_module
from urllib.parse import urlencode

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.session import Session

from harness import binary, fresh_account
from support import query_headers, xml_of

sys.path.insert(0, str(Path(__file__).parent / "wire"))

from members import TABLE, Ground, Limit, Names, Sent, Token  # noqa: E402
from shapes import Sampler  # noqa: E402

# Each fills the table with its services' members.
for name in ("members_logs", "members_identity", "members_work"):
    import_module(name)


@pytest.fixture(scope="module")
def coverage(martlet):
    """What the command prints, by service, operation and member path."""
    text = subprocess.check_output(
        [binary(), "coverage", "--json", "--port", str(martlet.port)], text=True)
    return {name: service["operations"] for name, service in json.loads(text).items()}


@pytest.fixture(scope="module")
def ground(martlet):
    """One account for all: what a member shows in is made anew for it."""
    return Ground(martlet, fresh_account())


class Asking(Sampler):
    """Values that ask for something: nothing empty, nothing in `passing`."""

    def __init__(self, seed, passing):
        super().__init__(seed, 1.0)
        self.passing = passing

    def _count(self, shape):
        return max(1, int(shape.metadata.get("min", 0)))

    def _boolean(self, shape, depth):
        return True

    def _string(self, shape, depth):
        if shape.enum:
            return next(value for value in shape.enum if value not in self.passing)
        return super()._string(shape, depth)

    def _number(self, shape, low_default, high_default):
        return int(shape.metadata.get("max", 30))


def call(ground, service, operation, params):
    began = time.monotonic()
    reply = getattr(ground.client(service), xform_name(operation))(**params)
    ground.took = time.monotonic() - began
    return reply


def refusal_of(ground, service, operation, params):
    with pytest.raises(ClientError) as caught:
        call(ground, service, operation, params)
    response = caught.value.response
    return (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"],
            response["Error"]["Message"])


def passing(fate):
    """The values in `refused unless A, B: words`."""
    head = fate.split(":")[0]
    return head.removeprefix("refused unless ").split(", ") if " unless " in head else []


def placed(params, path, value):
    """`params` with `value` at a path of members."""
    first, _, rest = path.partition(".")
    inner = placed(params.get(first, {}), rest, value) if rest else value
    return {**params, first: inner}


def shape_at(shape, path):
    for name in path.split("."):
        shape = shape.members[name] if shape.type_name == "structure" else shape.value
    return shape


@cache
def model(service):
    return Session().get_service_model(service)


def operations():
    for service, operation in TABLE:
        shape = model(service).operation_model(operation).input_shape
        yield service, operation, list(shape.members) if shape else []


def cases():
    for service, operation, members in operations():
        for member in members:
            yield pytest.param(service, operation, member, id=f"{service}-{operation}-{member}")


def test_coverage_lists_every_member_of_every_operation(coverage):
    built = {(service, name) for service, listed in coverage.items() for name in listed}
    assert built == set(TABLE)
    for service, operation, members in operations():
        listed = coverage[service][operation]
        assert [path for path in listed if "." not in path] == members


def test_rules_below_members_name_what_the_model_has(coverage):
    for service, listed in coverage.items():
        for operation, fates in listed.items():
            shape = model(service).operation_model(operation).input_shape
            for path in fates:
                top = shape_at(shape, path.rsplit(".", 1)[0]) if "." in path else shape
                last = path.rsplit(".", 1)[-1]
                assert last in (top.members if top.type_name == "structure" else top.key.enum), path


def test_every_fate_is_one_of_three_and_has_its_reason(coverage):
    for listed in coverage.values():
        for fates in listed.values():
            for path, fate in fates.items():
                kind, _, reason = fate.partition(": ")
                assert kind == "honoured" or (kind.split(" ")[0] in ("refused", "stored")
                                              and len(reason) > 10), (path, fate)


@pytest.mark.parametrize("service,operation,member", list(cases()))
def test_members(ground, coverage, service, operation, member):
    fate = coverage[service][operation][member]
    entry = TABLE[service, operation]
    if fate.startswith("refused"):
        check_refused(ground, service, operation, member, fate)
    if member not in entry.members:
        assert fate.startswith("refused"), f"{member} is {fate}, and no effect of it is known"
        return
    expected = entry.members[member]
    given = (getattr(expected, "given", None) or entry.given)(ground)
    if isinstance(expected, Names):
        if member in given:
            call(ground, service, operation, given)
            given = entry.given(ground)
        nothing = expected.nothing(ground) if callable(expected.nothing) else expected.nothing
        status, code, message = refusal_of(
            ground, service, operation, {**given, member: nothing})
        assert 400 <= status < 500 and code != "NotImplemented", (status, code, message)
    elif isinstance(expected, Sent):
        value = expected.value
        params = {**given, member: value(ground, given) if callable(value) else value}
        reply = call(ground, service, operation, params)
        assert expected.shows(ground, params, reply), (params, reply)
    elif isinstance(expected, Limit):
        reply = call(ground, service, operation, {**given, member: 1})
        assert len(reply[expected.items]) == 1 and reply[expected.token], reply
    elif isinstance(expected, Token):
        first = call(ground, service, operation, {**given, expected.limit: 1})
        second = call(ground, service, operation, {
            **given, expected.limit: 1, member: first[expected.token]})
        assert len(second[expected.items]) == 1
        assert first[expected.items] != second[expected.items]


def check_refused(ground, service, operation, path, fate):
    """Refused by name when it asks for something; passed when it does not."""
    entry = TABLE[service, operation]
    shape = shape_at(model(service).operation_model(operation).input_shape, path)
    value = Asking(f"{service}.{operation}.{path}", passing(fate)).value(shape)
    status, code, message = refusal_of(
        ground, service, operation, placed(entry.given(ground), path, value))
    assert (status, code) == (501, "NotImplemented"), (value, code, message)
    assert message.startswith(f"{path}: "), message
    assert message.partition(": ")[2] == fate.partition(": ")[2]
    for nothing in nothings(shape, passing(fate)):
        call(ground, service, operation, placed(entry.given(ground), path, nothing))


def nothings(shape, passing):
    """Values that ask for nothing and keep to the model's constraints."""
    if shape.type_name == "structure":
        if not shape.required_members:
            yield {}
        for name, member in shape.members.items():
            if set(getattr(member, "enum", None) or []) & set(passing):
                yield {name: passing[0]}
        return
    if shape.type_name in ("list", "map") and not shape.metadata.get("min"):
        yield [] if shape.type_name == "list" else {}
    if shape.type_name == "boolean":
        yield False
    for text in passing:
        yield int(text) if shape.type_name in ("integer", "long") else text


def test_members_below_others(ground, coverage):
    """Rules on nested members; those that are stored are seen with the member around them."""
    checked = 0
    for service, listed in coverage.items():
        for operation, fates in listed.items():
            for path, fate in fates.items():
                if "." in path and fate.startswith("refused"):
                    check_refused(ground, service, operation, path, fate)
                    checked += 1
    assert checked >= 10


def test_policy_documents_are_percent_encoded(martlet, ground):
    # documentation: GetRole and its like, "The policy document is URL-encoded per RFC 3986".
    arn, role = ground.policy(), ground.rolename()
    ground.iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument='{"Version":'
                               '"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:*",'
                               '"Resource":"*","Sid":"a"}]}')
    for action, fields, tag in (
            ("GetRole", {"RoleName": role}, "AssumeRolePolicyDocument"),
            ("GetRolePolicy", {"RoleName": role, "PolicyName": "p"}, "PolicyDocument"),
            ("GetPolicyVersion", {"PolicyArn": arn, "VersionId": "v1"}, "Document")):
        form = {"version": "2010-05-08", **fields}
        reply = iam_call(martlet, ground.account, action, form)
        text = xml_of(reply).find(f".//{tag}").text
        assert text.startswith("%7B%22Version%22%3A") and "+" not in text and " " not in text


def iam_call(martlet, account, action, fields):
    form = urlencode({"Action": action, "Version": fields.pop("version"), **fields})
    return martlet.raw("POST", "/", query_headers(account, "iam"), form.encode())
