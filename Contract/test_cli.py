# SPDX-License-Identifier: Apache-2.0
"""`martlet` as people and scripts use it: settings, help, and failures of one line.

Provenance: all of this is ours, but for the names that LocalStack gave.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest

from functions import Application, installed_python
from harness import Martlet, binary, eventually
from support import fresh

COMMANDS = ["serve", "status", "env", "tail", "clock", "reset", "coverage", "health"]


def run(*arguments, input=None, timeout=30, **environment):
    """Runs the program by itself, with no settings but these."""
    done = subprocess.run(
        [binary(), *arguments], capture_output=True, text=True, timeout=timeout, input=input,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | environment)
    return SimpleNamespace(status=done.returncode, out=done.stdout, error=done.stderr)


def assert_refused(done, *words):
    """One line on standard error that holds the words; nothing else."""
    assert done.status not in (0, None), done
    assert done.out == ""
    assert done.error.count("\n") == 1, done.error
    for word in words:
        assert word in done.error, done.error


def a_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server():
    with Martlet() as running:
        yield running


# Help ----------------------------------------------------------------------------------------


def test_help_lists_every_command_and_the_first_steps():
    text = run("--help").out
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", text, re.M), command
    for step in ("martlet serve", 'eval "$(martlet env)"', "martlet clock advance 15m"):
        assert step in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_teaches(command):
    done = run(command, "--help")
    assert done.status == 0
    overview = done.out.split("USAGE:")[0]
    # More than the sentence of the list, wrapped once and not twice.
    assert len(overview.strip().splitlines()) >= 3, overview
    lines = overview.splitlines()
    torn = [line for line, after in zip(lines, lines[1:]) if line and after and len(line) <= 40]
    assert torn == [], overview


@pytest.mark.parametrize("command", ["show", "freeze", "advance", "resume"])
def test_clock_commands_have_help(command):
    done = run("clock", command, "--help")
    assert done.status == 0 and "OVERVIEW" in done.out


def test_help_of_serve_names_variables_and_defaults():
    text = " ".join(run("serve", "--help").out.split())
    for word in ("MARTLET_LAMBDA_MEMORY", "GATEWAY_LISTEN", "LOCALSTACK_HOST", "DEBUG",
                 "127.0.0.1:4566", "XDG_DATA_HOME"):
        assert word in text, word


def test_version():
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run("--version").out)


# Failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [
    ["status"], ["tail"], ["clock"], ["clock", "freeze"], ["clock", "advance", "1h"],
    ["clock", "resume"], ["reset", "--yes"], ["coverage"], ["health"]])
def test_without_a_server_it_says_how_to_start_one(arguments):
    done = run(*arguments, "--port", str(a_free_port()))
    assert_refused(done, "martlet serve", "--port")
    assert done.status == 1


@pytest.mark.parametrize("arguments, words", [
    (["serve", "--port", "99999"], ["99999", "65535"]),
    (["serve", "--port", "many"], ["many", "martlet serve --help"]),
    (["serve", "--durability", "none"], ["durable", "relaxed"]),
    (["serve", "--limits", "none"], ["relaxed", "aws"]),
    (["serve", "--profile", "none"], ["local", "secure"]),
    (["serve", "--runtimes", "none"], ["nearest", "strict"]),
    (["serve", "--log-format", "none"], ["text", "json"]),
    (["serve", "--lambda-memory", "12"], ["12", "128"]),
    (["serve", "--host", "0.0.0.0"], ["--unsafe-public", "127.0.0.1"]),
    (["serve", "--wrong"], ["--wrong", "martlet serve --help"]),
    (["wrong"], ["wrong", "--help"]),
    (["clock", "advance"], ["duration", "martlet clock advance --help"]),
    (["status", "--port", "0"], ["0", "65535"]),
])
def test_wrong_options_are_refused_in_one_line(arguments, words):
    assert_refused(run(*arguments), *words)


@pytest.mark.parametrize("variables, words", [
    ({"MARTLET_PORT": "many"}, ["MARTLET_PORT", "many"]),
    ({"MARTLET_DURABILITY": "none"}, ["MARTLET_DURABILITY", "durable", "relaxed"]),
    ({"MARTLET_LIMITS": "none"}, ["MARTLET_LIMITS", "relaxed", "aws"]),
    ({"MARTLET_LAMBDA_MEMORY": "lots"}, ["MARTLET_LAMBDA_MEMORY", "lots"]),
    ({"MARTLET_HOST": "0.0.0.0"}, ["0.0.0.0", "--unsafe-public"]),
    ({"GATEWAY_LISTEN": "0.0.0.0:4566"}, ["0.0.0.0", "--unsafe-public"]),
    ({"GATEWAY_LISTEN": ":4566"}, ["0.0.0.0", "--unsafe-public"]),
    ({"GATEWAY_LISTEN": "127.0.0.1:web"}, ["GATEWAY_LISTEN", "127.0.0.1:4566"]),
])
def test_wrong_variables_are_refused_in_one_line(variables, words):
    assert_refused(run("serve", **variables), *words)


def test_a_busy_port_is_told(server, tmp_path):
    done = run("serve", "--port", str(server.port), "--data-dir", str(tmp_path / "other"))
    assert_refused(done, str(server.port), "in use", "--port")


def test_a_busy_data_directory_is_told(server):
    done = run("serve", "--port", "0", "--data-dir", str(server.data_dir))
    assert_refused(done, str(server.data_dir), str(server.process.pid), "--data-dir")


def test_a_data_directory_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    assert_refused(run("serve", "--port", "0", "--data-dir", str(tmp_path / "file/data")),
                   "file/data")


def test_something_else_on_the_port_is_told():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [binary(), "health", "--port", str(port)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        connection, _ = listener.accept()
        connection.recv(4096)
        connection.sendall(b"HTTP/1.0 404 Not Found\r\n\r\nnothing")
        connection.close()
        out, error = process.communicate(timeout=10)
    assert_refused(SimpleNamespace(status=process.returncode, out=out, error=error), str(port))


def test_a_wrong_duration_is_refused_in_the_servers_words(server):
    done = run("clock", "advance", "1fortnight", "--port", str(server.port))
    assert_refused(done, "15m", "4d")


# Commands of a client --------------------------------------------------------------------------


def test_health(server):
    assert run("health", MARTLET_PORT=str(server.port)).out == "ok\n"


def test_env_prints_exports_that_a_shell_can_take(server):
    text = run("env", "--port", str(server.port)).out
    assert all(re.fullmatch(r"export [A-Z_]+=\S+", line) for line in text.splitlines())
    seen = subprocess.check_output(
        ["bash", "-c", f'eval "$({binary()} env --port {server.port})"; env'], text=True)
    assert f"AWS_ENDPOINT_URL=http://localhost:{server.port}\n" in seen
    assert f"AWS_ENDPOINT_URL_SQS=http://localhost:{server.port}\n" in seen
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        assert re.search(rf"^{name}=\S", seen, re.M)


def test_env_takes_the_port_from_the_variables():
    assert ":4999\n" in run("env", MARTLET_PORT="4999").out
    assert ":4998\n" in run("env", GATEWAY_LISTEN="127.0.0.1:4998").out
    assert ":4566\n" in run("env").out


def test_status_for_people_and_for_programs(server):
    text = server.cli("status").stdout
    for name, value in [
            ("version", r"\d+\.\d+\.\d+"), ("endpoint", rf"http://127\.0\.0\.1:{server.port}"),
            ("dataDirectory", re.escape(str(server.data_dir))), ("durability", "durable"),
            ("store", "open"), ("profile", "local"), ("limits", "relaxed"),
            ("sandbox", r"sandbox level: (namespaces|rlimits) \(.*\)"), ("environments", r"\d+"),
            ("services", "sqs, lambda, logs, iam, sts")]:
        assert re.search(rf"^{name} +{value}$", text, re.M), (name, text)
    document = json.loads(server.cli("status", "--json").stdout)
    assert document["functionMegabytesMax"] >= 512
    assert document["substitutes"] == []


def test_status_names_interpreters_that_stand_in():
    with Martlet() as own:
        app = Application(own, "test")
        # A version that no machine has: the nearest stands in.
        app.function(name="old", Runtime="python3.8")
        assert app.invoke("old", {"a": 1})["Payload"] == {"a": 1}
        text = own.cli("status").stdout
        found = re.search(r"^substitutes +(.*)$", text, re.M).group(1)
        if installed_python() != "python3.8":
            assert "python3.8" in found
        assert re.search(r"^environments +1$", text, re.M)


def test_clock_commands(own_martlet):
    server = own_martlet
    assert re.fullmatch(r"\d{4}-\S+Z \(real\)\n", server.cli("clock", "show").stdout)
    frozen = server.cli("clock", "freeze").stdout
    assert frozen.endswith("(frozen)\n")
    assert server.cli("clock").stdout == frozen
    moved = server.cli("clock", "advance", "1h30m").stdout.splitlines()
    assert moved[0].endswith("(frozen)") and re.fullmatch(r"fired \d+", moved[1])
    hours = [int(line[11:13]) for line in (frozen, moved[0])]
    assert (hours[1] - hours[0]) % 24 in (1, 2)
    assert server.cli("clock", "resume").stdout.endswith("(real)\n")


def test_coverage_lists_what_is_not_simply_honoured(server):
    text = server.cli("coverage").stdout
    assert re.search(r"^sqs: \d+ of \d+ operations$", text, re.M)
    assert "    TokenCode: refused: " in text
    assert "honoured" not in text
    every = server.cli("coverage", "--members").stdout
    assert "    QueueUrl: honoured" in every
    document = json.loads(server.cli("coverage", "--json").stdout)
    assert document["sqs"]["operations"]["SendMessage"]["MessageBody"] == "honoured"


def test_tail_shows_calls_with_what_they_caused_indented(own_martlet):
    server = own_martlet
    app = Application(server, "test")
    url = app.queue(VisibilityTimeout="60")
    name = app.function(role=app.role(managed=[
        "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]))
    app.mapping(name, url)
    process = subprocess.Popen(
        [binary(), "tail", "--port", str(server.port)], stdout=subprocess.PIPE, text=True)
    try:
        lines = []

        def follow_until(pattern):
            for line in process.stdout:
                lines.append(line.rstrip("\n"))
                if re.search(pattern, line):
                    return
            raise AssertionError("\n".join(lines))

        # What came before the follower is not shown: send once it hears us.
        eventually(lambda: heard(app, process), what="the follower being there")
        app.sqs.send_message(QueueUrl=url, MessageBody="order")
        watchdog(process, 20)
        follow_until(r"lambda\.Invoke")
    finally:
        process.kill()
        process.wait()
    sent = [line for line in lines if "sqs.SendMessage 200" in line][0]
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}Z sqs\.", sent)
    assert re.match(r"\S+   +lambda\.Invoke", lines[-1]), lines[-1]
    assert name in lines[-1]
    # No colours where nobody sees them.
    assert "\033" not in "".join(lines)


def heard(app, process):
    import select
    app.sts.get_caller_identity()
    return bool(select.select([process.stdout], [], [], 0.2)[0])


def watchdog(process, seconds):
    import threading
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()


def test_tail_as_json(own_martlet):
    server = own_martlet
    process = subprocess.Popen(
        [binary(), "tail", "--json", "--port", str(server.port)], stdout=subprocess.PIPE,
        text=True)
    try:
        watchdog(process, 20)
        eventually(lambda: heard(Application(server, "test"), process))
        record = json.loads(process.stdout.readline())
        assert (record["service"], record["operation"]) == ("sts", "GetCallerIdentity")
    finally:
        process.kill()
        process.wait()


class TestReset:
    def test_asks(self, own_martlet):
        sqs = own_martlet.client("sqs")
        url = sqs.create_queue(QueueName=fresh())["QueueUrl"]
        for answer in ("", "no\n", "y\n"):
            done = own_martlet.cli("reset", check=False, input=answer)
            assert done.returncode == 1
            assert "Nothing was deleted" in done.stderr and "--yes" in done.stderr
        assert sqs.list_queues()["QueueUrls"] == [url]

    def test_takes_yes(self, own_martlet):
        sqs = own_martlet.client("sqs")
        sqs.create_queue(QueueName=fresh())
        own_martlet.cli("reset", input="yes\n")
        assert "QueueUrls" not in sqs.list_queues()

    def test_takes_the_option(self, own_martlet):
        sqs = own_martlet.client("sqs")
        sqs.create_queue(QueueName=fresh())
        own_martlet.clock.freeze()
        own_martlet.cli("reset", "--yes", input="")
        assert "QueueUrls" not in sqs.list_queues()
        assert own_martlet.clock.show()["mode"] == "real"


# Settings of the server ------------------------------------------------------------------------


def listening(*flags, **environment):
    """A server whose settings come from here alone; give its end with `end`."""
    process = subprocess.Popen(
        [binary(), "serve", *flags], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={"PATH": os.environ["PATH"]} | environment)
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if "Ready." in line:
            return process, lines
    raise AssertionError(f"ended with {process.wait()}: {lines}")


def end(process):
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_settings_by_variables(tmp_path):
    port = a_free_port()
    process, lines = listening(
        MARTLET_PORT=str(port), MARTLET_DATA_DIR=str(tmp_path / "data"),
        MARTLET_DURABILITY="relaxed", MARTLET_LIMITS="aws", MARTLET_PROFILE="secure",
        MARTLET_LAMBDA_MEMORY="256")
    try:
        assert f"Listening on http://127.0.0.1:{port}" in lines
        assert any(str(tmp_path / "data") in line and "martlet reset" in line for line in lines)
        status = json.loads(run("status", "--json", MARTLET_PORT=str(port)).out)
        assert (status["durability"], status["limits"], status["profile"]) == (
            "relaxed", "aws", "secure")
        assert status["functionMegabytesMax"] == 256
        assert os.stat(tmp_path / "data").st_mode & 0o777 == 0o700
    finally:
        end(process)


def test_options_win_over_variables(tmp_path):
    port = a_free_port()
    process, lines = listening(
        "--port", str(port), "--durability", "durable", MARTLET_PORT="1",
        MARTLET_DATA_DIR=str(tmp_path), MARTLET_DURABILITY="relaxed")
    try:
        assert f"Listening on http://127.0.0.1:{port}" in lines
        status = json.loads(run("status", "--json", "--port", str(port)).out)
        assert status["durability"] == "durable"
    finally:
        end(process)


def test_the_default_data_directory_follows_xdg(tmp_path):
    process, lines = listening("--port", "0", XDG_DATA_HOME=str(tmp_path))
    end(process)
    assert any(str(tmp_path / "martlet") in line for line in lines)
    process, lines = listening("--port", "0", HOME=str(tmp_path))
    end(process)
    assert any(str(tmp_path / ".local/share/martlet") in line for line in lines)


def test_gateway_listen_and_localstack_host(tmp_path):
    port = a_free_port()
    process, lines = listening(
        MARTLET_DATA_DIR=str(tmp_path), GATEWAY_LISTEN=f"127.0.0.1:{port},127.0.0.1:1",
        LOCALSTACK_HOST="cloud.example:8080")
    try:
        assert f"Listening on http://127.0.0.1:{port}" in lines
        server = Martlet()
        server.port = port
        url = server.client("sqs").create_queue(QueueName="a")["QueueUrl"]
        assert url == "http://cloud.example:8080/000000000000/a"
        assert server.raw("GET", "/_martlet/health", {"Host": "cloud.example:8080"}).status == 200
    finally:
        end(process)


def test_host_names_and_origins_by_variables(tmp_path):
    process, lines = listening(
        "--port", "0", MARTLET_DATA_DIR=str(tmp_path), MARTLET_HOST_NAME="a.example,*.b.example",
        MARTLET_ALLOW_ORIGIN="https://c.example")
    try:
        server = Martlet()
        server.port = int(re.search(r"127\.0\.0\.1:(\d+)", "\n".join(lines)).group(1))
        for headers, status in [
                ({"Host": "a.example"}, 200), ({"Host": "x.b.example"}, 200),
                ({"Host": "c.example"}, 403), ({"Origin": "https://c.example"}, 200),
                ({"Origin": "https://d.example"}, 403)]:
            assert server.raw("GET", "/_martlet/health", headers).status == status, headers
    finally:
        end(process)


def test_relaxed_durability_survives_the_end_of_the_process():
    with Martlet("--durability", "relaxed") as server:
        sqs = server.client("sqs")
        url = sqs.create_queue(QueueName="kept")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="kept")
        server.restart(kill=True)
        message, = server.client("sqs").receive_message(QueueUrl=url)["Messages"]
        assert message["Body"] == "kept"


class TestEphemeral:
    def test_leaves_nothing(self, tmp_path):
        folder = tmp_path / "data"
        server = Martlet("--ephemeral", data_dir=folder)
        with server:
            app = Application(server, "test")
            url = app.queue()
            # Archives and unpacked code need files: they are not in the data directory either.
            assert app.invoke(app.function(), 7)["Payload"] == 7
            pid = server.process.pid
            assert os.path.isdir(f"/tmp/martlet-ephemeral-{pid}")
            assert os.stat(f"/tmp/martlet-ephemeral-{pid}").st_mode & 0o777 == 0o700
            assert "ephemeral" in server.cli("status").stdout
            server.restart()
            assert not os.path.exists(f"/tmp/martlet-ephemeral-{pid}")
            assert "QueueUrls" not in server.client("sqs").list_queues()
        assert any("gone at the end" in line for line in server.log_lines)
        assert not folder.exists() or list(folder.iterdir()) == []
        assert url

    def test_what_a_killed_server_left_goes_at_the_next_start(self, tmp_path):
        server = Martlet("--ephemeral", data_dir=tmp_path).start()
        pid = server.process.pid
        server.kill9()
        assert os.path.isdir(f"/tmp/martlet-ephemeral-{pid}")
        server.start()
        server.stop()
        assert not os.path.exists(f"/tmp/martlet-ephemeral-{pid}")

    def test_two_do_not_disturb_each_other(self, tmp_path):
        first = Martlet("--ephemeral", data_dir=tmp_path)
        second = Martlet("--ephemeral", data_dir=tmp_path)
        with first, second:
            Application(first, "test").queue()
            assert "QueueUrls" not in second.client("sqs").list_queues()


def test_debug_logs_every_request(martlet_with):
    server = martlet_with(environment={"DEBUG": "1"})
    server.client("sqs").list_queues()
    server.wait_for_log(r"^debug: POST / AmazonSQS\.ListQueues 200 \d+ ms$")
    # What never became a call is there too.
    server.raw("GET", "/_martlet/health", {"Host": "evil.example"})
    server.wait_for_log(r"^debug: GET /_martlet/health 403 ")
    server.raw("GET", "/nothing")
    server.wait_for_log(r"^debug: GET /nothing 404 ")


def test_without_debug_requests_are_not_logged(server):
    lines = len(server.log_lines)
    server.client("sqs").list_queues()
    time.sleep(0.2)
    assert server.log_lines[lines:] == []


def test_the_log_as_json(tmp_path):
    process, lines = listening(
        "--port", "0", "--log-format", "json", MARTLET_DATA_DIR=str(tmp_path), DEBUG="1")
    try:
        documents = [json.loads(line) for line in lines]
        assert all({"time", "level", "message"} <= set(document) for document in documents)
        assert documents[-1]["message"] == "Ready." and documents[-1]["level"] == "info"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z", documents[-1]["time"])
        server = Martlet()
        server.port = int(re.search(r"127\.0\.0\.1:(\d+)", "\n".join(lines)).group(1))
        server.client("sqs").list_queues()
        told = json.loads(process.stdout.readline())
        while told["level"] != "debug":
            told = json.loads(process.stdout.readline())
        assert (told["method"], told["path"], told["target"], told["status"]) == (
            "POST", "/", "AmazonSQS.ListQueues", 200)
        assert "test" not in json.dumps(told)
    finally:
        end(process)


def test_errors_as_json(server, tmp_path):
    done = run("serve", "--port", str(server.port), "--data-dir", str(tmp_path),
               MARTLET_LOG_FORMAT="json")
    assert done.status == 1
    told = json.loads(done.error)
    assert told["level"] == "error" and "in use" in told["message"]


def test_a_public_address_needs_the_flag(tmp_path):
    process, lines = listening(
        "--host", "0.0.0.0", "--port", "0", "--unsafe-public", MARTLET_DATA_DIR=str(tmp_path))
    end(process)
    assert any(line.startswith("Listening on http://0.0.0.0:") for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_order(tmp_path, number):
    process, _ = listening("--port", "0", MARTLET_DATA_DIR=str(tmp_path))
    process.send_signal(number)
    assert process.wait(20) == 0
    assert "Ending" in process.stdout.read()


def test_without_namespaces_the_log_says_what_is_not_stopped(martlet_with):
    # A machine without bubblewrap is not to be had here, so the level in use decides what is seen.
    server = martlet_with()
    text = server.cli("status").stdout
    weak = "does NOT stop" in text
    assert weak == ("sandbox level: rlimits" in text)
    if weak:
        server.wait_for_log("does NOT stop")
    else:
        assert not any("does NOT stop" in line for line in server.log_lines)
