"""Overhead of single jobs over the work of the services, with and without waiting at them.

Services with ``Prefer: wait`` get one job after another: with an ``ETag`` in every response about
a job, without one in the response to ``POST /jobs``, and without any. Services without it get some
tens of jobs with stages of 2 to 20 s and progress, from the orchestrator and from a script that
polls every 3 s like the original; the services count the polls.
"""

import argparse
import asyncio

from benchmarks.fakes.job import JobPlan
from benchmarks.harness.client import finished_jobs, submit_jobs
from benchmarks.harness.goals import Goal, Verdict, as_table, at_most
from benchmarks.harness.own_run import run_own
from benchmarks.harness.peers import run_floor
from benchmarks.harness.percentiles import mean, percentile
from benchmarks.harness.runs import Run
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack

__all__ = ["measure"]

LONE_JOBS = 100
UNTAGGED_JOBS = 50
POLLED_JOBS = 60
_QUICK = JobPlan(stage_s=0.3)
_UNTAGGED = {
    "no `ETag` with `POST /jobs`": JobPlan(stage_s=0.3, tags_submissions=False),
    "no `ETag` at all": JobPlan(stage_s=0.3, tags_submissions=False, tags_polls=False),
}
_POLLED = JobPlan(stage_s=2.0, spread=10.0, progress_step=1.0, honours_wait=False)
_FIXED_POLL_S = 3.0
_PATIENCE_S = 60.0
_MOST_P50_S = 0.1
_MOST_P99_S = 0.25
_MOST_OF_FIXED = 0.7


def measure(
    lone_jobs: int = LONE_JOBS, untagged_jobs: int = UNTAGGED_JOBS, polled_jobs: int = POLLED_JOBS
) -> list[Goal]:
    """Measure with all kinds of services."""
    what = "services with waiting"
    return [
        judge_waiting(what, run_lone_jobs(lone_jobs, _QUICK)),
        *(
            judge_waiting(f"{what}, {which}", run_lone_jobs(untagged_jobs, plan))
            for which, plan in _UNTAGGED.items()
        ),
        *judge_polling(*run_polled(polled_jobs)),
    ]


def run_lone_jobs(jobs: int, plan: JobPlan) -> list[float]:
    """Return the overhead of consecutive jobs, in seconds.

    An additional job runs before them to open the worker's connections.
    """
    with FakeServices(plan) as services, Stack(services) as stack:
        return [_run_alone(stack, services, number) for number in range(jobs + 1)][1:]


def run_polled(jobs: int) -> tuple[tuple[Run, int], tuple[Run, int]]:
    """Return our run and the one with fixed polling, each with its number of polls."""
    with FakeServices(_POLLED) as services:
        own = run_own(services, jobs), services.counts()["polls"]
    with FakeServices(_POLLED) as services:
        fixed = run_floor(services, jobs, poll_s=_FIXED_POLL_S), services.counts()["polls"]
    return own, fixed


def judge_waiting(at: str, overheads_s: list[float]) -> Goal:
    """Compare the overheads of single jobs with the goal."""
    p50_s, p99_s = percentile(overheads_s, 50), percentile(overheads_s, 99)
    is_reached = p50_s <= _MOST_P50_S and p99_s <= _MOST_P99_S
    return Goal(
        f"overhead of a single job, {at}",
        f"p50 ≤ {1000 * _MOST_P50_S:.0f} ms, p99 ≤ {1000 * _MOST_P99_S:.0f} ms",
        f"p50 {1000 * p50_s:.0f} ms, p99 {1000 * p99_s:.0f} ms",
        f"{len(overheads_s)} jobs, one after another",
        Verdict.REACHED if is_reached else Verdict.MISSED,
    )


def judge_polling(own: tuple[Run, int], fixed: tuple[Run, int]) -> list[Goal]:
    """Compare mean overhead and polls with those of fixed polling."""
    (own_run, own_polls), (fixed_run, fixed_polls) = own, fixed
    own_s, fixed_s = mean(own_run.overheads_s), mean(fixed_run.overheads_s)
    return [
        Goal(
            "mean overhead, services without waiting",
            f"≤ {_MOST_OF_FIXED:g} × that of polling every {_FIXED_POLL_S:g} s",
            f"{own_s:.2f} s",
            f"{own_s / fixed_s:.2f} × {fixed_s:.2f} s",
            at_most(own_s, _MOST_OF_FIXED * fixed_s),
        ),
        Goal(
            "polls per job, services without waiting",
            "≤ fixed polling's",
            f"{own_polls / own_run.jobs:.1f}",
            f"{fixed_polls / fixed_run.jobs:.1f} with fixed polling",
            at_most(own_polls / own_run.jobs, fixed_polls / fixed_run.jobs),
        ),
    ]


def _run_alone(stack: Stack, services: FakeServices, number: int) -> float:
    (sent,) = asyncio.run(submit_jobs(stack.address, 1, name=lambda _: f"lone-{number}"))
    stack.await_ended(number + 1, timeout_s=_PATIENCE_S)
    (job,) = asyncio.run(finished_jobs(stack.address, [sent.job_id]))
    return sent.overhead_s(job, services.work_s())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=LONE_JOBS)
    parser.add_argument("--untagged-jobs", type=int, default=UNTAGGED_JOBS)
    parser.add_argument("--polled-jobs", type=int, default=POLLED_JOBS)
    options = parser.parse_args()
    print(as_table(measure(options.jobs, options.untagged_jobs, options.polled_jobs)))


if __name__ == "__main__":
    main()
