"""The orchestrator for a benchmark: API, workers, beat and a private Redis."""

import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
import requests

from benchmarks.harness.meters import cpu_s, memory_bytes, peak_bytes
from benchmarks.harness.services import FakeServices
from orchestrator.store import keys
from tests.support.orchestrator import OwnProcess
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

__all__ = ["Cost", "Stack"]

_START_TIMEOUT_S = 60.0
_CALL_TIMEOUT_S = 60.0
_ENDED = ("completed", "failed", "cancelled")
_UNLIMITED = "none"
_LAST_WORDS = 3000  # characters of a log


@dataclass(frozen=True)
class Cost:
    """CPU seconds used by the parts of a stack."""

    workers_s: float
    """Workers and beat."""
    api_s: float
    redis_s: float

    def since(self, earlier: "Cost") -> "Cost":
        """Return the difference to an earlier measurement."""
        return Cost(
            self.workers_s - earlier.workers_s,
            self.api_s - earlier.api_s,
            self.redis_s - earlier.redis_s,
        )


class Stack:
    """Everything except the services, with default settings, for the duration of the block.

    Args:
        services: Running services.
        workers: Number of worker processes.
        turns: Concurrent turns of one worker.
        api_processes: Number of API processes; 0 for none.
        settings: Further variables; limits for clients are disabled unless set here.
    """

    def __init__(
        self,
        services: FakeServices | None = None,
        *,
        workers: int = 1,
        turns: int = 400,
        api_processes: int = 1,
        **settings: Any,
    ) -> None:
        self.redis_server = RedisServer(aof=True)
        self.workers: list[OwnProcess] = []
        self.api: OwnProcess | None = None
        self.beat: OwnProcess | None = None
        self._worker_count = workers
        self._has_api = api_processes > 0
        self._port = free_port()
        self._on_exit = ExitStack()
        temporary = tempfile.TemporaryDirectory(prefix="benchmark-")
        self._directory = Path(self._on_exit.enter_context(temporary))
        inherited = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        self._environment = {
            **inherited,
            "REDIS_URL": self.redis_server.url,
            "HOST": LOOPBACK,
            "PORT": str(self._port),
            "WORKERS": str(max(1, api_processes)),
            "WORKER_CONCURRENCY": str(turns),
            "ALLOWED_SOURCES": "video.test",
            "RATE_LIMIT_SUBMIT": _UNLIMITED,
            "RATE_LIMIT_READ": _UNLIMITED,
            "LOG_DIR": str(self._directory / "logs"),
            "UPLOADS_DIR": str(self._directory / "uploads"),
            **(services.variables if services else {}),
            **{name: str(value) for name, value in settings.items()},
        }

    @property
    def address(self) -> str:
        """The URL of the API."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def worker_pids(self) -> list[int]:
        """The process ids of the workers."""
        return [worker.pid for worker in self.workers]

    def cost(self) -> Cost:
        """Return the CPU time used so far."""
        beat = [self.beat.pid] if self.beat else []
        api = [self.api.pid] if self.api else []
        return Cost(
            cpu_s([*self.worker_pids, *beat]), cpu_s(api), cpu_s([self.redis_server.process.pid])
        )

    def memory_bytes(self) -> int:
        """Return the current memory of API, workers, beat and Redis."""
        own = [one.pid for one in (self.api, self.beat) if one]
        return memory_bytes([*own, *self.worker_pids, self.redis_server.process.pid])

    def workers_peak_bytes(self) -> int:
        """Return the peak memory of workers and beat."""
        beat = [self.beat.pid] if self.beat else []
        return peak_bytes([*self.worker_pids, *beat])

    def redis(self) -> redis.Redis:
        """Return a client of the Redis server; the caller closes it."""
        return redis.Redis.from_url(self.redis_server.url, decode_responses=True)

    def await_ended(self, count: int, *, timeout_s: float) -> None:
        """Wait until a number of jobs have ended.

        Raises:
            RuntimeError: Not all of them have completed.
            TimeoutError: They have not ended in time.
        """
        with self.redis() as client:

            def ended() -> dict[str, int]:
                return {status: int(client.zcard(keys.jobs_in(status))) for status in _ENDED}

            what = f"the end of {count} jobs"
            try:
                wait_until(lambda: sum(ended().values()) >= count, timeout_s=timeout_s, what=what)
            except TimeoutError as error:
                last_words = self.workers[0].log_text()[-_LAST_WORDS:]
                raise TimeoutError(f"{error}: {ended()}\n{last_words}") from error
            if ended()["completed"] < count:
                raise RuntimeError(f"not all jobs have completed: {ended()}")

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def _start(self) -> None:
        self._on_exit.enter_context(self.redis_server)
        for number in range(self._worker_count):
            self.workers.append(
                self._run(f"worker-{number}", "celery", "-A", "tasks.app", "worker")
            )
        if self._worker_count:
            self.beat = self._run("beat", "celery", "-A", "tasks.app", "beat")
        if self._has_api:
            arguments = ("gunicorn", "-c", "web/gunicorn.conf.py", "web.wsgi:app")
            self.api = self._run("api", *arguments)
            wait_until(self._answers, timeout_s=_START_TIMEOUT_S, what="the API")
        wait_until(self._have_heartbeats, timeout_s=_START_TIMEOUT_S, what="the workers")

    def _stop(self) -> None:
        for process in [*self.workers, self.beat, self.api]:
            if process is not None:
                process.stop()
        self._on_exit.close()

    def _run(self, name: str, *command: str) -> OwnProcess:
        return OwnProcess(list(command), self._environment, self._directory / f"{name}.log")

    def _answers(self) -> bool:
        for process in filter(None, [*self.workers, self.beat, self.api]):
            if not process.is_running:
                raise RuntimeError(f"a process exited during startup:\n{process.log_text()}")
        try:
            return requests.get(f"{self.address}/health/live", timeout=_CALL_TIMEOUT_S).ok
        except requests.ConnectionError:
            return False

    def _have_heartbeats(self) -> bool:
        with self.redis() as client:
            return len(list(client.scan_iter(keys.heartbeat("*")))) == self._worker_count
