# SPDX-License-Identifier: Apache-2.0
"""A hostile function tries to get out of its sandbox; at level namespaces every probe fails.

Each probe is code that runs inside and answers `{"escaped": …, "saw": …}`; what it may not
reach is planted outside first. The level is printed with the first test. Ours: issue, Shows, and
reliability S16.
"""

import json
import socket
import threading
import uuid
from pathlib import Path

import pytest

from functions import ECHO, Application
from harness import Martlet, eventually

INSIDE = r'''
import ctypes, json, os, resource, socket, struct, subprocess, sys, time, urllib.error
import urllib.request

def files(root, limit=20000):
    seen = 0
    for folder, folders, names in os.walk(root, followlinks=False):
        skipped = ("/proc", "/sys", "/usr")
        folders[:] = [n for n in folders if os.path.join(folder, n) not in skipped]
        for name in names:
            seen += 1
            if seen > limit:
                return
            yield os.path.join(folder, name)

def holds(path, marker):
    try:
        # Devices of the sandbox's own, such as /dev/urandom, never end.
        if not os.path.isfile(path) or os.path.getsize(path) > 5_000_000:
            return False
        with open(path, "rb") as file:
            return marker.encode() in file.read()
    except OSError:
        return False

def tried(action):
    """What the action gave, or None where it was refused."""
    try:
        return action() or True
    except (OSError, ValueError, urllib.error.URLError):
        # Python's resource module words the kernel's EPERM as a ValueError.
        return None

def data_directory(event):
    seen = [p for p in (event["data"], os.path.dirname(event["data"])) if os.path.exists(p)
            and os.listdir(p)]
    return bool(seen), seen

def other_code(event):
    found = [p for p in files("/") if p != "/var/task/index.py" and holds(p, event["marker"])]
    return bool(found), found

def other_environment(event):
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and holds(f"/proc/{entry}/environ", event["marker"]):
            found.append(entry)
    return bool(found), found

def other_memory(event):
    opened = [e for e in os.listdir("/proc") if e.isdigit() and int(e) not in (1, os.getpid(),
              os.getppid()) and tried(lambda: open(f"/proc/{e}/mem", "rb"))]
    return bool(opened), opened

def other_processes(event):
    seen = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                seen.append(open(f"/proc/{entry}/cmdline").read().replace("\0", " "))
            except OSError:
                pass
    return any("serve" in line and "martlet" in line for line in seen), seen

def signalling_the_server(event):
    sent = [number for number in (0, 15) if tried(lambda: os.kill(event["server"], number))]
    return bool(sent) and event["server"] != os.getpid(), sent

def answering_for_another(event):
    base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
    request = urllib.request.Request(base + event["request"] + "/response", data=b'"forged"')
    try:
        with urllib.request.urlopen(request, timeout=3) as reply:
            return reply.status < 300, reply.status
    except urllib.error.HTTPError as error:
        return False, error.code

def others_runtime_api(event):
    own = os.environ["AWS_LAMBDA_RUNTIME_API"]
    reached = []
    for port in event["ports"]:
        if own.endswith(f":{port}"):
            continue
        for host in ("127.0.0.1", "10.0.2.2", "169.254.1.1"):
            try:
                socket.create_connection((host, port), timeout=0.5).close()
                reached.append([host, port])
            except OSError:
                pass
    return bool(reached), reached

def admin(event):
    found = {}
    for path in ("/_martlet/reset", "/_martlet/clock", "/_martlet/journal"):
        request = urllib.request.Request(
            os.environ["AWS_ENDPOINT_URL"] + path, data=b'{"action": "freeze"}',
            headers={"X-Martlet-Request": "1"})
        try:
            with urllib.request.urlopen(request, timeout=3) as reply:
                found[path] = reply.status
        except urllib.error.HTTPError as error:
            found[path] = error.code
    return any(status < 400 for status in found.values()), found

def writing_outside(event):
    written = []
    for folder in ("/", "/etc", "/usr", "/usr/lib", "/var", "/var/task", "/opt", "/home", "/root",
                   "/dev", "/dev/shm", "/proc/sys/kernel", "/sys/fs/cgroup", "/run", "/mnt"):
        path = os.path.join(folder, "martlet-" + event["marker"])
        if tried(lambda: open(path, "w").close()):
            written.append(path)
    return any(os.path.dirname(p) != "/dev/shm" for p in written), written

def own_code_is_read_only(event):
    return bool(tried(lambda: open("/var/task/index.py", "a").write("x"))), None

def shared_memory(event):
    return os.path.exists("/dev/shm/" + event["marker"]), None

def raw_sockets(event):
    kinds = [(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
             (socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP),
             (getattr(socket, "AF_PACKET", 17), socket.SOCK_RAW, 0x0300)]
    made = [str(kind) for kind in kinds if tried(lambda: socket.socket(*kind))]
    return bool(made), made

def abstract_sockets(event):
    unix = socket.socket(socket.AF_UNIX)
    return bool(tried(lambda: unix.connect("\0" + event["marker"]))), None

def user(event):
    became = tried(lambda: os.setuid(0))
    return os.getuid() == 0 or bool(became), [os.getuid(), os.getgid()]

def capabilities(event):
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines()
                  if ":\t" in line)
    held = int(status["CapEff"], 16) | int(status["CapPrm"], 16) | int(status["CapBnd"], 16)
    return held != 0 or status["NoNewPrivs"].strip() != "1", status["CapEff"]

def system_calls(event):
    library = ctypes.CDLL(None, use_errno=True)
    worked = []
    for name, arguments in (
            ("mount", (b"none", b"/tmp", b"tmpfs", 0, None)), ("umount2", (b"/tmp", 2)),
            ("chroot", (b"/tmp",)), ("sethostname", (b"x", 1)),
            ("unshare", (0x10000000,)), ("unshare", (0x00020000,)),
            ("swapoff", (b"/none",)), ("reboot", (0x89ABCDEF,)),
            ("settimeofday", (struct.pack("ll", 0, 0), None)),
            ("ptrace", (16, 1, None, None))):
        if getattr(library, name)(*arguments) == 0:
            worked.append(name)
    return bool(worked), worked

def devices(event):
    opened = [p for p in ("/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/nvme0n1",
              "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/proc/kcore") if
              tried(lambda: open(p, "rb").read(1))]
    made = tried(lambda: os.mknod("/tmp/device", 0o60666, os.makedev(8, 0)))
    return bool(opened) or bool(made), opened

def host_network(event):
    reached = []
    for host in ("127.0.0.1", "10.0.2.2", "10.0.2.3", event["address"]):
        try:
            connection = socket.create_connection((host, event["port"]), timeout=0.5)
            connection.sendall(b"inside")
            reached.append(host)
        except OSError:
            pass
    return bool(reached), reached

def metadata_service(event):
    return bool(tried(lambda: socket.create_connection(("169.254.169.254", 80), 0.5))), None

def priorities_and_limits(event):
    raised = [name for name in ("RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CORE")
              if resource.getrlimit(getattr(resource, name))[1] != resource.RLIM_INFINITY and
              tried(lambda: resource.setrlimit(getattr(resource, name), (2**30, 2**30)))]
    return bool(raised) or bool(tried(lambda: os.nice(-5))), raised

def left_behind(event):
    """Files of an earlier environment of another function must not be in /tmp."""
    return os.path.exists("/tmp/" + event["marker"]), os.listdir("/tmp")

def handler(event, context):
    escaped, saw = globals()[event["probe"]](event)
    return {"escaped": bool(escaped), "saw": saw}
'''

