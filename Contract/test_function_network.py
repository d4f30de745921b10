# SPDX-License-Identifier: Apache-2.0
"""What functions reach outside at level namespaces: other machines, never this one's loopback.

Ours: issue, item 7. Where the machine has no address but loopback, or no program to carry the
traffic, the tests that need one are skipped and say so.
"""

import shutil
import socket
import threading
from pathlib import Path

import pytest

from functions import Application
from test_escape_probes import level, own_address

CALLS = """
import socket
def handler(event, context):
    if event == "resolv.conf":
        return open("/etc/resolv.conf").read()
    try:
        with socket.create_connection(tuple(event), timeout=4) as there:
            there.sendall(b"ping")
            return there.recv(64).decode()
    except OSError as error:
        return error.errno or str(error)
"""


def echo(address):
    """A listener that answers `ping` with `pong`, until it is closed."""
    listener = socket.create_server((address, 0))

    def serve():
        while True:
            try:
                there, _ = listener.accept()
            except OSError:
                return
            with there:
                if there.recv(64) == b"ping":
                    there.sendall(b"pong")

    threading.Thread(target=serve, daemon=True).start()
    return listener


def programs(server):
    """Programs that carry traffic for this server's functions."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit() or (entry / "comm").read_text().strip() not in (
                    "slirp4netns", "passt", "passt.avx2"):
                continue
            parent = entry
            while parent.name not in ("0", "1", str(server.process.pid)):
                parent = Path("/proc") / (parent / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if parent.name != "0" and parent.name != "1":
                found.append(entry.name)
        except OSError:
            pass
    return found


def opened(server, account):
    if level(server) != "namespaces":
        pytest.skip("functions do not run at level namespaces here")
    app = Application(server, account)
    return app, app.function(CALLS, Timeout=20)


def test_functions_reach_other_addresses(martlet, account):
    if not (shutil.which("slirp4netns") or shutil.which("passt")):
        pytest.skip("neither slirp4netns nor passt is installed")
    address = own_address()
    if address == "127.0.0.1":
        pytest.skip("this machine has no address but loopback")
    app, name = opened(martlet, account)
    assert "outgoing network: none" not in martlet.cli("status").stdout
    assert app.invoke(name, "resolv.conf")["Payload"] is not None
    before = len(programs(martlet))
    with echo(address) as listener:
        for _ in range(2):
            assert app.invoke(name, [address, listener.getsockname()[1]])["Payload"] == "pong"
    # Started by the first frame, not with the function.
    assert len(programs(martlet)) == before + 1


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.2.2", "10.0.2.3", "localhost"])
def test_functions_never_reach_the_machines_loopback(martlet, account, host):
    app, name = opened(martlet, account)
    with echo("127.0.0.1") as listener:
        port = listener.getsockname()[1]
        assert socket.create_connection(("127.0.0.1", port), timeout=2)
        assert app.invoke(name, [host, port])["Payload"] != "pong"


@pytest.mark.parametrize("host", ["169.254.169.254", "169.254.1.1"])
def test_link_local_addresses_are_out_of_reach(martlet, account, host):
    app, name = opened(martlet, account)
    # EHOSTUNREACH or ENETUNREACH: refused inside, at once, by whatever network there is.
    assert app.invoke(name, [host, 80])["Payload"] in (113, 101)


def test_the_network_can_be_switched_off(martlet_with, account):
    server = martlet_with("--function-network=none")
    app, name = opened(server, account)
    address = own_address()
    assert "outgoing network: none" in server.cli("status").stdout
    assert app.invoke(name, "resolv.conf")["Payload"] == ""
    if address != "127.0.0.1":
        with echo(address) as listener:
            assert app.invoke(name, [address, listener.getsockname()[1]])["Payload"] == 101
    assert programs(server) == []
