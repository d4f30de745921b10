# SPDX-License-Identifier: Apache-2.0
"""Functions: making, changing, listing and removing them, invoking them, and how they fail.

Packages are in test_lambda_packages.py, asynchronous invocation in test_lambda_async.py, mappings
in test_event_source_mapping.py, the sandbox in test_escape_probes.py. Expectations are the API
reference's and the developer guide's, wordings recorded from AWS, unless marked ours.
"""

import base64
import hashlib
import json
import re
import threading

import pytest

from functions import BASIC, ECHO, Application, allow, installed_python, packed
from harness import eventually
from support import fresh, refused, signed_call

INVALID = "InvalidParameterValueException"


# Life of a function ------------------------------------------------------------------------


def test_a_function_comes_back_as_made(app):
    code = packed(ECHO)
    role, name = app.role(), fresh("function")
    made = app.functions.create_function(
        FunctionName=name, Runtime=installed_python(), Role=role, Handler="index.handler",
        Code={"ZipFile": code}, Description="d", Timeout=7, MemorySize=256,
        Environment={"Variables": {"NAME": "välue"}}, Tags={"team": "a"})
    assert made["FunctionArn"] == f"arn:aws:lambda:us-east-1:{app.account}:function:{name}"
    assert made["State"] == "Pending"
    assert made["CodeSize"] == len(code)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["Version"] == "$LATEST" and made["PackageType"] == "Zip"
    app.settled(name)
    found = app.functions.get_function(FunctionName=name)
    assert found["Tags"] == {"team": "a"}
    got = found["Configuration"]
    for member in ("FunctionArn", "Role", "Handler", "CodeSha256", "Description"):
        assert got[member] == made[member]
    assert (got["Runtime"], got["Timeout"], got["MemorySize"]) == (installed_python(), 7, 256)
    assert got["Environment"] == {"Variables": {"NAME": "välue"}}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", got["LastModified"])
    assert found["Code"]["RepositoryType"] == "S3" and found["Code"]["Location"]


def test_defaults(app):
    # documentation: 3 seconds, 128 MB.
    got = app.functions.get_function_configuration(FunctionName=app.function())
    assert (got["Timeout"], got["MemorySize"]) == (3, 128)
    assert got["EphemeralStorage"] == {"Size": 512}
    assert got["Architectures"] == ["x86_64"] and got["TracingConfig"] == {"Mode": "PassThrough"}


@pytest.mark.parametrize("form", ["name", "arn", "partial"])
def test_functions_are_found_by_each_form_of_name(app, form):
    name = app.function()
    given = {
        "name": name, "arn": f"arn:aws:lambda:us-east-1:{app.account}:function:{name}",
        "partial": f"{app.account}:function:{name}"}[form]
    got = app.functions.get_function_configuration(FunctionName=given)
    assert got["FunctionName"] == name
    assert app.invoke(given, 1)["Payload"] == 1


def test_functions_are_listed_in_pages(app):
    role = app.role()
    names = sorted(app.function(role=role) for _ in range(3))
    pages = list(app.functions.get_paginator("list_functions").paginate(
        PaginationConfig={"PageSize": 2}))
    assert [len(page["Functions"]) for page in pages] == [2, 1]
    found = [each["FunctionName"] for page in pages for each in page["Functions"]]
    assert sorted(found) == names


def test_a_name_is_taken_once(app):
    name = app.function()
    with refused("ResourceConflictException", 409, f"Function already exist: {name}"):
        app.functions.create_function(
            FunctionName=name, Runtime=installed_python(), Role=app.role(),
            Handler="index.handler", Code={"ZipFile": packed(ECHO)})


def test_missing_functions_are_named(app):
    arn = f"arn:aws:lambda:us-east-1:{app.account}:function:missing"
    for call in (
            lambda: app.functions.get_function(FunctionName="missing"),
            lambda: app.functions.get_function_configuration(FunctionName="missing"),
            lambda: app.functions.delete_function(FunctionName="missing"),
            lambda: app.functions.invoke(FunctionName="missing"),
            lambda: app.functions.update_function_configuration(FunctionName="missing")):
        with refused("ResourceNotFoundException", 404, f"Function not found: {arn}"):
            call()


def test_deleted_function_is_gone(app):
    name = app.function()
    app.functions.delete_function(FunctionName=name)
    with refused("ResourceNotFoundException", 404):
        app.functions.get_function(FunctionName=name)


