"""A chaos run: ``python -m tests.support.chaos --seed 7 --minutes 5``, or ``make chaos``.

Clients submit jobs to services that misbehave, while processes are killed and frozen.
Afterwards every job must have ended as it should, and nothing may be left over.
"""

import argparse
import logging
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import redis
import requests

from tests.support.chaos_checks import Findings, find_leftovers, read_jobs
from tests.support.chaos_damage import ChaosOrchestrator, Vandal
from tests.support.chaos_plan import ARTIFACT_BYTES, ROUND_S, ChaosPlan, PlannedJob
from tests.support.chaos_recovery import RecoveryClock
from tests.support.fake_service import Role
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

__all__ = ["ChaosReport", "run_chaos"]

LOGGER = logging.getLogger("chaos")
_STAGES = {
    Role.DOWNLOADER: "download",
    Role.NORMALIZER: "normalization",
    Role.TRANSCRIBER: "transcription",
}
_SERVICES = {"stage_s": 5.0, "progress_step": 25.0, "artifact_bytes": ARTIFACT_BYTES}
_END_TIMEOUT_S = 120.0
_QUIET_TIMEOUT_S = 45.0  # beat deletes remote jobs every 10 s
_CLIENT_PATIENCE_S = 60.0


@dataclass(frozen=True)
class ChaosReport:
    """The results of a run."""

    plan: ChaosPlan
    problems: tuple[str, ...]
    recovery: RecoveryClock
    refused_writes: int
    """Late writes of workers that had been frozen."""
    lost_leases: int
    """Leases that they had when they were frozen."""


class Clients:
    """Submit jobs as planned, and again without a response.

    Args:
        address: Where the API is.
    """

    def __init__(self, address: str) -> None:
        self.texts: dict[str, str] = {}
        """The expected text of each accepted job."""
        self.unwanted: set[str] = set()
        """Jobs whose cancellation was requested."""
        self._address = address

    def submit(self, job: PlannedJob) -> None:
        """Submit one job, and cancel it if planned."""
        body = {
            "youtube_url": ChaosOrchestrator.video(job.video),
            "language": job.language,
            "priority": job.priority,
        }
        answer = self._post("/pipeline", body)
        job_id = str(answer.json()["job_id"])
        self.texts[job_id] = job.text
        if job.cancelled_after_s is not None:
            time.sleep(job.cancelled_after_s)
            self.unwanted.add(job_id)
            self._post(f"/jobs/{job_id}/cancel", {})

    def _post(self, path: str, body: dict[str, str]) -> requests.Response:
        deadline = time.monotonic() + _CLIENT_PATIENCE_S
        while True:
            try:
                answer = requests.post(f"{self._address}{path}", json=body, timeout=10)
                if answer.status_code < 300:
                    return answer
                reason = answer.text
            except requests.RequestException as error:
                reason = str(error)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path}: {reason}")
            time.sleep(random.uniform(0.2, 1.0))


def run_chaos(
    seed: int, *, rounds: int, directory: Path, broker_url: str | None = None
) -> ChaosReport:
    """Do one run and check the result.

    Args:
        seed: Decides jobs, blows and the services' faults.
        rounds: How many times 32 s.
        directory: Where logs go.
        broker_url: Celery's broker; Redis where there is none.
    """
    plan = ChaosPlan.of_seed(seed, rounds=rounds)
    LOGGER.info("%s", plan)
    services = {**_SERVICES, "faults": plan.faults}
    settings: dict[str, str | float] = {
        **({"CELERY_BROKER_URL": broker_url} if broker_url else {}),
        "WORKERS": 2,
        "WORKER_CONCURRENCY": 150,
        "MAX_INFLIGHT_VIDEO_DOWNLOADER": 150,
        "MAX_INFLIGHT_AUDIO_NORMALIZATION": 120,
    }
    with RedisServer(aof=True) as server:
        orchestrator = ChaosOrchestrator(directory, server, services=services, **settings)
        try:
            return _run(plan, orchestrator)
        finally:
            orchestrator.stop()


