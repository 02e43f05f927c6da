"""Ten thousand jobs at once on one machine, each a minute in each stage.

Measures the memory of everything except the services, and the latency of reading a job. A job is
in flight from its submission to the first service to its end.
"""

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import requests

from benchmarks.fakes.job import JobPlan
from benchmarks.harness.client import submit_jobs
from benchmarks.harness.goals import Goal, Verdict, as_table, at_most
from benchmarks.harness.percentiles import percentile
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack
from orchestrator.store import keys

__all__ = ["measure"]

JOBS = 10_000
WORKERS = 2  # one per core
STAGE_S = 60.0
_MOST_BYTES = 2_500_000_000
_MOST_P99_S = 0.2
_PROBE_PAUSE_S = 0.1
_PROBES = 20  # of the API, between two measurements of everything else
_CLIENTS = 20
_SPARE_TURNS = 1.1
_PATIENCE_PER_JOB_S = 0.2
_TIMEOUT_S = 60.0
_MB = 1_000_000
_SERVICES = ("VIDEO_DOWNLOADER", "AUDIO_NORMALIZATION", "AUDIO_TRANSCRIBER")


@dataclass(frozen=True)
class Crowd:
    """Measurements of many jobs."""

    jobs: int
    peak_running: int
    """Unfinished jobs that were submitted to a service."""
    peak_bytes: int
    latencies_s: Sequence[float]
    """Latencies of the API during the run."""
    completed: int
    took_s: float


def measure(jobs: int = JOBS, *, stage_s: float = STAGE_S, workers: int = WORKERS) -> list[Goal]:
    """Run the jobs and compare with the goals."""
    return judge(run_crowd(jobs, stage_s, workers))


def judge(crowd: Crowd) -> list[Goal]:
    """Compare the measurements with the goals."""
    what = f"{crowd.jobs} jobs at once"
    p99_s = percentile(crowd.latencies_s, 99)
    is_whole = crowd.completed == crowd.jobs and crowd.peak_running >= crowd.jobs
    return [
        Goal(
            f"{what}: in flight, none lost",
            f"{crowd.jobs}",
            f"{crowd.peak_running} at the peak, {crowd.completed} completed",
            f"in {crowd.took_s:.0f} s",
            Verdict.REACHED if is_whole else Verdict.MISSED,
        ),
        Goal(
            f"{what}: memory of API, workers, beat and Redis",
            f"≤ {_MOST_BYTES / _MB:.0f} MB",
            f"{crowd.peak_bytes / _MB:.0f} MB",
            "",
            at_most(crowd.peak_bytes, _MOST_BYTES),
        ),
        Goal(
            f"{what}: latency of the API",
            f"p99 ≤ {1000 * _MOST_P99_S:.0f} ms",
            f"p99 {1000 * p99_s:.0f} ms",
            f"p50 {1000 * percentile(crowd.latencies_s, 50):.0f} ms",
            at_most(p99_s, _MOST_P99_S),
        ),
    ]


def run_crowd(jobs: int, stage_s: float, workers: int) -> Crowd:
    """Run simultaneous jobs until all have ended."""
    plan = JobPlan(stage_s=stage_s)
    room = {f"MAX_INFLIGHT_{service}": 2 * jobs for service in _SERVICES}
    turns = round(jobs / workers * _SPARE_TURNS)
    with (
        FakeServices(plan) as services,
        Stack(services, workers=workers, turns=turns, **room) as stack,
    ):
        began = time.monotonic()
        submitted = asyncio.run(submit_jobs(stack.address, jobs, clients=_CLIENTS))
        patience_s = services.work_s() + _PATIENCE_PER_JOB_S * jobs + _TIMEOUT_S
        watch = Watch(stack, services, submitted[-1].job_id)
        while not watch.has_ended(jobs) and time.monotonic() - began < patience_s:
            watch.look()
        return Crowd(
            jobs,
            watch.peak_running,
            watch.peak_bytes,
            watch.latencies_s,
            watch.completed,
            time.monotonic() - began,
        )


class Watch:
    """Measures a running stack periodically.

    Args:
        stack: The stack.
        services: Its services.
        job_id: The job that is read.
    """

    def __init__(self, stack: Stack, services: FakeServices, job_id: str) -> None:
        self.peak_running = 0
        self.peak_bytes = 0
        self.latencies_s: list[float] = []
        self._stack = stack
        self._services = services
        self._address = f"{stack.address}/jobs/{job_id}"
        self._session = requests.Session()
        self._redis = stack.redis()

    @property
    def completed(self) -> int:
        """The number of completed jobs."""
        return int(self._redis.zcard(keys.jobs_in("completed")))

    def has_ended(self, jobs: int) -> bool:
        """Return whether a number of jobs have ended."""
        return self.completed + int(self._redis.zcard(keys.jobs_in("failed"))) >= jobs

    def look(self) -> None:
        """Measure everything once, and the API several times."""
        for _ in range(_PROBES):
            began = time.perf_counter()
            self._session.get(self._address, timeout=_TIMEOUT_S).raise_for_status()
            self.latencies_s.append(time.perf_counter() - began)
            time.sleep(_PROBE_PAUSE_S)
        running = self._services.counts_of("downloader")["submissions"] - self.completed
        self.peak_running = max(self.peak_running, running)
        self.peak_bytes = max(self.peak_bytes, self._stack.memory_bytes())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--stage-s", type=float, default=STAGE_S)
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args()
    goals = measure(options.jobs, stage_s=options.stage_s, workers=options.workers)
    print(as_table(goals))


if __name__ == "__main__":
    main()