def test_new_code_runs_at_once_also_in_a_warm_function(app):
    name = app.function("def handler(e, c): return 'old'\n")
    assert app.invoke(name)["Payload"] == "old"
    code = packed("def handler(e, c): return 'new'\n")
    before = app.functions.get_function_configuration(FunctionName=name)
    made = app.functions.update_function_code(FunctionName=name, ZipFile=code)
    assert made["CodeSha256"] == base64.b64encode(hashlib.sha256(code).digest()).decode()
    assert made["RevisionId"] != before["RevisionId"]
    app.settled(name)
    assert app.invoke(name)["Payload"] == "new"


def test_update_with_another_revision_is_refused(app):
    name = app.function()
    with refused("PreconditionFailedException", 412):
        app.functions.update_function_code(
            FunctionName=name, ZipFile=packed(ECHO), RevisionId="not-this-one")


def test_dry_run_of_an_update_changes_nothing(app):
    name = app.function("def handler(e, c): return 'old'\n")
    app.functions.update_function_code(
        FunctionName=name, ZipFile=packed("def handler(e, c): return 'new'\n"), DryRun=True)
    assert app.invoke(name)["Payload"] == "old"


def test_configuration_can_be_changed_member_by_member(app):
    # The model's pattern asks for two characters at least in a variable's name.
    name = app.function("import os\ndef handler(e, c): return os.environ.get('AB')\n",
                        Environment={"Variables": {"AB": "one"}}, Description="kept")
    assert app.invoke(name)["Payload"] == "one"
    app.functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"AB": "two"}}, Timeout=9)
    app.settled(name)
    assert app.invoke(name)["Payload"] == "two"
    got = app.functions.get_function_configuration(FunctionName=name)
    assert got["Timeout"] == 9 and got["Description"] == "kept"


def test_versions_are_snapshots(app):
    name = app.function("def handler(e, c): return 1\n")
    first = app.functions.publish_version(FunctionName=name, Description="first")
    assert first["Version"] == "1" and first["FunctionArn"].endswith(f":{name}:1")
    # documentation: nothing is published when nothing has changed.
    assert app.functions.publish_version(FunctionName=name)["Version"] == "1"
    app.functions.update_function_code(
        FunctionName=name, ZipFile=packed("def handler(e, c): return 2\n"))
    app.settled(name)
    assert app.functions.publish_version(FunctionName=name)["Version"] == "2"
    listed = app.functions.list_versions_by_function(FunctionName=name)["Versions"]
    assert [version["Version"] for version in listed] == ["$LATEST", "1", "2"]
    old = app.invoke(name, Qualifier="1")
    assert (old["Payload"], old["ExecutedVersion"]) == (1, "1")
    latest = app.invoke(name)
    assert (latest["Payload"], latest["ExecutedVersion"]) == (2, "$LATEST")
    with refused("ResourceNotFoundException", 404):
        app.functions.get_function(FunctionName=name, Qualifier="3")


def test_tags(app):
    name = app.function()
    arn = app.functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    app.functions.tag_resource(Resource=arn, Tags={"a": "1", "b": "2"})
    app.functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert app.functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}


def test_functions_live_through_a_kill(own_martlet, account):
    # ours: the promise; code is in the blob store before the answer.
    app = Application(own_martlet, account)
    name = app.function("def handler(e, c): return 'still here'\n")
    assert app.invoke(name)["Payload"] == "still here"
    own_martlet.restart(kill=True)
    assert app.invoke(name)["Payload"] == "still here"


# Refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "value"),
    [("MemorySize", 127), ("MemorySize", 10_241), ("Timeout", 0), ("Timeout", 901),
     ("FunctionName", "sp ace"), ("FunctionName", "n" * 141), ("Handler", "with space"),
     ("Role", "no arn")])
def test_members_out_of_range(app, martlet, account, member, value):
    # model: constraints, worded "1 validation error detected: …".
    lax = martlet.client("lambda", account=account, parameter_validation=False)
    given = {"FunctionName": fresh(), "Runtime": installed_python(), "Role": app.role(),
             "Handler": "index.handler", "Code": {"ZipFile": packed(ECHO)}, member: value}
    with refused("ValidationException", 400, "1 validation error detected: Value"):
        lax.create_function(**given)


def test_unknown_runtime(app):
    with refused(INVALID, 400, "cobol1.0"):
        app.function(Runtime="cobol1.0")


@pytest.mark.parametrize("variables", [
    {"AWS_REGION": "x"}, {"_HANDLER": "x"}, {"AWS_LAMBDA_FUNCTION_NAME": "x"}, {"1A": "x"},
    {"A": "x"}])
