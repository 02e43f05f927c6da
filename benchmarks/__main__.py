"""Run every benchmark and print the table of docs/explanation/performance.md.

``--write`` writes the table into that page.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from benchmarks import api, cpu, growth, in_flight, lone_job, streaming, waiting_cost
from benchmarks.harness.goals import Goal, Verdict, as_table
from benchmarks.harness.page import write_table

_PAGE = "explanation/performance.md"
# OSError includes missing files and timeouts.
_BROKEN = (RuntimeError, OSError, aiohttp.ClientError, subprocess.SubprocessError)
_BENCHMARKS: Mapping[str, Callable[[], list[Goal]]] = {
    "cpu": cpu.measure,
    "lone_job": lone_job.measure,
    "api": api.measure,
    "streaming": streaming.measure,
    "waiting_cost": waiting_cost.measure,
    "growth": growth.measure,
    "in_flight": in_flight.measure,
}


def run(names: list[str]) -> list[Goal]:
    """Run benchmarks one after another, so that they do not disturb each other."""
    goals: list[Goal] = []
    for name in names:
        began = time.monotonic()
        print(f"{name} ...", file=sys.stderr)
        found = _measure(name)
        goals += found
        took_s = time.monotonic() - began
        print(f"{name}: {took_s:.0f} s\n{as_table(found)}\n", file=sys.stderr)
    return goals


def _measure(name: str) -> list[Goal]:
    """Run one benchmark; if it fails, count its goal as missed and continue with the others."""
    try:
        return _BENCHMARKS[name]()
    except _BROKEN as error:
        print(f"{name} failed: {error!r}", file=sys.stderr)
        return [Goal(f"benchmarks.{name}", "", "broke off", verdict=Verdict.MISSED)]


def describe_machine(load: float) -> str:
    """Return the date, the machine and its load before the run."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores "
        f"({model[1] if model else platform.machine()}), Python {platform.python_version()}, "
        f"{platform.system()}; load average before the run {load:.1f}. Services, clients, "
        "Redis and the orchestrator ran on this machine."
    )


def main() -> None:
    """Run the benchmarks, print the table and optionally write it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(_BENCHMARKS))
    parser.add_argument(
        "--write", action="store_true", help="write docs/explanation/performance.md"
    )
    options = parser.parse_args()
    load = os.getloadavg()[0]
    goals = run(options.names or list(_BENCHMARKS))
    missed = sum(goal.verdict is Verdict.MISSED for goal in goals)
    text = f"{describe_machine(load)} {missed} of {len(goals)} missed.\n\n{as_table(goals)}"
    print(text)
    if options.write:
        write_table(_PAGE, text)


if __name__ == "__main__":
    main()
