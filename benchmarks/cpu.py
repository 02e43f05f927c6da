"""CPU, overhead and memory of simultaneous jobs, compared with the floor and arq.

``python -m benchmarks.cpu --jobs 300`` runs all three with the same services, alternating in
several rounds, since the speed of a machine varies; it prints the ratios of the medians.
"""

import argparse
from collections.abc import Callable
from functools import partial

from benchmarks.harness.goals import Goal, as_table, at_most
from benchmarks.harness.own_run import run_own
from benchmarks.harness.peers import run_arq, run_floor
from benchmarks.harness.runs import Run, as_lines, middle
from benchmarks.harness.services import FakeServices

Engine = Callable[[FakeServices, int], Run]

__all__ = ["compare", "measure"]

JOBS = 300
ROUNDS = 3
_MOST_FLOORS = 5.0
_API_FLOORS_1_0 = 0.88  # version 1.0, as the table of its docs/explanation/performance.md has it
_MOST_API_SHARE = 1.3
_MOST_ARQ_OVERHEAD = 1.2


def measure(jobs: int = JOBS, *, rounds: int = ROUNDS, workers: int = 1) -> list[Goal]:
    """Run the three engines alternately and compare the medians with the goals."""
    engines: list[Engine] = [run_floor, run_arq, partial(run_own, workers=workers)]
    runs = [[_run(engine, jobs) for engine in engines] for _ in range(rounds)]
    print("\n\n".join(map(as_lines, runs)))
    return compare(*map(middle, zip(*runs, strict=True)))


def compare(floor: Run, arq: Run, own: Run) -> list[Goal]:
    """Compare a run with those of the floor and of arq."""
    floors = own.cpu_ms_per_job / floor.cpu_ms_per_job
    api_floors = own.api_ms_per_job / floor.cpu_ms_per_job
    most_ms = min(_MOST_FLOORS * floor.cpu_ms_per_job, arq.cpu_ms_per_job)
    most_api_floors = _MOST_API_SHARE * _API_FLOORS_1_0
    overheads = own.overhead_p50_s / arq.overhead_p50_s
    return [
        Goal(
            f"CPU of workers and beat per job, {own.jobs} jobs at once",
            f"≤ {_MOST_FLOORS:g} × the floor's, ≤ arq's",
            f"{own.cpu_ms_per_job:.1f} ms",
            f"{floors:.2f} × the floor's {floor.cpu_ms_per_job:.1f} ms; "
            f"{own.cpu_ms_per_job / arq.cpu_ms_per_job:.2f} × arq's {arq.cpu_ms_per_job:.1f} ms",
            at_most(own.cpu_ms_per_job, most_ms),
        ),
        Goal(
            "CPU of the API per job: one submission, one read",
            f"≤ {_MOST_API_SHARE:g} × version 1.0's, which was {_API_FLOORS_1_0:g} × the floor's",
            f"{own.api_ms_per_job:.1f} ms",
            f"{api_floors:.2f} × the floor's {floor.cpu_ms_per_job:.1f} ms",
            at_most(api_floors, most_api_floors),
        ),
        Goal(
            f"overhead p50 of {own.jobs} at once",
            f"≤ {_MOST_ARQ_OVERHEAD:g} × arq's",
            f"{own.overhead_p50_s:.2f} s",
            f"{overheads:.2f} × arq's {arq.overhead_p50_s:.2f} s; "
            f"the floor's is {floor.overhead_p50_s:.2f} s",
            at_most(overheads, _MOST_ARQ_OVERHEAD),
        ),
    ]


def _run(engine: Engine, jobs: int) -> Run:
    """Run an engine with fresh services."""
    with FakeServices() as services:
        return engine(services, jobs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--only-own", action="store_true", help="run without the peers")
    options = parser.parse_args()
    if options.only_own:
        print(as_lines([_run(partial(run_own, workers=options.workers), options.jobs)]))
    else:
        goals = measure(options.jobs, rounds=options.rounds, workers=options.workers)
        print(f"\n{as_table(goals)}")


if __name__ == "__main__":
    main()
