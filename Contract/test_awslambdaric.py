# SPDX-License-Identifier: Apache-2.0
"""Functions that bundle AWS's own Python runtime interface client, `awslambdaric`.

The real package against our Runtime API: what holds for our bootstrap must hold for AWS's.
"""

import base64
import io
import zipfile
from importlib import metadata

import pytest

from functions import installed_python
from harness import eventually

DISTRIBUTIONS = ["awslambdaric", "simplejson", "snapshot-restore-py"]


def bundled(source):
    """A package of the source and of the client as pip installed it beside these tests."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.py", source)
        for name in DISTRIBUTIONS:
            for file in metadata.files(name):
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    archive.write(file.locate(), str(file))
    return buffer.getvalue()


@pytest.fixture
def make(app):
    return lambda source, **settings: app.function(bundled(source), Timeout=10, **settings)


def test_the_bundled_client_is_what_runs(app, make):
    name = make("import sys\ndef handler(e, c):\n"
                "    return [sys.modules['awslambdaric'].__file__, e]\n")
    where, event = app.invoke(name, {"a": "ü"})["Payload"]
    assert where.startswith("/var/task/awslambdaric/") and event == {"a": "ü"}


def test_context_of_the_real_client(app, make):
    name = make(
        "def handler(e, c):\n"
        "    return [c.aws_request_id, c.invoked_function_arn, c.get_remaining_time_in_millis(),\n"
        "            c.client_context.custom if c.client_context else None]\n")
    custom = base64.b64encode(b'{"custom": {"k": "v"}}').decode()
    reply = app.invoke(name, {}, ClientContext=custom)
    request, arn, left, context = reply["Payload"]
    assert request == reply["ResponseMetadata"]["RequestId"]
    assert arn.endswith(f":function:{name}") and 0 < left <= 10_000
    assert context == {"k": "v"}


def test_errors_of_the_real_client(app, make):
    name = make("def handler(e, c):\n    raise KeyError('gone')\n")
    reply = app.invoke(name, {}, LogType="Tail")
    assert reply["FunctionError"] == "Unhandled"
    assert reply["Payload"]["errorType"] == "KeyError"
    assert reply["Payload"]["errorMessage"] == "'gone'"
    assert "[ERROR] KeyError: 'gone'" in base64.b64decode(reply["LogResult"]).decode()


@pytest.mark.parametrize(
    ("source", "handler", "kind"),
    [("import nothing_like_it\n", "index.handler", "Runtime.ImportModuleError"),
     ("", "index.missing", "Runtime.HandlerNotFound"),
     ("def handler(:\n", "index.handler", "Runtime.UserCodeSyntaxError")])
def test_failed_starts_of_the_real_client(app, make, source, handler, kind):
    # Runtime API: POST /runtime/init/error.
    reply = app.invoke(make(source, Handler=handler), {})
    assert reply["FunctionError"] == "Unhandled"
    assert reply["Payload"]["errorType"] == kind


def test_logging_and_reuse_with_the_real_client(app, make):
    name = make("count = 0\ndef handler(e, c):\n    global count\n    count += 1\n"
                "    print('run', count)\n    return count\n")
    assert [app.invoke(name)["Payload"] for _ in range(3)] == [1, 2, 3]
    eventually(lambda: app.count(name, "run 3") == 1, 10, "the third line")


def test_large_payload_both_ways(app, make):
    name = make("def handler(e, c): return e\n", Runtime=installed_python())
    text = "ä" * 1_000_000
    assert app.invoke(name, text)["Payload"] == text