def test_reserved_and_bad_environment_names(app, variables):
    with refused(INVALID, 400):
        app.function(Environment={"Variables": variables})


def test_environment_of_more_than_4_kib(app):
    with refused(INVALID, 400, "4KB"):
        app.function(Environment={"Variables": {"AB": "x" * 4097}})


def test_role_that_lambda_cannot_assume(app):
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole"}]}
    for role in (app.role(trust=trust), f"arn:aws:iam::{app.account}:role/missing"):
        with refused(
                INVALID, 400, "The role defined for the function cannot be assumed by Lambda."):
            app.function(role=role)


# Invoking ----------------------------------------------------------------------------------


CONTEXT = """
import os
def handler(event, context):
    return {
        "request": context.aws_request_id, "name": context.function_name,
        "version": context.function_version, "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb, "left": context.get_remaining_time_in_millis(),
        "group": context.log_group_name, "stream": context.log_stream_name,
        "client": context.client_context and context.client_context.custom,
        "environment": dict(os.environ)}
"""


def test_function_sees_its_context_and_environment(app):
    name = app.function(CONTEXT, Timeout=10, MemorySize=192,
                        Environment={"Variables": {"MINE": "here"}})
    client_context = base64.b64encode(json.dumps({"custom": {"a": "b"}}).encode()).decode()
    reply = app.invoke(name, {}, ClientContext=client_context)
    seen = reply["Payload"]
    assert seen["request"] == reply["ResponseMetadata"]["RequestId"]
    assert (seen["name"], seen["version"]) == (name, "$LATEST")
    assert seen["arn"] == f"arn:aws:lambda:us-east-1:{app.account}:function:{name}"
    assert int(seen["memory"]) == 192 and 5000 < seen["left"] <= 10_000
    assert seen["group"] == f"/aws/lambda/{name}"
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", seen["stream"])
    assert seen["client"] == {"a": "b"}
    environment = seen["environment"]
    assert environment["MINE"] == "here"
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "192"
    assert environment["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert environment["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{installed_python()}"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"] == "us-east-1"
    assert environment["_HANDLER"] == "index.handler"
    assert environment["LAMBDA_TASK_ROOT"] == "/var/task"
    assert environment["TZ"] == ":UTC" and environment["LANG"]
    assert environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert environment["AWS_SESSION_TOKEN"] and environment["AWS_SECRET_ACCESS_KEY"]
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0",
        environment["_X_AMZN_TRACE_ID"])


@pytest.mark.parametrize("payload", [None, 0, "text", [1, None], {"a": {"b": "ü\n"}}, 1.5])
def test_payload_comes_back(app, payload, echo):
    assert app.invoke(echo, payload)["Payload"] == payload


@pytest.fixture
def echo(app):
    return app.function(ECHO)


def test_invoke_without_payload_is_an_empty_event(app):
    # documentation: an absent payload arrives as an empty object in synchronous invocations.
    name = app.function(ECHO)
    reply = app.functions.invoke(FunctionName=name)
    assert json.loads(reply["Payload"].read()) in ({}, None)


def test_invoke_reply_has_status_version_and_no_error(app, echo):
    reply = app.invoke(echo, 1)
    assert reply["StatusCode"] == 200 and reply["ExecutedVersion"] == "$LATEST"
    assert "FunctionError" not in reply


def test_log_tail_comes_with_the_reply(app):
    name = app.function("def handler(e, c): print('said so')\n")
    reply = app.invoke(name, LogType="Tail")
    text = base64.b64decode(reply["LogResult"]).decode()
    request = reply["ResponseMetadata"]["RequestId"]
    assert f"START RequestId: {request} Version: $LATEST\n" in text
    assert "said so\n" in text and f"END RequestId: {request}\n" in text
    assert re.search(
        rf"REPORT RequestId: {request}\tDuration: \d+\.\d\d ms\tBilled Duration: \d+ ms\t"
        r"Memory Size: 128 MB\tMax Memory Used: \d+ MB\t(Init Duration: \d+\.\d\d ms\t)?", text)


def test_dry_run_checks_and_runs_nothing(app):
    name = app.function("def handler(e, c): print('ran')\n")
    assert app.functions.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    assert app.count(name, "ran") == 0


def test_body_that_is_not_json_is_refused(app, echo):
    with refused("InvalidRequestContentException", 400, "Could not parse request body into json"):
        app.functions.invoke(FunctionName=echo, Payload=b"{not json")


