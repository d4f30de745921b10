# SPDX-License-Identifier: Apache-2.0
"""`make bench`: what Martlet costs, beside references that are measured in the same run.

Prints one table and writes it as JSON. It reports: a number that misses what is asked is named
and changes nothing about the exit status; only what fails to run does.
"""

import argparse
import os
import platform
import tempfile
import time
from pathlib import Path

import functions
import journeys
from load import CONNECTIONS, Load, loads, message
from report import Report, median, percentile, spread_percent
from servers import CORES, BareDurable, Martlet, Nginx


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--martlet", required=True, help="the release binary")
    parser.add_argument("--bare", required=True, help="the release build of BareDurable")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--functions-sdk", default="")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument(
        "--only", default="", help="load, wake, invoke, first, start, memory; with commas")
    asked = parser.parse_args()
    parts = asked.only.split(",") if asked.only else list(PARTS)
    report = Report(machine(asked))
    began = time.monotonic()
    for part in parts:
        print(f"{part} ({time.monotonic() - began:.0f} s)", flush=True)
        PARTS[part](asked, report)
    report.machine["duration"] = f"{time.monotonic() - began:.0f} s"
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    report.save(asked.json)
    print()
    print(report.table())


def machine(asked):
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        model = next((line.split(":")[1].strip() for line in file if "model name" in line), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{model}, {len(CORES)} cores, {memory:.0f} GiB, {platform.release()}",
        "sync": f"{sync_ms():.2f} ms for 4 KiB and fdatasync, median of 100",
        "load average at the start": f"{os.getloadavg()[0]:.1f}",
        "mode": "quick" if asked.quick else "full",
    }


def sync_ms():
    times = []
    with tempfile.TemporaryFile() as file:
        for _ in range(100):
            os.write(file.fileno(), b"x" * 4096)
            began = time.perf_counter_ns()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter_ns() - began) / 1e6)
    return median(times)


def load(asked, report):
    """CPU time and throughput, the servers taking turns."""
    rounds, seconds = (3, 1) if asked.quick else (5, 2)
    constant = {"MessageBody": message()}
    with journeys.Scratch() as scratch, Nginx() as nginx, BareDurable(asked.bare) as bare, \
            Martlet(asked.martlet) as durable, \
            Martlet(asked.martlet, "--ephemeral") as ephemeral:
        durable.create_queue()
        ephemeral.create_queue()
        plan = {"nginx": (nginx, Load(scratch, "SendMessage", constant)),
                "bare": (bare, Load(scratch, "SendMessage", constant))}
        plan |= {name: (durable, load) for name, load in loads(scratch).items()}
        plan["ephemeral"] = (ephemeral, Load(scratch, "SendMessage", constant))
        for server, load in [plan["nginx"], plan["bare"], plan["send"], plan["ephemeral"]]:
            load.run(server, 1)
        runs = {name: [] for name in plan}
        for _ in range(rounds):
            for name, (server, load) in plan.items():
                runs[name].append(load.run(server, seconds))
    add_load_lines(report, runs)


