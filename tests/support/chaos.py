"""A chaos run: ``python -m tests.support.chaos --seed 7 --minutes 5``, or ``make chaos``.

Clients submit jobs to services with faults, while processes are killed and frozen.
Afterwards every job must have its expected end, and no data of unfinished work may remain.
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
from tests.support.chaos_damage import ChaosOrchestrator, Saboteur
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
    """Late writes of frozen workers that were refused."""
    lost_leases: int
    """Leases of these workers when they were frozen."""


class Clients:
    """Submit jobs as planned, and repeat requests without a response.

    Args:
        url: URL of the API.
    """

    def __init__(self, url: str) -> None:
        self.texts: dict[str, str] = {}
        """The expected text of each accepted job."""
        self.unwanted: set[str] = set()
        """Jobs whose cancellation was requested."""
        self._url = url

    def submit(self, job: PlannedJob) -> None:
        """Submit one job, and cancel it if that is planned."""
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
                answer = requests.post(f"{self._url}{path}", json=body, timeout=10)
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
    """Do one run and check the data that it left.

    Args:
        seed: Determines the jobs, the strikes and the faults of the services.
        rounds: Number of rounds of 32 s.
        directory: Directory of the logs.
        broker_url: Celery's broker; Redis by default.
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
        saboteur = Saboteur(orchestrator, clock)
        _play(plan, clients, saboteur, client)
        problems = _await_quiet(client)
        clock.stop()
        ledgers = {name: orchestrator.services[role].ledger() for role, name in _STAGES.items()}
        findings = Findings(
            read_jobs(client),
            clients.texts,
            unwanted=frozenset(clients.unwanted),
            ledgers=ledgers,
        )
        refused = sum(worker.log_text().count("The lease on job") for worker in saboteur.frozen)
        return ChaosReport(
            plan=plan,
            problems=(*problems, *findings.all()),
            recovery=clock,
            refused_writes=refused,
            lost_leases=sum(map(len, saboteur.frozen.values())),
        )


def _play(plan: ChaosPlan, clients: Clients, saboteur: Saboteur, client: Any) -> None:
    """Submit the jobs and do the damage at the planned times, and wait until all is done."""
    started = time.monotonic()
    with ThreadPoolExecutor(len(plan.jobs)) as pool:
        submitted = [
            pool.submit(_later, started + job.at_s, partial(clients.submit, job))
            for job in plan.jobs
        ]
        for strike in sorted(plan.strikes, key=lambda strike: strike.at_s):
            threading.Event().wait(max(0.0, started + strike.at_s - time.monotonic()))
            LOGGER.info("%6.1f s  %s, %s jobs run", strike.at_s, strike.damage, _count(client))
            saboteur.start(strike)
        saboteur.finish()
        for future in submitted:
            future.result()
    LOGGER.info("%6.1f s  all jobs are submitted, all damage is done", time.monotonic() - started)


def _count(client: Any) -> str:
    try:
        return str(client.zcard("orchestrator:active"))
    except redis.RedisError:
        return "?"


def _later(instant: float, action: Callable[[], None]) -> None:
    time.sleep(max(0.0, instant - time.monotonic()))
    action()


def _await_quiet(client: Any) -> Iterable[str]:
    """Wait until all jobs have ended and no leftovers remain; return the problems."""
    try:
        wait_until(
            lambda: not client.zcard("orchestrator:active"),
            timeout_s=_END_TIMEOUT_S,
            what="the end of all jobs",
        )
        wait_until(
            lambda: not _hurry_deletions(client) and not find_leftovers(client),
            timeout_s=_QUIET_TIMEOUT_S,
            what="the removal of all leftovers",
        )
    except TimeoutError as error:
        return [str(error), *find_leftovers(client)]
    return []


def _hurry_deletions(client: Any) -> int:
    """Make deletions that a service refused due at the next tick of beat, not after 30 s."""
    pending = client.zrange("orchestrator:deletions", 0, -1)
    if pending:
        client.zadd("orchestrator:deletions", dict.fromkeys(pending, 0), xx=True)
    return len(pending)


def main(arguments: list[str]) -> int:
    """Do one run, log the report and return the exit status: 1 if there are problems."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10_000))
    parser.add_argument("--minutes", type=float, default=ROUND_S / 60)
    parser.add_argument("--broker", help="URL of Celery's broker, e.g. amqp://127.0.0.1")
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