PROBES = [
    "data_directory", "other_code", "other_environment", "other_memory", "other_processes",
    "signalling_the_server", "answering_for_another", "others_runtime_api", "admin",
    "writing_outside", "own_code_is_read_only", "shared_memory", "raw_sockets",
    "abstract_sockets", "user", "capabilities", "system_calls", "devices", "host_network",
    "metadata_service", "priorities_and_limits", "left_behind"]

VICTIM = """
import os, time
MARKER = "{marker}"
def handler(event, context):
    open("/tmp/" + MARKER, "w").close()
    print("HELD", context.aws_request_id)
    time.sleep(event)
    return "untouched"
"""


@pytest.fixture(scope="module")
def world():
    """A server with a victim that is running and an attacker; and what to look for."""
    marker = "m" + uuid.uuid4().hex
    shared = Path("/dev/shm") / marker
    shared.touch()
    unix = socket.socket(socket.AF_UNIX)
    unix.bind("\0" + marker)
    unix.listen()
    loopback = socket.create_server(("127.0.0.1", 0))
    with Martlet() as server:
        app = Application(server, "222233334444")
        victim = app.function(
            VICTIM.format(marker=marker), Timeout=120,
            Environment={"Variables": {"SECRET": marker}})
        attacker = app.function(INSIDE, Timeout=30)
        answer = []
        held = threading.Thread(
            target=lambda: answer.append(app.invoke(victim, 60)["Payload"]), daemon=True)
        held.start()
        eventually(lambda: app.count(victim, "HELD"), 15, "the victim running")
        line = next(line for line in app.lines(victim) if line.startswith("HELD"))
        event = {
            "marker": marker, "data": str(server.data_dir), "server": server.process.pid,
            "request": line.split()[1], "ports": listening(), "address": own_address(),
            "port": loopback.getsockname()[1]}
        yield server, app, attacker, event
        assert server.process.poll() is None
        assert answer in ([], ["untouched"])
    shared.unlink()
    unix.close()
    loopback.close()


def listening():
    """The TCP ports this machine listens on, those of every Runtime API among them."""
    ports = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            ports.add(int(fields[1].split(":")[1], 16))
    return sorted(ports)[:50]


