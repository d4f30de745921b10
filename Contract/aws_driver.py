# SPDX-License-Identifier: Apache-2.0
"""The AWS CLI's own driver, run in this process and told which operations it called.

A start of `aws` costs most of a second, a command here some 30 ms: parsing, signing, parsing the
reply, paging and output are the CLI's all the same. Holds no expectation.
"""

import io
import json
import os
import shlex
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from unittest.mock import patch

from awscli.clidriver import create_clidriver


@cache
def service_models():
    """The CLI's loader of service models; the models are most of what a driver's start costs."""
    return create_clidriver().session.get_component("data_loader")


class Aws:
    """`aws` as one account types it: `aws("sqs list-queues --queue-name-prefix a")`.

    `answered` gathers the (service, operation) of every call the server answered with success. They
    come from the client's model and the reply's status, so nothing can be claimed that was not sent.
    """

    def __init__(self, martlet, account, folder, answered):
        self.martlet, self.account, self.folder = martlet, account, folder
        self._answered = answered

    def __call__(self, line, **who):
        """The output read as JSON, or as text with `--output text`; nothing where it is empty."""
        code, stdout, stderr = self._run(line, **who)
        if code != 0:
            raise AssertionError(f"aws {line}: ended with {code}: {stderr.strip()}")
        if not stdout.strip():
            return None
        return stdout.strip() if "--output text" in line else json.loads(stdout)

    def refused(self, line, **who):
        """What the CLI says of a command that has to fail."""
        code, stdout, stderr = self._run(line, **who)
        assert code == 255, f"aws {line}: ended with {code}: {stdout}"
        return stderr.strip()

    def process(self, line):
        """The same by a real process, which `answered` does not count."""
        return self.martlet.aws_cli(*shlex.split(line), account=self.account).json

    def file(self, name, content=b""):
        """The path of a file of this journey's own."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def _run(self, line, **who):
        arguments = ["--endpoint-url", self.martlet.endpoint, *shlex.split(line)]
        who = who or {"account": self.account}
        stdout, stderr = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        with (patch.dict(os.environ, self.martlet.aws_environment(**who)),
              redirect_stdout(stdout), redirect_stderr(stderr)):
            # One driver a command, as one process a command: some commands leave hooks behind.
            driver = create_clidriver()
            driver.session.register_component("data_loader", service_models())
            driver.session.register("after-call", self._heard)
            # It would add a handler to this process's loggers with each command.
            driver.session.set_stream_logger = lambda *_, **__: None
            code = driver.main(arguments)
        return code, _text(stdout), _text(stderr)

    def _heard(self, model, http_response, **_):
        if http_response.status_code < 300:
            self._answered.add((model.service_model.service_name, model.name))


def _text(stream):
    stream.flush()
    return stream.buffer.getvalue().decode()
