# SPDX-License-Identifier: Apache-2.0
"""One WireEcho process and one client per service for the whole run."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import door as doors  # noqa: E402


@pytest.fixture(scope="session")
def door():
    process = doors.Door()
    yield process
    process.close()


@pytest.fixture(scope="session")
def clients():
    cache = {}

    def get(service, protocol=""):
        if (service, protocol) not in cache:
            cache[service, protocol] = doors.client(service, protocol)
        return cache[service, protocol]

    return get