def own_address():
    """An address of this machine other than loopback, or loopback where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def level(server):
    """The sandbox level the server says it runs functions at."""
    text = server.cli("status").stdout.lower()
    # The weaker level's text names namespaces too: it says why they are not to be had.
    return "namespaces" if "sandbox level: namespaces" in text else "rlimits"


def test_the_level_is_namespaces(world, capsys):
    # issue, Shows: the test prints the level it ran at. Below it nothing here is promised.
    found = level(world[0])
    with capsys.disabled():
        print(f"\nescape probes: functions run at level {found}")
    assert found == "namespaces"


@pytest.mark.parametrize("probe", PROBES)
def test_probe_does_not_escape(world, probe):
    server, app, attacker, event = world
    if probe == "others_runtime_api":
        # Martlet's own port inside is a listener of the sandbox's own, and meant to be reached.
        event = event | {"ports": [p for p in event["ports"] if p != server.port]}
    reply = app.invoke(attacker, event | {"probe": probe})
    assert "FunctionError" not in reply, reply["Payload"]
    assert reply["Payload"]["escaped"] is False, json.dumps(reply["Payload"])
    assert server.process.poll() is None
    assert server.raw("GET", "/_martlet/health").status == 200


def test_fork_bomb_is_bounded_and_ends(world):
    server, app, _, _ = world
    marker = "bomb" + uuid.uuid4().hex[:8]
    code = ("import os, sys, time\n"
            "def handler(event, context):\n"
            "    made = 0\n"
            "    while made < 20000:\n"
            "        try:\n"
            "            child = os.fork()\n"
            "        except OSError:\n"
            "            break\n"
            "        if child == 0:\n"
            f"            os.execv(sys.executable, [sys.executable, '-c', 'import time; '\n"
            f"                     'time.sleep(300)', '{marker}'])\n"
            "        made += 1\n"
            "    time.sleep(1)\n"
            "    return made\n")
    name = app.function(code, Timeout=20)
    reply = app.invoke(name)
    if "FunctionError" not in reply:
        assert reply["Payload"] < 20_000
    assert server.raw("GET", "/_martlet/health").status == 200
    app.functions.delete_function(FunctionName=name)
    eventually(lambda: not running(marker), 20, "the bomb's processes ending")


def running(marker):
    """Processes of this machine whose command line holds the marker."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker in (entry / "cmdline").read_text():
                    found.append(entry.name)
            except OSError:
                pass
    return found


def test_filling_tmp_hits_its_bound(world):
    # documentation: /tmp has 512 MB by default.
    _, app, _, _ = world
    code = ("def handler(event, context):\n"
            "    written = 0\n"
            "    try:\n"
            "        with open('/tmp/fill', 'wb', buffering=0) as file:\n"
            "            while written < 2_000_000_000:\n"
            "                written += file.write(bytes(1_000_000))\n"
            "    except OSError as error:\n"
            "        return [written, error.errno]\n"
            "    return [written, 0]\n")
    name = app.function(code, Timeout=60, MemorySize=2048)
    reply = app.invoke(name)
    if "FunctionError" in reply:
        assert "signal: killed" in reply["Payload"]["errorMessage"]
    else:
        written, errno = reply["Payload"]
        assert errno == 28 and written <= 540_000_000


def test_memory_hog_is_killed(world):
    server, app, _, _ = world
    code = ("def handler(event, context):\n"
            "    held = []\n"
            "    while True:\n"
            "        held.append(bytearray(b'x' * 10_000_000))\n")
    name = app.function(code, Timeout=20, MemorySize=128)
    reply = app.invoke(name)
    assert reply["FunctionError"] == "Unhandled"
    assert "killed" in reply["Payload"]["errorMessage"]
    assert server.raw("GET", "/_martlet/health").status == 200


@pytest.mark.parametrize("ending", ["return", "exit", "timeout"])
def test_nothing_survives_its_environment(world, ending):
    # A daemon that left its parent's session still ends with the sandbox.
    _, app, _, _ = world
    marker = "survivor" + uuid.uuid4().hex[:8]
    last = {"return": "return 'done'", "exit": "os._exit(1)", "timeout": "time.sleep(60)"}[ending]
    code = ("import os, subprocess, sys, time\n"
            "def handler(event, context):\n"
            "    subprocess.Popen(\n"
            f"        [sys.executable, '-c', 'import time; time.sleep(300)', '{marker}'],\n"
            "        start_new_session=True)\n"
            f"    {last}\n")
    name = app.function(code, Timeout=2)
    app.invoke(name)
    if ending == "return":
        assert running(marker)
        app.functions.delete_function(FunctionName=name)
    eventually(lambda: not running(marker), 20, "the daemon ending")


def test_functions_end_with_a_killed_server(own_martlet, account):
    app = Application(own_martlet, account)
    marker = "orphan" + uuid.uuid4().hex[:8]
    name = app.function(
        "import subprocess, sys\n"
        "def handler(event, context):\n"
        "    subprocess.Popen(\n"
        f"        [sys.executable, '-c', 'import time; time.sleep(300)', '{marker}'],\n"
        "        start_new_session=True)\n")
    app.invoke(name)
    assert running(marker)
    own_martlet.kill9()
    eventually(lambda: not running(marker), 10, "the orphan ending")
    own_martlet.start()
    assert app.invoke(app.function(ECHO), 1)["Payload"] == 1