def _run(plan: ChaosPlan, orchestrator: ChaosOrchestrator) -> ChaosReport:
    orchestrator.start_services()
    for _ in range(3):
        orchestrator.spawn_worker()
    orchestrator.start_api()
    orchestrator.start_beat()
    orchestrator.await_workers()
    clients = Clients(orchestrator.address)
    with orchestrator.redis() as client, orchestrator.redis() as own_client:
        clock = RecoveryClock(own_client)
        vandal = Vandal(orchestrator, clock)
        _play(plan, clients, vandal, client)
        problems = _await_quiet(client)
        clock.stop()
        ledgers = {name: orchestrator.services[role].ledger() for role, name in _STAGES.items()}
        findings = Findings(
            read_jobs(client),
            clients.texts,
            unwanted=frozenset(clients.unwanted),
            ledgers=ledgers,
        )
        refused = sum(worker.log_text().count("The lease on job") for worker in vandal.frozen)
        return ChaosReport(
            plan=plan,
            problems=(*problems, *findings.all()),
            recovery=clock,
            refused_writes=refused,
            lost_leases=sum(map(len, vandal.frozen.values())),
        )


def _play(plan: ChaosPlan, clients: Clients, vandal: Vandal, client: Any) -> None:
    """Start each event at its planned time, and wait for all of them."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(plan.jobs)) as pool:
        submitted = [
            pool.submit(_later, began + job.at_s, partial(clients.submit, job)) for job in plan.jobs
        ]
        for blow in sorted(plan.blows, key=lambda blow: blow.at_s):
            threading.Event().wait(max(0.0, began + blow.at_s - time.monotonic()))
            LOGGER.info("%6.1f s  %s, %s jobs run", blow.at_s, blow.damage, _count(client))
            vandal.strike(blow)
        vandal.finish()
        for future in submitted:
            future.result()
    LOGGER.info("%6.1f s  all jobs are submitted, all damage is done", time.monotonic() - began)


def _count(client: Any) -> str:
    try:
        return str(client.zcard("orchestrator:active"))
    except redis.RedisError:
        return "?"


def _later(instant: float, action: Callable[[], None]) -> None:
    time.sleep(max(0.0, instant - time.monotonic()))
    action()


def _await_quiet(client: Any) -> Iterable[str]:
    """Wait until all jobs have ended without leftovers; return the leftovers."""
    try:
        wait_until(
            lambda: not client.zcard("orchestrator:active"),
            timeout_s=_END_TIMEOUT_S,
            what="the end of all jobs",
        )
        wait_until(
            lambda: not _hurry_deletions(client) and not find_leftovers(client),
            timeout_s=_QUIET_TIMEOUT_S,
            what="nothing to be left",
        )
    except TimeoutError as error:
        return [str(error), *find_leftovers(client)]
    return []


def _hurry_deletions(client: Any) -> int:
    """Make refused deletions due at beat's next tick instead of after 30 s."""
    pending = client.zrange("orchestrator:deletions", 0, -1)
    if pending:
        client.zadd("orchestrator:deletions", dict.fromkeys(pending, 0), xx=True)
    return len(pending)


def main(arguments: list[str]) -> int:
    """Run and report; exit like a test."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--minutes", type=float, default=ROUND_S / 60)
    parser.add_argument("--broker", help="address of Celery's broker, e.g. amqp://127.0.0.1")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    directory = Path(tempfile.mkdtemp(prefix="chaos-"))
    rounds = max(1, round(options.minutes * 60 / ROUND_S))
    report = run_chaos(options.seed, rounds=rounds, directory=directory, broker_url=options.broker)
    LOGGER.info("%s", report.recovery)
    LOGGER.info("late writes refused: %d of %d", report.refused_writes, report.lost_leases)
    for problem in report.problems:
        LOGGER.info("PROBLEM %s", problem)
    verdict = "failed" if report.problems else "passed"
    LOGGER.info("seed %d %s; logs are in %s", options.seed, verdict, directory)
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