def add_load_lines(report, runs):
    names = {
        "nginx": "nginx, constant answer", "bare": "bare durable",
        "send": "SendMessage", "batch": "SendMessageBatch of 10", "receive": "ReceiveMessage",
        "delete": "DeleteMessage", "ephemeral": "SendMessage, --ephemeral",
    }
    cpu = {name: median([run.cpu_us for run in of]) for name, of in runs.items()}
    rate = {name: median([run.rate for run in of]) for name, of in runs.items()}
    for name, of in runs.items():
        ratio = "" if name == "nginx" else (
            f"{cpu[name] / cpu['nginx']:.2f} x nginx, {cpu[name] / cpu['bare']:.2f} x bare")
        report.add(f"CPU of {names[name]}", cpu[name], "us",
                   spread_percent([run.cpu_us for run in of]), note=ratio)
    for name, of in runs.items():
        ratio = "" if name == "nginx" else (
            f"{rate[name] / rate['nginx']:.0%} of nginx, {rate[name] / rate['bare']:.0%} of bare")
        report.add(f"rate of {names[name]}", rate[name], "/s",
                   spread_percent([run.rate for run in of]), digits=0, note=ratio)
    pairs = list(zip(runs["send"], runs["nginx"], runs["bare"]))
    report.add("CPU of SendMessage over nginx", cpu["send"] / cpu["nginx"], "x",
               spread_percent([send.cpu_us / nginx.cpu_us for send, nginx, _ in pairs]),
               digits=2, bound=4, note=f"1 KiB, JSON, {CONNECTIONS} connections")
    report.add("rate of SendMessage over bare durable", 100 * rate["send"] / rate["bare"], "%",
               spread_percent([send.rate / bare.rate for send, _, bare in pairs]),
               digits=0, bound=50, at_least=True)


def wake(asked, report):
    times = journeys.wake_ups(asked.martlet, 100 if asked.quick else 400)
    report.add("long-poll wake-up, p50", median(times), "ms", digits=2, bound=2,
               note="send to the waiting receiver's answer, durable")
    report.add("long-poll wake-up, p99", percentile(times, 99), "ms", digits=2)


def environment(asked):
    path = asked.functions_sdk
    return {"MARTLET_FUNCTIONS_SDK": path} if path else {}


def invoke(asked, report):
    times = functions.warm(asked.martlet, environment(asked), 100 if asked.quick else 300)
    report.add("warm Python invoke over the handler, p50", median(times), "ms", digits=2, bound=2)
    report.add("warm Python invoke over the handler, p99", percentile(times, 99), "ms", digits=2)


def first(asked, report):
    count = 10 if asked.quick else 20
    middles = {}
    for level, bound in (("rlimits", 2), ("namespaces", 3)):
        firsts, bares = functions.first(asked.martlet, environment(asked), level, count)
        middles[level], bare = median(firsts), median(bares)
        report.add("python3 -c pass", bare, "ms", spread_percent(bares),
                   note=f"beside the first invokes at level {level}")
        report.add(f"first invoke, {level}", middles[level], "ms", spread_percent(firsts),
                   note=f"median of {count}")
        report.add(f"first invoke over python3, {level}", middles[level] / bare, "x", digits=2,
                   bound=bound)
    share = middles["namespaces"] - middles["rlimits"]
    report.add("the sandbox's share", share, "ms", note="namespaces less rlimits")


def start(asked, report):
    count = 5 if asked.quick else 11
    fresh = journeys.start_times(asked.martlet, None, count, with_queue=False)
    report.add("start to first send and receive, fresh folder", median(fresh), "ms",
               spread_percent(fresh), note="makes the store and the queue on the way")
    with journeys.Scratch() as folder:
        with Martlet(asked.martlet, folder=folder, pin=False) as server:
            server.create_queue()
        empty = journeys.start_times(asked.martlet, folder, count, with_queue=True)
    report.add("start to first send and receive, empty store", median(empty), "ms",
               spread_percent(empty), bound=50)
    messages = 200_000 if asked.quick else 1_000_000
    with journeys.Scratch() as folder, journeys.Scratch() as scratch:
        seconds = journeys.filled(asked.martlet, folder, messages, scratch)
        full = journeys.start_times(asked.martlet, folder, count, with_queue=True)
    report.add(f"the same, {messages:,} messages of 1 KiB", median(full), "ms",
               spread_percent(full), bound=80, note=f"filled in {seconds:.0f} s")


def memory(asked, report):
    resident, anonymous = journeys.idle_memory(asked.martlet)
    report.add("idle memory before the first function", resident, "MiB", bound=40,
               note=f"{anonymous:.1f} MiB of it anonymous")


PARTS = {"load": load, "wake": wake, "invoke": invoke, "first": first, "start": start,
         "memory": memory}

if __name__ == "__main__":
    main()