def test_payload_over_6_mb_is_refused(app, echo):
    payload = b'"' + b"a" * 6_291_556 + b'"'
    with refused("RequestTooLargeException", 413):
        app.functions.invoke(FunctionName=echo, Payload=payload)
    within = b'"' + b"a" * 1_000_000 + b'"'
    assert app.functions.invoke(FunctionName=echo, Payload=within)["StatusCode"] == 200


def test_warm_environment_is_reused_and_cold_ones_are_fresh(app):
    name = app.function(
        "import uuid\nME, count = uuid.uuid4().hex, 0\n"
        "def handler(e, c):\n    global count\n    count += 1\n    return [ME, count]\n")
    first, second = app.invoke(name)["Payload"], app.invoke(name)["Payload"]
    assert first[0] == second[0] and (first[1], second[1]) == (1, 2)
    app.functions.update_function_configuration(FunctionName=name, Description="new")
    app.settled(name)
    assert app.invoke(name)["Payload"][1] == 1


def test_url_of_invoke_takes_a_raw_post(martlet, app, echo):
    # model: restJson, POST /2015-03-31/functions/{name}/invocations.
    reply = signed_call(
        martlet, "POST", f"/2015-03-31/functions/{echo}/invocations", b'{"a": 1}', {},
        app.account, service="lambda")
    assert (reply.status, reply.json) == (200, {"a": 1})
    assert reply.headers["x-amz-executed-version"] == "$LATEST"


# How functions fail ------------------------------------------------------------------------


def failing(app, code, handler="index.handler", payload=None, **settings):
    name = app.function(code, Handler=handler, **settings)
    reply = app.invoke(name, payload, LogType="Tail")
    assert reply["StatusCode"] == 200 and reply["FunctionError"] == "Unhandled"
    return name, reply["Payload"], base64.b64decode(reply["LogResult"]).decode()


def test_raised_exception(app):
    code = ("class Odd(Exception): pass\n"
            "def handler(e, c):\n    raise Odd('no good')\n")
    _, error, log = failing(app, code)
    assert (error["errorType"], error["errorMessage"]) == ("Odd", "no good")
    assert error["requestId"]
    assert any('File "/var/task/index.py", line 3, in handler' in line
               for line in error["stackTrace"])
    assert "[ERROR] Odd: no good" in log


@pytest.mark.parametrize(
    ("code", "handler", "kind", "message"),
    [
        ("import nothing_like_it\n", "index.handler", "Runtime.ImportModuleError",
         "Unable to import module 'index': No module named 'nothing_like_it'"),
        (ECHO, "missing.handler", "Runtime.ImportModuleError",
         "Unable to import module 'missing': No module named 'missing'"),
        (ECHO, "index.missing", "Runtime.HandlerNotFound",
         "Handler 'missing' missing on module 'index'"),
        ("def handler(:\n", "index.handler", "Runtime.UserCodeSyntaxError",
         "Syntax error in module 'index'"),
        ("def handler(e, c): return {1, 2}\n", "index.handler", "Runtime.MarshalError",
         "Unable to marshal response: Object of type set is not JSON serializable"),
    ])
def test_errors_the_runtime_finds(app, code, handler, kind, message):
    _, error, _ = failing(app, code, handler)
    assert error["errorType"] == kind
    assert message in error["errorMessage"]


def test_handler_name_without_dot(app):
    _, error, _ = failing(app, ECHO, "handler")
    assert error["errorType"] == "Runtime.MalformedHandlerName"


def test_timeout(app):
    code = "import time\ndef handler(e, c): time.sleep(30)\n"
    name, error, log = failing(app, code, Timeout=1)
    assert "Task timed out after 1.00 seconds" in error["errorMessage"]
    assert "Task timed out after 1.00 seconds" in log
    # The report says the timeout itself; since August 2025 the init phase is billed on top.
    found = re.search(
        r"Duration: 1000\.00 ms\tBilled Duration: (\d+) ms\t.*Init Duration: (\d+\.\d+) ms", log)
    assert 1000 + float(found[2]) <= float(found[1]) <= 1001 + float(found[2]) + 0.01
    # The environment is gone: the next invocation starts cold.
    app.functions.update_function_code(
        FunctionName=name, ZipFile=packed("def handler(e, c): return 'again'\n"))
    app.settled(name)
    assert app.invoke(name)["Payload"] == "again"


