# SPDX-License-Identifier: Apache-2.0
"""Every operation that the server says it has built, called by the AWS CLI.

The journeys stand in `aws_journeys`. An operation that none of them calls fails the last test.
"""

import pytest

pytest.register_assert_rewrite("aws_driver", "aws_journeys")

from aws_driver import Aws  # noqa: E402
from aws_journeys import functions, identity, logs, sqs  # noqa: E402
from coverage_table import coverage  # noqa: E402
from harness import fresh_account  # noqa: E402

JOURNEYS = {f"{module.__name__.split('.')[-1]}.{journey.__name__}": journey
            for module in (sqs, functions, logs, identity) for journey in module.JOURNEYS}


class Travels:
    """Runs a journey for whoever asks first, and keeps how it ended and what it called."""

    def __init__(self, martlet, new_folder):
        self.answered = set()
        self._martlet, self._new_folder = martlet, new_folder
        self._failures = {}

    def failure_of(self, name):
        """What the journey failed with, or nothing."""
        if name not in self._failures:
            aws = Aws(self._martlet, fresh_account(), self._new_folder(), self.answered)
            try:
                JOURNEYS[name](aws)
                self._failures[name] = None
            except Exception as failure:
                self._failures[name] = failure
        return self._failures[name]


@pytest.fixture(scope="module")
def travels(martlet, tmp_path_factory):
    return Travels(martlet, lambda: tmp_path_factory.mktemp("journey"))


@pytest.mark.parametrize("name", JOURNEYS)
def test_journey(travels, name):
    # documentation: the AWS CLI's command reference.
    failure = travels.failure_of(name)
    if failure:
        raise failure


def test_every_operation_built_is_called_with_success(travels, martlet):
    # Alone it runs the journeys itself, so that neither order nor a selection of tests matters.
    failed = [name for name in JOURNEYS if travels.failure_of(name)]
    built = {(service, operation) for service, found in coverage(martlet).items()
             for operation in found["operations"]}
    if failed and travels.answered < built:
        pytest.skip(f"journeys that failed and may have called the rest: {', '.join(failed)}")
    assert travels.answered == built
