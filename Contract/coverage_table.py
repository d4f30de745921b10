# SPDX-License-Identifier: Apache-2.0
"""Writes what `martlet coverage` says into docs/coverage.md and the README's short table.

`make coverage` runs it; test_readme.py checks that nobody forgot to.
"""

import json
import sys

from harness import ROOT, Martlet

PAGE = ROOT / "docs/coverage.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- coverage: written by `make coverage` -->\n", "<!-- end of coverage -->\n"
TITLES = {"sqs": "SQS", "lambda": "Lambda", "logs": "CloudWatch Logs", "iam": "IAM", "sts": "STS"}


def coverage(martlet):
    return json.loads(martlet.cli("coverage", "--json").stdout)


def members(service, kind):
    """(operation, member, words) of every member of this kind."""
    for operation, found in service["operations"].items():
        for member, state in found.items():
            state, _, words = state.partition(": ")
            if state == kind:
                yield operation, member, words


def short_table(services):
    lines = ["| service | operations | members honoured | refused by name | stored only |",
             "|---|---|---|---|---|"]
    for name, service in services.items():
        counts = [sum(1 for _ in members(service, kind))
                  for kind in ("honoured", "refused", "stored")]
        lines.append(f"| {TITLES[name]} | {service['built']} of {service['of']} | "
                     + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines) + "\n"


def page(services):
    parts = [
        "# Coverage\n\nWritten by `make coverage` from what `martlet coverage` says; never edited. "
        "Members are those of an\noperation's input. One that is not in a table of refused or stored "
        "members is honoured. An operation\nthat is not built answers 501 `NotImplemented` in the "
        "client's own protocol.\n\n" + short_table(services)]
    for name, service in services.items():
        parts.append(f"## {TITLES[name]}\n\nBuilt: {', '.join(service['operations'])}.\n")
        for kind, title in (("refused", "Refused by name"), ("stored", "Stored and given back only")):
            rows = [f"| {operation} | `{member}` | {words} |"
                    for operation, member, words in members(service, kind)]
            if rows:
                parts.append(f"| {title} | member | words |\n|---|---|---|\n" + "\n".join(rows) + "\n")
        if service["notImplemented"]:
            parts.append(f"Not built: {', '.join(service['notImplemented'])}.\n")
    return "\n".join(parts)


def readme(text, services):
    """The README with its table replaced."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + short_table(services) + END + after


def main():
    with Martlet() as martlet:
        services = coverage(martlet)
    PAGE.write_text(page(services))
    README.write_text(readme(README.read_text(), services))
    print(f"Wrote {PAGE.relative_to(ROOT)} and the table of README.md")


if __name__ == "__main__":
    sys.exit(main())
