// SPDX-License-Identifier: Apache-2.0
// A hostile function: each probe tries one way out and tells what it got. Run by EscapeTests.

/// Python source whose handler runs `event["probe"]` and returns what escaped; none is `[]`.
enum EscapeProbes {
    static let source = #"""
        import ctypes, errno, os, resource, signal, socket, stat, subprocess, sys, time
        libc = ctypes.CDLL(None, use_errno=True)

        def attempt(name, action):
            """What succeeded, as a list of one, or nothing."""
            try:
                action()
            except (OSError, ValueError):
                return []
            return [name]

        def call(name, *arguments):
            if libc.syscall(*arguments) != -1:
                return [name]
            return []

        def data_directory(event):
            return (attempt("read", lambda: open(event["secret"]).read())
                + attempt("list", lambda: os.listdir(os.path.dirname(event["secret"])))
                + attempt("root", lambda: open("/proc/1/root" + event["secret"]).read())
                + attempt("dots", lambda: open("/var/task/../.." + event["secret"]).read())
                + [n for n in ("home", "root", "srv", "mnt", "data") if os.path.exists("/" + n)])

        def other_code(event):
            return (attempt("read", lambda: open(event["other"] + "/main.py").read())
                + [n for n in os.listdir("/tmp") if n.startswith("martlet")]
                + attempt("state", lambda: os.listdir("/var/runtime/../functions")))

        def other_processes(event):
            found = [n for n in os.listdir("/proc") if n.isdigit()]
            extra = found if len(found) > 8 else []
            for number in found:
                for part in ("environ", "cmdline"):
                    try:
                        text = open("/proc/%s/%s" % (number, part), "rb").read()
                    except OSError:
                        continue
                    for mark in (b"MARK_OF_ANOTHER", b"xctest"):
                        if mark in text and mark.decode() not in os.environ:
                            extra.append(number + part)
            return extra

        def other_runtime_api(event):
            got = []
            for port in event["ports"]:
                got += attempt("port %d" % port,
                    lambda: socket.create_connection(("127.0.0.1", port), 2))
            own = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
            connection = socket.create_connection((own[0], int(own[1])), 2)
            connection.sendall(b"POST /2018-06-01/runtime/invocation/of-another/response "
                b"HTTP/1.1\r\nContent-Length: 1\r\n\r\n1")
            if b" 400 " not in connection.recv(4096):
                got.append("spoofed")
            return got

        def machine_network(event):
            got = []
            for host in ("169.254.169.254", "169.254.0.1"):
                got += attempt(host, lambda: socket.create_connection((host, 80), 1))
            got += attempt("abstract socket", lambda: socket.socket(socket.AF_UNIX)
                .connect("\0" + event["abstract"]))
            names = [n for _, n in socket.if_nameindex()]
            return got + [n for n in names if n not in ("lo", "tap0")]

        def signals(event):
            got = attempt("signal", lambda: os.kill(event["server"], 0))
            return got + attempt("group", lambda: os.kill(-event["server"], 0))

        def fork_bomb(event):
            children = 0
            try:
                while children < 3000:
                    if os.fork() == 0:
                        time.sleep(30)
                        os._exit(0)
                    children += 1
            except OSError:
                pass
            return ["%d processes" % children] if children >= 1024 else []

        def fill_temporary(event):
            written = 0
            try:
                with open("/tmp/fill", "wb") as file:
                    while written < 64 << 20:
                        written += file.write(b"x" * 1048576)
                        file.flush()
            except OSError:
                pass
            os.unlink("/tmp/fill")
            return ["%d bytes" % written] if written > event["temporary"] else []

        def write_outside(event):
            places = ["/", "/var/task", "/var/runtime", "/usr/bin", "/etc", "/opt", "/dev",
                "/dev/shm", "/var", "/proc", "/usr/lib/python3", event["outside"]]
            got = []
            for place in places:
                got += attempt(place, lambda: open(place + "/escaped", "w"))
            for path in ["/etc/passwd", "/var/task/main.py", "/proc/sys/kernel/core_pattern",
                    "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger"]:
                got += attempt(path, lambda: open(path, "r+"))
            return got + attempt("unnamed", lambda: os.open("/", os.O_TMPFILE | os.O_WRONLY))

        def raw_sockets(event):
            got = attempt("raw", lambda: socket.socket(
                socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
            got += attempt("packet", lambda: socket.socket(
                socket.AF_PACKET, socket.SOCK_RAW, 0))
            return got + attempt("vsock", lambda: socket.socket(
                socket.AF_VSOCK, socket.SOCK_STREAM))

        def privileges(event):
            got = attempt("setuid", lambda: os.setuid(0))
            got += attempt("setgid", lambda: os.setgid(0))
            got += attempt("chroot", lambda: os.chroot("/tmp"))
            if os.getuid() == 0 or os.geteuid() == 0:
                got.append("is root")
            status = open("/proc/self/status").read()
            for line in status.splitlines():
                name, _, value = line.partition(":\t")
                if name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb") and int(value, 16):
                    got.append(line)
                if name == "NoNewPrivs" and value != "1":
                    got.append(line)
            return got

        def system_calls(event):
            numbers = event["numbers"]
            new_user, new_network = 0x10000000, 0x40000000
            got = call("unshare user", numbers["unshare"], new_user)
            got += call("unshare network", numbers["unshare"], new_user | new_network)
            got += call("clone user", numbers["clone"], new_user | 17, 0, 0, 0, 0)
            got += call("mount", numbers["mount"], b"x", b"/tmp", b"tmpfs", 0, None)
            got += call("ptrace", numbers["ptrace"], 16, 1, 0, 0)
            got += call("keyctl", numbers["keyctl"], 0, -3, 1)
            got += call("bpf", numbers["bpf"], 5, 0, 0)
            got += call("perf", numbers["perf_event_open"], 0, 0, -1, -1, 0)
            got += call("io_uring", numbers["io_uring_setup"], 8, ctypes.create_string_buffer(256))
            return got + call("userfaultfd", numbers["userfaultfd"], 0)

        def devices(event):
            got = attempt("mknod", lambda: os.mknod("/tmp/disk", stat.S_IFBLK | 0o600,
                os.makedev(254, 0)))
            allowed = {"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin",
                "stdout", "stderr", "pts", "ptmx", "shm", "core", "console"}
            got += [n for n in os.listdir("/dev") if n not in allowed]
            got += attempt("terminal", lambda: open("/dev/tty"))
            return got + [n for n in ("sys", "boot", "run") if os.path.exists("/" + n)]

        def descriptors(event):
            got = []
            for number in os.listdir("/proc/self/fd"):
                try:
                    target = os.readlink("/proc/self/fd/" + number)
                except OSError:
                    continue
                mine = target.startswith(("pipe:", "/dev/null", "/proc/", "/usr/lib/"))
                if not mine and not target.startswith("socket:"):
                    got.append(target)
                if target.startswith("socket:") and int(number) > 3:
                    got.append(number + target)
            return got

        def limits(event):
            got = []
            for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_CORE):
                hard = resource.getrlimit(kind)[1]
                got += attempt("raise %d" % kind, lambda: resource.setrlimit(
                    kind, (hard + 1, hard + 1)))
            return got

        def survive(event):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.execv("/usr/bin/python3", ["python3", "-c",
                        "import time\nfor _ in range(600): time.sleep(0.1)", event["mark"]])
                os._exit(0)
            os.wait()
            time.sleep(0.2)
            return []

        def handler(event, context):
            return globals()[event["probe"]](event)
        """#
}
