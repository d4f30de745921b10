# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the contract tests: which server a test talks to, and as whom."""

import os
from functools import partial

import pytest

# Before boto3 reads them: a developer's own settings must not decide a test.
for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
    del os.environ[name]
os.environ["AWS_CONFIG_FILE"] = os.devnull
os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"

from harness import Martlet, fresh_account  # noqa: E402

pytest_plugins = ["functions", "support"]

_running = []


@pytest.fixture(scope="session")
def martlet():
    """The server all tests share. A test that moves the clock or resets takes its own."""
    server = Martlet()
    _running.append(server)
    with server:
        yield server
    _running.remove(server)


@pytest.fixture
def account():
    """An account of this test's own; its number is its root's access key."""
    return fresh_account()


@pytest.fixture
def client(martlet, account):
    """Makes boto3 clients of the shared server in this test's account: `client("sqs")`."""
    return partial(martlet.client, account=account)


@pytest.fixture
def aws_cli(martlet, account):
    """Runs the AWS CLI against the shared server in this test's account."""
    return partial(martlet.aws_cli, account=account)


@pytest.fixture(scope="class")
def martlet_with():
    """Starts servers with flags of the class's own: `martlet_with("--limits=aws")`."""
    started = []

    def start(*flags, **settings):
        server = Martlet(*flags, **settings)
        started.append(server)
        _running.append(server)
        return server.start()

    yield start
    failures = []
    for server in started:
        _running.remove(server)
        try:
            server.close()
        except AssertionError as failure:
            failures.append(str(failure))
    assert not failures, "\n".join(failures)


@pytest.fixture(scope="class")
def own_martlet(martlet_with):
    """A server of the class's own, free to be killed, frozen, moved in time and reset."""
    return martlet_with()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item):
    item.log_marks = {server: len(server.log_lines) for server in _running}
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        for server in _running:
            text = server.tail(since=getattr(item, "log_marks", {}).get(server, 0))
            if text:
                report.sections.append((f"martlet log, port {server.port}", text))
    return report
