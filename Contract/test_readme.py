# SPDX-License-Identifier: Apache-2.0
"""The README is true: its tour runs as it stands there, its table is what the server says."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import coverage_table
from harness import ROOT, binary

README = (ROOT / "README.md").read_text()


def commands():
    """The tour's commands in order; a heredoc stays whole."""
    found = []
    for block in re.findall(r"^```bash\n(.*?)^```$", README, re.M | re.S):
        lines = iter(block.splitlines())
        for line in lines:
            command, end = [line], re.search(r"<<'(\w+)'", line)
            while end and command[-1] != end.group(1):
                command.append(next(lines))
            found.append("\n".join(command))
    return found


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """(command, exit status, output) of each command, run in one bash against a fresh server."""
    from harness import Martlet

    folder = tmp_path_factory.mktemp("tour")
    (folder / ".build/release").mkdir(parents=True)
    (folder / ".build/release/martlet").symlink_to(binary())
    (folder / ".venv").mkdir()
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    (folder / "Makefile").write_text("venv:\n\t@echo installed already\n")
    script = "".join(
        f"{command}\necho \"@@ $?\"\n" for command in commands()).encode()
    with Martlet() as server:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        done = subprocess.run(
            ["bash"], input=script, cwd=folder, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=kept | {"HOME": str(folder), "MARTLET_PORT": str(server.port)})
    outputs = re.split(r"^@@ (\d+)\n", done.stdout.decode(), flags=re.M)
    # Split leaves output, status, output, status, …, rest.
    assert len(outputs) // 2 == len(commands()), done.stdout.decode()
    return list(zip(commands(), map(int, outputs[1::2]), outputs[0::2]))


def output(tour, beginning):
    (found,) = [text for command, _, text in tour if command.startswith(beginning)]
    return found


def test_the_tour_has_its_commands():
    assert len(commands()) >= 18
    assert any(command.startswith("martlet tail") for command in commands())


def test_every_command_of_the_tour_succeeds(tour):
    failed = [(command, status, text) for command, status, text in tour if status != 0]
    assert failed == []


def test_the_tour_is_root_of_the_default_account(tour):
    identity = json.loads(output(tour, "aws sts"))
    assert identity["Account"] == "000000000000"


def test_queue_urls_reuse_the_host_and_port(tour):
    assert re.fullmatch(
        r"http://localhost:\d+/000000000000/orders\n", output(tour, 'echo "$orders"'))


def test_the_clock_says_what_fired(tour):
    assert re.search(r"^fired [1-9]\d*$", output(tour, "martlet clock"), re.M)


def test_the_logs_have_the_good_order_once_and_the_poison_three_times(tour):
    lines = json.loads(output(tour, "aws logs filter"))
    texts = [line.strip() for line in lines]
    assert (texts.count("order 17"), texts.count("order poison")) == (1, 3)
    assert sum("ValueError" in text and "no such order" in text for text in texts) == 3


def test_the_dead_letter_is_in_its_queue(tour):
    assert json.loads(output(tour, "aws sqs receive-message")) == ["poison"]


def test_the_tail_shows_calls_invocations_and_their_causes_indented(tour):
    text = "".join(text for _, _, text in tour)
    assert re.search(r"^\S+ \s*sqs\.SendMessage 200 ", text, re.M)
    assert re.search(r"^\S+  +\S*lambda\.\S+ ", text, re.M)


def test_status_names_sandbox_and_interpreter(tour):
    text = output(tour, "martlet status")
    assert re.search(r"^sandbox +sandbox level: (namespaces|rlimits) ", text, re.M)
    exact = Path("/usr/bin/python3.12").exists() or Path("/usr/local/bin/python3.12").exists()
    assert re.search(r"^substitutes +\S*.*python3\.12", text, re.M) or exact


def test_the_coverage_table_is_what_the_server_says(martlet):
    services = coverage_table.coverage(martlet)
    assert coverage_table.readme(README, services) == README, "run `make coverage`"
    assert coverage_table.page(services) == coverage_table.PAGE.read_text(), "run `make coverage`"