@pytest.mark.parametrize(
    ("statement", "message"),
    [("sys.exit(7)", "exit status 7"), ("os._exit(3)", "exit status 3"),
     ("os.kill(os.getpid(), 9)", "signal: killed")])
def test_process_that_ends(app, statement, message):
    code = f"import os, sys\ndef handler(e, c): {statement}\n"
    name, error, _ = failing(app, code)
    assert error["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(
        rf"RequestId: [0-9a-f-]{{36}} Error: Runtime exited with error: {message}",
        error["errorMessage"])
    assert app.invoke(name)["FunctionError"] == "Unhandled"


def test_out_of_memory(app):
    code = "def handler(e, c): return len(bytearray(400_000_000))\n"
    _, error, log = failing(app, code, MemorySize=128, Timeout=10)
    assert error["errorType"] in ("Runtime.ExitError", "Runtime.OutOfMemory")
    assert "signal: killed" in error["errorMessage"]
    assert "Max Memory Used: 128 MB" in log


def test_response_over_6_mb(app):
    _, error, _ = failing(app, "def handler(e, c): return 'a' * 6_400_000\n", Timeout=10)
    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert error["errorMessage"] == (
        "Response payload size exceeded maximum allowed payload size (6291556 bytes).")


def test_slow_import_is_part_of_the_first_invocations_time(app):
    # documentation: an init over 10 s is repeated within the function's own timeout.
    name, error, _ = failing(app, "import time\ntime.sleep(60)\n", Timeout=1)
    assert "timed out" in error["errorMessage"].lower()


# Logs --------------------------------------------------------------------------------------


def test_log_lines_reach_the_functions_group(app):
    name = app.function("def handler(e, c):\n    print('first')\n    print('second')\n")
    request = app.invoke(name)["ResponseMetadata"]["RequestId"]
    eventually(lambda: app.count(name, "REPORT RequestId"), 10, "the report")
    lines = [line.rstrip("\n") for line in app.lines(name)]
    assert lines[0].startswith("INIT_START Runtime Version: ")
    assert lines[1:5] == [
        f"START RequestId: {request} Version: $LATEST", "first", "second",
        f"END RequestId: {request}"]
    assert lines[5].startswith(f"REPORT RequestId: {request}\tDuration: ")
    assert "\tInit Duration: " in lines[5]


def test_logging_module_is_set_up_as_on_aws(app):
    # documentation: the Python runtime's handler writes level, time and request id.
    name = app.function(
        "import logging\ndef handler(e, c): logging.getLogger().warning('careful')\n")
    reply = app.invoke(name, LogType="Tail")
    text = base64.b64decode(reply["LogResult"]).decode()
    request = reply["ResponseMetadata"]["RequestId"]
    assert re.search(
        rf"\[WARNING\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{1,3}}Z\t{request}\tcareful", text)


def test_function_without_permission_to_log_runs_and_leaves_no_log(app):
    # The tail of the reply is Lambda's own and stays.
    name = app.function("def handler(e, c): print('unheard')\n", role=app.role(managed=()))
    reply = app.invoke(name, LogType="Tail")
    assert "FunctionError" not in reply
    assert app.lines(name) == []


# Other runtimes ----------------------------------------------------------------------------


def test_node(app):
    # documentation: nodejs handlers may be async; `make test` installs Node.
    code = packed({"index.mjs": "export const handler = async (event, context) => "
                                "({ event, id: context.awsRequestId });\n"})
    name = app.function(code, Runtime="nodejs20.x", Timeout=10)
    reply = app.invoke(name, {"a": 1})
    assert reply["Payload"] == {
        "event": {"a": 1}, "id": reply["ResponseMetadata"]["RequestId"]}


def test_node_errors_have_nodes_form(app):
    # documentation: errorType, errorMessage, trace.
    code = packed({"index.js": "exports.handler = async () => { throw new TypeError('bad') };\n"})
    name = app.function(code, Runtime="nodejs20.x", Timeout=10)
    error = app.invoke(name)["Payload"]
    assert (error["errorType"], error["errorMessage"]) == ("TypeError", "bad")
    assert error["trace"][0] == "TypeError: bad"


BOOTSTRAP = """#!/bin/sh
base="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  python3 - "$base" <<'PY'
import sys, urllib.request
base = sys.argv[1]
with urllib.request.urlopen(base + "/next") as event:
    body, request = event.read(), event.headers["Lambda-Runtime-Aws-Request-Id"]
answer = urllib.request.Request(f"{base}/{request}/response", data=b'{"echo":' + body + b"}")
urllib.request.urlopen(answer).read()
PY
done
"""


