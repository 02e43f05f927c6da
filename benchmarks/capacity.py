"""Resources and bottlenecks for a thousand, a hundred thousand and ten million jobs a day.

``python -m benchmarks.capacity`` prints the tables of docs/explanation/capacity.md, calculated from
the costs measured by ``benchmarks.measure_costs``.
"""

import argparse
import math
from collections.abc import Iterator

from benchmarks.harness.capacity_model import Costs, Needs, Workload, needs_of
from benchmarks.harness.page import write_table
from benchmarks.measure_costs import read_costs

__all__ = ["limits_of", "tables"]

SIZES = (1_000, 100_000, 10_000_000)
_TURNS = 1000
_MOST_LOAD = 0.7  # of a core: above it, waiting times grow faster than the load
_REDIS_GIB = 16.0
_NETWORK_MIB_PER_S = 1000.0  # a machine's 10 Gbit/s
_CORES_PER_MACHINE = 8
_USD_PER_CORE_MONTH = 30.0
_USD_PER_GIB_MONTH = 4.0
_MIB = 1024 * 1024


def tables(sizes: tuple[int, ...], costs: Costs) -> str:
    """Return the resources and the nearest limit of each size, in Markdown."""
    needs = {size: needs_of(Workload(size), costs, turns=_TURNS) for size in sizes}
    head = [f"| | {' | '.join(f'{size:,}' for size in sizes)} |", f"|---{'|---' * len(sizes)}|"]
    rows = zip(*(list(_cells(one)) for one in needs.values()), strict=True)
    lines = [f"| {row[0][0]} | {' | '.join(value for _, value in row)} |" for row in rows]
    return "\n".join([*head, *lines])


def costs_table(costs: Costs) -> str:
    """Return the measured costs, in Markdown."""
    rows = {
        "CPU of the workers for a job": f"{costs.worker_ms_per_job:.1f} ms",
        "for a poll that brings progress": f"{costs.worker_ms_per_poll:.2f} ms",
        "for a MiB of audio": f"{costs.worker_ms_per_mib:.2f} ms",
        "CPU of the API for a job": f"{costs.api_ms_per_job:.1f} ms",
        "CPU of Redis for a job": f"{costs.redis_ms_per_job:.1f} ms",
        "CPU of Redis for a poll": f"{costs.redis_ms_per_poll:.2f} ms",
        "memory of a worker process and beat": f"{costs.worker_bytes / _MIB:.0f} MiB",
        "memory of a turn": f"{costs.turn_bytes / 1024:.0f} KiB",
        "a finished job in Redis, without its text": f"{costs.finished_bytes / 1000:.1f} kB",
    }
    lines = [
        "| measured | |",
        "|---|---|",
        *(f"| {what} | {cost} |" for what, cost in rows.items()),
    ]
    return "\n".join(lines)


def limits_of(needs: Needs) -> dict[str, float]:
    """Return the used share of each limit, with one instance of everything."""
    return {
        "one Redis server's core": needs.redis_cores / _MOST_LOAD,
        f"one Redis server's memory of {_REDIS_GIB:g} GiB": needs.redis_gib / _REDIS_GIB,
        "one worker process": needs.worker_processes(turns=_TURNS, most_load=_MOST_LOAD),
        "one machine's network of 10 Gbit/s": needs.network_mib_per_s / _NETWORK_MIB_PER_S,
        f"one machine's {_CORES_PER_MACHINE} cores": _cores(needs) / _CORES_PER_MACHINE,
    }


def cost_usd(needs: Needs) -> float:
    """Return the monthly cost of cores and memory, without services and traffic."""
    memory_gib = needs.worker_gib + needs.redis_gib
    return _cores(needs) * _USD_PER_CORE_MONTH / _MOST_LOAD + memory_gib * _USD_PER_GIB_MONTH


def _cores(needs: Needs) -> float:
    return needs.worker_cores + needs.api_cores + needs.redis_cores


def _cells(needs: Needs) -> Iterator[tuple[str, str]]:
    yield "jobs a second, busiest hour", f"{needs.jobs_per_s:.2f}"
    yield "jobs in flight", f"{needs.in_flight:,.0f}"
    yield "polls a second", f"{needs.polls_per_s:,.1f}"
    yield "workers: cores", f"{needs.worker_cores:.2f}"
    processes = needs.worker_processes(turns=_TURNS, most_load=_MOST_LOAD)
    yield "workers: processes", f"{math.ceil(processes)}"
    yield "workers: memory, GiB", f"{needs.worker_gib:.1f}"
    yield "API: cores", f"{needs.api_cores:.2f}"
    yield "Redis: cores", f"{needs.redis_cores:.2f}"
    yield "Redis: memory, GiB", f"{needs.redis_gib:.1f}"
    yield "network of the workers, MiB/s", f"{needs.network_mib_per_s:,.1f}"
    yield "cores and memory, US$ a month", f"{cost_usd(needs):,.0f}"
    limit, used = max(limits_of(needs).items(), key=lambda one: one[1])
    yield "nearest limit of one of everything", f"{limit}: {100 * used:,.0f} %"


def main() -> None:
    """Calculate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs-per-day", type=int, nargs="+", default=SIZES)
    parser.add_argument("--write", action="store_true", help="write docs/explanation/capacity.md")
    options = parser.parse_args()
    costs = read_costs()
    text = f"{costs_table(costs)}\n\n{tables(tuple(options.jobs_per_day), costs)}"
    print(text)
    if options.write:
        write_table("explanation/capacity.md", text)


if __name__ == "__main__":
    main()
