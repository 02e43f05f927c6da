"""Streaming of a large artifact between services through a worker, compared with curl.

``curl … | curl -T -`` copies the bytes between the same two servers; the worker also builds a form
and verifies the source's checksum.
"""

import argparse
import asyncio
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from benchmarks.fakes.job import JobPlan
from benchmarks.harness.client import finished_jobs, submit_jobs
from benchmarks.harness.goals import Goal, as_table, at_least, at_most
from benchmarks.harness.services import FakeServices
from benchmarks.harness.stack import Stack

__all__ = ["measure"]

SIZE_BYTES = 1_000_000_000
_SMALL_BYTES = 100_000
_PLAN = JobPlan(stage_s=0.2)
_MB = 1_000_000
_MOST_GROWTH_BYTES = 32 * 1024 * 1024
_LEAST_OF_CURL = 0.6
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class Streamed:
    """A transfer through a worker, and the same with curl."""

    size_bytes: int
    worker_s: float
    curl_s: float
    growth_bytes: int
    """Growth of the worker's peak memory after a small job."""


def measure(size_bytes: int = SIZE_BYTES) -> list[Goal]:
    """Transfer a large artifact and compare rate and memory with the goals."""
    return judge(stream(size_bytes))


def stream(size_bytes: int) -> Streamed:
    """Transfer an artifact with the worker and with curl."""
    with FakeServices(_PLAN, artifact_bytes=_SMALL_BYTES) as services, Stack(services) as stack:
        _run_job(stack, 1)
        before_bytes = stack.workers_peak_bytes()
        services.resize_artifacts(size_bytes)
        job = _run_job(stack, 2)
        growth_bytes = stack.workers_peak_bytes() - before_bytes
        stages = job["stages"]
        took_s = _seconds_of(stages["normalization"]) - _PLAN.stage_s
        curl_s = _move_by_curl(services, stages["download"]["job_id"])
    return Streamed(size_bytes, took_s, curl_s, growth_bytes)


def judge(streamed: Streamed) -> list[Goal]:
    """Compare a transfer with the goals."""
    rate = streamed.size_bytes / streamed.worker_s
    curls_rate = streamed.size_bytes / streamed.curl_s
    what = f"streaming {streamed.size_bytes / _MB:.0f} MB from service to service"
    return [
        Goal(
            f"{what}: rate",
            f"≥ {100 * _LEAST_OF_CURL:.0f} % of curl's",
            f"{rate / _MB:.0f} MB/s",
            f"{100 * rate / curls_rate:.0f} % of {curls_rate / _MB:.0f} MB/s",
            at_least(rate, _LEAST_OF_CURL * curls_rate),
        ),
        Goal(
            f"{what}: growth of the worker's memory",
            f"≤ {_MOST_GROWTH_BYTES / 1024 / 1024:.0f} MiB",
            f"{streamed.growth_bytes / 1024 / 1024:.1f} MiB",
            "",
            at_most(streamed.growth_bytes, _MOST_GROWTH_BYTES),
        ),
    ]


def _run_job(stack: Stack, number: int) -> dict[str, Any]:
    (sent,) = asyncio.run(submit_jobs(stack.address, 1, name=lambda _: f"stream-{number}"))
    stack.await_ended(number, timeout_s=_PATIENCE_S)
    (job,) = asyncio.run(finished_jobs(stack.address, [sent.job_id]))
    return job


def _seconds_of(stage: dict[str, Any]) -> float:
    ended, began = (datetime.fromisoformat(stage[name]) for name in ("completed_at", "started_at"))
    return (ended - began).total_seconds()


def _move_by_curl(services: FakeServices, remote_id: str) -> float:
    """Return the duration of the same transfer with curl, in seconds."""
    source = f"{services.urls['downloader']}/jobs/{remote_id}/download"
    target = f"{services.urls['normalizer']}/sink"
    pipe = 'curl -sS "$0" | curl -sS -T - "$1"'
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own arguments
        ["/bin/sh", "-c", pipe, source, target], check=True, stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=SIZE_BYTES)
    print(as_table(measure(parser.parse_args().bytes)))


if __name__ == "__main__":
    main()
