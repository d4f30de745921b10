# SPDX-License-Identifier: Apache-2.0
"""What running a Python function costs: warm, and the first time, beside a bare interpreter."""

import base64
import http.client
import io
import json
import subprocess
import time
import urllib.parse
import zipfile

from servers import ACCOUNT, Martlet, signed

PYTHON = "/usr/bin/python3"
TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
                   "Action": "sts:AssumeRole"}]})
ROLE = f"arn:aws:iam::{ACCOUNT}:role/bench"
PLAIN = "def handler(event, context):\n    return event\n"
TIMED = """import time
def handler(event, context):
    began = time.perf_counter_ns()
    total = sum(range(100))
    return {"nanoseconds": time.perf_counter_ns() - began}
"""


def runtime():
    asked = "import sys; print('python%d.%d' % sys.version_info[:2])"
    return subprocess.check_output([PYTHON, "-c", asked], text=True).strip()


def create_role(server):
    form = urllib.parse.urlencode({
        "Action": "CreateRole", "Version": "2010-05-08", "RoleName": "bench",
        "AssumeRolePolicyDocument": TRUST})
    server.request(
        "POST", "/", form, signed("iam", kind="application/x-www-form-urlencoded; charset=utf-8"))


def create_function(server, name, code, kind):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("index.py", (2024, 1, 1, 0, 0, 0))
        entry.external_attr = 0o100644 << 16
        archive.writestr(entry, code)
    server.request(
        "POST", "/2015-03-31/functions",
        json.dumps({"FunctionName": name, "Runtime": kind, "Role": ROLE,
                    "Handler": "index.handler", "MemorySize": 128, "Timeout": 30,
                    "Code": {"ZipFile": base64.b64encode(buffer.getvalue()).decode()}}),
        signed("lambda", kind="application/json"))
    while True:
        answer = server.request(
            "GET", f"/2015-03-31/functions/{name}/configuration", None, signed("lambda"))
        if json.loads(answer)["State"] == "Active":
            return
        time.sleep(0.005)


def invoke(connection, name):
    """The function's answer and the milliseconds it took."""
    began = time.perf_counter_ns()
    connection.request(
        "POST", f"/2015-03-31/functions/{name}/invocations", "{}",
        signed("lambda", kind="application/json"))
    answer = connection.getresponse()
    content = answer.read()
    took = (time.perf_counter_ns() - began) / 1e6
    if answer.status != 200 or answer.getheader("X-Amz-Function-Error"):
        raise RuntimeError(f"{name}: {answer.status} {content[:400]}")
    return json.loads(content), took


def bare_python():
    """Milliseconds of an interpreter that does nothing."""
    began = time.perf_counter_ns()
    subprocess.run([PYTHON, "-c", "pass"], check=True)
    return (time.perf_counter_ns() - began) / 1e6


def warm(program, environment, count):
    """Milliseconds of warm invocations beyond the handler's own time."""
    with Martlet(program, pin=False, environment=environment) as server:
        create_role(server)
        create_function(server, "warm", TIMED, runtime())
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        for _ in range(20):
            invoke(connection, "warm")
        over = []
        for _ in range(count):
            answer, took = invoke(connection, "warm")
            over.append(took - answer["nanoseconds"] / 1e6)
        connection.close()
        return over


def first(program, environment, level, count):
    """Milliseconds of first invocations at a level, each beside a bare interpreter's."""
    flags = ["--sandbox", level]
    with Martlet(program, *flags, pin=False, environment=environment) as server:
        create_role(server)
        names = [f"first-{number}" for number in range(count + 1)]
        kind = runtime()
        for name in names:
            create_function(server, name, PLAIN, kind)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        # The very first finds out what this machine's sandbox can do.
        invoke(connection, names[0])
        firsts, bares = [], []
        for name in names[1:]:
            bares.append(bare_python())
            firsts.append(invoke(connection, name)[1])
        connection.close()
        return firsts, bares
