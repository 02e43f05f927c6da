"""Damage to the processes of an orchestrator, and their replacement."""

import os
import signal
import subprocess
import time
from concurrent.futures import Future, ThreadPoolExecutor

import redis

from tests.support.chaos_plan import Damage, Strike
from tests.support.chaos_recovery import RecoveryClock
from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator, OwnProcess
from tools.waiting import wait_until

__all__ = ["ChaosOrchestrator", "Saboteur"]

_REPLACED_AFTER_S = 1.0
_REDIS_AWAY_S = 2.0
_HANG_S = 0.7
_FROZEN_S = 11.0  # the heartbeat lives for 8 s
_REDIS_BACK_S = 20.0
_START_TIMEOUT_S = 30.0


class ChaosOrchestrator(Orchestrator):
    """An orchestrator whose workers are started without waiting for them."""

    def spawn_worker(self) -> OwnProcess:
        """Start another worker without waiting."""
        worker = self.start_process(["celery", "-A", "tasks.app", "worker"], "worker")
        self.workers.append(worker)
        return worker

    def submissions(self, role: Role, job_id: str) -> int:
        """Return how many remote jobs a service has accepted for a job."""
        ledger = self.services[role].ledger()
        return sum((one.idempotency_key or "").startswith(job_id) for one in ledger.submissions)

    def submit_held(self, name: str, count: int) -> dict[str, str]:
        """Submit jobs whose downloads do not end, and wait until a worker polls all of them.

        Returns:
            The names of the videos by job id.
        """
        self.services[Role.DOWNLOADER].control(hold=True)
        jobs = {self.submit(f"{name}-{number}"): f"{name}-{number}" for number in range(count)}
        wait_until(
            lambda: all(self.submissions(Role.DOWNLOADER, job_id) for job_id in jobs),
            timeout_s=_START_TIMEOUT_S,
            what="all submissions",
        )
        return jobs

    def await_workers(self) -> None:
        """Wait until every running worker has a heartbeat."""
        running = [worker.pid for worker in self.workers if worker.is_running]

        def are_alive() -> bool:
            names = self._heartbeats()
            return all(any(f":{pid}:" in name for name in names) for pid in running)

        wait_until(are_alive, timeout_s=_START_TIMEOUT_S, what="all workers")


class Saboteur:
    """Damages processes as planned, with several strikes at a time.

    Args:
        orchestrator: The orchestrator to damage.
        clock: Measures the recovery of the jobs of damaged workers.
    """

    def __init__(self, orchestrator: ChaosOrchestrator, clock: RecoveryClock) -> None:
        self.frozen: dict[OwnProcess, frozenset[str]] = {}
        """Workers that were frozen, with the jobs whose lease they lost."""
        self._frozen_now: set[OwnProcess] = set()
        self._orchestrator = orchestrator
        self._clock = clock
        self._pool = ThreadPoolExecutor(8)
        self._running_strikes: list[Future[None]] = []

    def start(self, strike: Strike) -> None:
        """Start one strike and return immediately."""
        self._running_strikes.append(self._pool.submit(self._do, strike))

    def finish(self) -> None:
        """Wait until all damage is done and repaired; raise the first error of a strike."""
        for future in self._running_strikes:
            future.result()
        self._pool.shutdown()

    def _do(self, strike: Strike) -> None:
        match strike.damage:
            case Damage.KILL_WORKER:
                self._kill_worker(strike)
            case Damage.KILL_IN_TRANSFER:
                self._kill_in_transfer(strike)
            case Damage.FREEZE_WORKER:
                self._freeze_worker(strike)
            case Damage.KILL_BEAT:
                self._kill_beat()
            case Damage.KILL_API:
                self._kill_api(strike)
            case Damage.KILL_REDIS:
                self._kill_redis()

    def _running(self) -> list[OwnProcess]:
        workers = [one for one in self._orchestrator.workers if one not in self._frozen_now]
        return [worker for worker in workers if worker.is_running]

    def _kill_worker(self, strike: Strike) -> None:
        running = self._running()
        worker = running[strike.victim % len(running)]
        worker.kill()
        self._watch_jobs_of(worker, strike)
        time.sleep(_REPLACED_AFTER_S)
        self._orchestrator.spawn_worker()

    def _kill_in_transfer(self, strike: Strike) -> None:
        """Pause both services of running transfers, then kill their worker."""
        ends = [self._orchestrator.services[role] for role in (Role.DOWNLOADER, Role.NORMALIZER)]
        for service in ends:
            service.pause()
        try:
            time.sleep(_HANG_S)
            self._kill_worker(strike)
        finally:
            for service in ends:
                service.resume()

    def _freeze_worker(self, strike: Strike) -> None:
        # The busiest one, since its late writes are checked when it resumes.
        worker = max(self._running(), key=lambda one: len(self._clock.held_by(one.pid)[1]))
        worker.send(signal.SIGSTOP)
        self._frozen_now.add(worker)
        self._clock.record_trouble()
        self.frozen[worker] = self.frozen.get(worker, frozenset()) | self._watch_jobs_of(
            worker, strike
        )
        time.sleep(_FROZEN_S)
        self._clock.record_trouble()
        worker.send(signal.SIGCONT)
        self._frozen_now.discard(worker)

    def _watch_jobs_of(self, worker: OwnProcess, strike: Strike) -> frozenset[str]:
        while True:
            try:
                name, job_ids = self._clock.held_by(worker.pid)
                self._clock.start(name, job_ids, cause=strike.damage)
            except redis.RedisError:
                time.sleep(0.1)
            else:
                return job_ids

    def _kill_beat(self) -> None:
        if self._orchestrator.beat is not None:
            self._orchestrator.beat.kill()
        time.sleep(_REPLACED_AFTER_S)
        self._orchestrator.start_beat()

    def _kill_api(self, strike: Strike) -> None:
        """Kill one worker process of gunicorn, which starts another one."""
        if self._orchestrator.api is None:
            return
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
        )
        pairs = [map(int, line.split()) for line in listed.stdout.splitlines()]
        children = [pid for pid, parent in pairs if parent == self._orchestrator.api.pid]
        os.kill(children[strike.victim % len(children)], signal.SIGKILL)

    def _kill_redis(self) -> None:
        self._clock.record_trouble()
        self._orchestrator.redis_server.kill()
        time.sleep(_REDIS_AWAY_S)
        self._orchestrator.redis_server.start()
        self._clock.record_trouble()