def test_own_bootstrap(app):
    # documentation: custom runtimes, Runtime API 2018-06-01.
    package = packed({"bootstrap": BOOTSTRAP}, {"bootstrap": 0o755})
    name = app.function(package, Runtime="provided.al2023", Handler="any", Timeout=10)
    assert app.invoke(name, [1, 2])["Payload"] == {"echo": [1, 2]}


def test_missing_bootstrap(app):
    _, error, log = failing(app, packed({"other": "x"}), Runtime="provided.al2023")
    assert error["errorType"] == "Runtime.InvalidEntrypoint"
    assert "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]" in log
    assert "Status: error\tError Type: Runtime.InvalidEntrypoint" in log


def test_runtime_not_installed_here_runs_on_the_nearest_with_a_warning(app):
    # ours.
    other = "python3.13" if installed_python() != "python3.13" else "python3.12"
    name = app.function("def handler(e, c): return 'ran'\n", Runtime=other)
    assert app.invoke(name)["Payload"] == "ran"
    eventually(
        lambda: any(other in line and installed_python() in line for line in app.lines(name)),
        10, "the warning")


class TestStrictRuntimes:
    def test_runtime_not_installed_here_is_refused(self, martlet_with, account):
        # ours: --runtimes=strict.
        app = Application(martlet_with("--runtimes=strict"), account)
        other = "python3.13" if installed_python() != "python3.13" else "python3.12"
        with refused(INVALID, 400, other):
            app.function(Runtime=other)


def test_python_functions_can_import_boto3(app):
    # ours: from an environment the Makefile sets up; the endpoint is set for them.
    code = ("import boto3\n"
            "def handler(e, c):\n"
            "    return boto3.client('sts').get_caller_identity()['Arn']\n")
    name = app.function(code, Timeout=20)
    arn = app.invoke(name)["Payload"]
    assert re.fullmatch(rf"arn:aws:sts::{app.account}:assumed-role/role-\w+/{name}", arn)


# Throttling --------------------------------------------------------------------------------


def test_reserved_concurrency_of_zero_throttles(app, echo):
    # documentation: 429 TooManyRequestsException with a reason.
    app.functions.put_function_concurrency(
        FunctionName=echo, ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException", 429) as refusal:
        app.functions.invoke(FunctionName=echo)
    assert refusal.exception.response["Reason"] == (
        "ReservedFunctionConcurrentInvocationLimitExceeded")
    app.functions.delete_function_concurrency(FunctionName=echo)
    assert app.invoke(echo, 1)["Payload"] == 1


class TestMemoryOfAllFunctions:
    def test_beyond_it_synchronous_calls_are_throttled(self, martlet_with, account):
        # ours: --lambda-memory bounds environments at once; beyond, 429.
        server = martlet_with("--lambda-memory", "128")
        app = Application(server, account)
        code = ("import boto3\n"
                "def handler(queue, c):\n"
                "    if queue:\n"
                "        boto3.client('sqs').receive_message(QueueUrl=queue, WaitTimeSeconds=20)\n")
        name = app.function(
            code, role=app.role(allow("sqs:ReceiveMessage"), managed=(BASIC,)), Timeout=60)
        queue = app.sqs.create_queue(QueueName="held")["QueueUrl"]
        app.invoke(name, None)
        held = threading.Thread(target=lambda: Application(server, account).invoke(name, queue))
        held.start()
        try:
            def throttled():
                try:
                    app.invoke(name, None)
                    return False
                except app.functions.exceptions.TooManyRequestsException as error:
                    return error

            error = eventually(throttled, 15, "the throttle")
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        finally:
            app.sqs.send_message(QueueUrl=queue, MessageBody="go on")
            held.join()


def test_actions_of_a_role_are_its_own(app):
    # AWSLambdaBasicExecutionRole lets a function log and nothing else; see test_permissions.
    role = app.role(allow("sqs:ListQueues"), managed=(BASIC,))
    code = ("import boto3\n"
            "def handler(e, c):\n"
            "    sqs = boto3.client('sqs')\n"
            "    sqs.list_queues()\n"
            "    try:\n"
            "        sqs.create_queue(QueueName='q')\n"
            "    except sqs.exceptions.ClientError as error:\n"
            "        return error.response['Error']['Code']\n")
    name = app.function(code, role=role, Timeout=20)
    assert app.invoke(name)["Payload"] == "AccessDenied"
