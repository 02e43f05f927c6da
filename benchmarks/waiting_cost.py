"""The cost of a job that waits for its service: messages, polls and Redis round trips per minute.

The jobs are submitted evenly over a minute and wait in one long stage, once at a service without
progress and once at one that reports steps of five points. The load of an idle stack, such as
heartbeats and upkeep, is measured first and subtracted.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass

from benchmarks.fakes.job import JobPlan
from benchmarks.harness.client import submit_at_rate
from benchmarks.harness.goals import Goal, as_table, at_most
from benchmarks.harness.redis_meter import read_count
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack
from tools.waiting import wait_until

__all__ = ["measure"]

JOBS = 150
WINDOW_S = 60.0  # all periodic work of a job repeats within a minute
_STEP = 5.0
_STEPS_PER_MINUTE = 4
_STILL = JobPlan(stage_s=3600)
_MOVING = JobPlan(stage_s=100 / _STEP * 60 / _STEPS_PER_MINUTE, progress_step=_STEP)
_MOST_MESSAGES = 1.0
_MOST_POLLS = 3.0
_MOST_PER_STEP = 1.0
_MARGIN = 1.05  # a window does not contain a whole number of periods
_START_TIMEOUT_S = 60.0
_SETTLING_S = 10.0  # until the processes have opened their connections


@dataclass(frozen=True)
class Waiting:
    """The cost of a waiting job per minute."""

    messages: float
    polls: float
    round_trips: float


def measure(jobs: int = JOBS, window_s: float = WINDOW_S) -> list[Goal]:
    """Measure waiting without and with progress."""
    return judge(watch(_STILL, jobs, window_s), watch(_MOVING, jobs, window_s))


def judge(still: Waiting, moving: Waiting) -> list[Goal]:
    """Compare the cost of waiting and of progress with the goals."""
    polls = (moving.polls - still.polls) / _STEPS_PER_MINUTE
    trips = (moving.round_trips - still.round_trips) / _STEPS_PER_MINUTE
    compared = f"{still.round_trips:.1f} Redis round trips a minute"
    return [
        Goal(
            "Celery messages of a waiting job, per minute",
            f"≤ {_MOST_MESSAGES:g}",
            f"{still.messages:.2f}",
            compared,
            at_most(still.messages, _MOST_MESSAGES * _MARGIN),
        ),
        Goal(
            "polls of a waiting job, per minute",
            f"≤ {_MOST_POLLS:g}",
            f"{still.polls:.2f}",
            "",
            at_most(still.polls, _MOST_POLLS * _MARGIN),
        ),
        Goal(
            f"additional polls per {_STEP:g} points of progress",
            f"≤ {_MOST_PER_STEP:g}",
            f"{polls:.2f}",
            "",
            at_most(polls, _MOST_PER_STEP * _MARGIN),
        ),
        Goal(
            f"additional Redis round trips per {_STEP:g} points of progress",
            f"≤ {_MOST_PER_STEP:g}",
            f"{trips:.2f}",
            "",
            at_most(trips, _MOST_PER_STEP * _MARGIN),
        ),
    ]


def watch(plan: JobPlan, jobs: int, window_s: float) -> Waiting:
    """Return the cost per job and minute of waiting."""
    with FakeServices(plan) as services, Stack(services) as stack:
        time.sleep(_SETTLING_S)
        idle = _count(stack, services, window_s)
        asyncio.run(submit_at_rate(stack.address, jobs / window_s, window_s))
        wait_until(
            lambda: services.counts()["waits"] >= jobs,
            timeout_s=_START_TIMEOUT_S,
            what="all jobs to wait",
        )
        busy = _count(stack, services, window_s)
    return Waiting(*((own - others) / jobs for own, others in zip(busy, idle, strict=True)))


def _count(stack: Stack, services: FakeServices, window_s: float) -> tuple[float, float, float]:
    """Return the messages, polls and round trips of a stack in a minute."""
    with stack.redis() as client:
        before, polls_before = read_count(client), services.counts()["polls"]
        time.sleep(window_s)
        done, polls = read_count(client).since(before), services.counts()["polls"] - polls_before
    minutes = window_s / 60
    return done.messages / minutes, polls / minutes, done.round_trips / minutes


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--window-s", type=float, default=WINDOW_S)
    options = parser.parse_args()
    print(as_table(measure(options.jobs, options.window_s)))


if __name__ == "__main__":
    main()
