# SPDX-License-Identifier: Apache-2.0
"""The table and the JSON of a benchmark run: values, their spread, what was asked, verdicts."""

import json
import statistics
from dataclasses import dataclass, field

# Runs that lie further apart than this are called noisy.
NOISY_PERCENT = 25


def median(values):
    return statistics.median(values)


def percentile(values, percent):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def spread_percent(values):
    """How far apart the runs lie, as a part of their median."""
    return 100 * (max(values) - min(values)) / median(values) if len(values) > 1 else 0.0


@dataclass
class Line:
    """One measured number."""

    name: str
    value: float
    unit: str
    spread: float = 0.0
    digits: int = 1
    note: str = ""
    bound: float = None
    # Whether the bound is the least rather than the most.
    at_least: bool = False

    @property
    def verdict(self):
        if self.bound is None:
            return ""
        good = self.value >= self.bound if self.at_least else self.value <= self.bound
        return "ok" if good else "MISS"

    @property
    def asked(self):
        if self.bound is None:
            return ""
        return f"{'>=' if self.at_least else '<='} {self.bound:g} {self.unit}"

    def cells(self):
        spread = f"{self.spread:.0f} %" if self.spread else ""
        if self.spread > NOISY_PERCENT:
            spread += " noisy"
        return [self.name, f"{self.value:,.{self.digits}f} {self.unit}", spread, self.asked,
                self.verdict, self.note]


@dataclass
class Report:
    """All lines of a run."""

    machine: dict
    lines: list = field(default_factory=list)

    def add(self, *arguments, **named):
        line = Line(*arguments, **named)
        self.lines.append(line)
        print(f"  {line.name}: {line.cells()[1]} {line.verdict}", flush=True)

    def table(self):
        rows = [["measurement", "median", "spread", "asked", "", "note"]]
        rows += [line.cells() for line in self.lines]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                for row in rows]
        text.insert(1, "  ".join("-" * width for width in widths))
        head = [f"{name}: {value}" for name, value in self.machine.items()]
        return "\n".join(head + [""] + text)

    def save(self, path):
        lines = [{**vars(line), "verdict": line.verdict} for line in self.lines]
        path.write_text(json.dumps({"machine": self.machine, "lines": lines}, indent=2) + "\n")
