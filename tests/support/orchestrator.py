"""The orchestrator's processes with fake services, for integration and chaos tests."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
import requests

from orchestrator.store import keys
from tests.support.fake_service import FakeService, Role
from tests.support.project import ROOT
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

__all__ = ["Orchestrator", "OwnProcess"]

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 35.0
_VARIABLES = {
    Role.DOWNLOADER: "VIDEO_DOWNLOADER_URL",
    Role.NORMALIZER: "AUDIO_NORMALIZATION_URL",
    Role.TRANSCRIBER: "AUDIO_TRANSCRIBER_URL",
}


class OwnProcess:
    """A process of the orchestrator that tests can stop, kill, freeze and restart.

    Args:
        command: The module and its arguments, as after ``python -m``.
        environment: The whole environment.
        log: Where it writes.
    """

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def log_text(self) -> str:
        """Return its output."""
        return self._log.read_text(errors="replace")

    def peak_memory_bytes(self) -> int:
        """Return its peak memory (the high-water mark of its resident set)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def send(self, signal_number: signal.Signals) -> None:
        """Send a signal to the process and its children."""
        if self.is_running:
            os.killpg(self._process.pid, signal_number)

    def kill(self) -> None:
        """Kill the process."""
        self.send(signal.SIGKILL)
        self._process.wait(_STOP_TIMEOUT_S)

    def wait(self) -> int:
        """Wait until the process exits; return its exit status."""
        return self._process.wait(_START_TIMEOUT_S)

    def stop(self) -> int:
        """Stop the process; return its exit status."""
        if self.is_running:
            self._process.terminate()
            self.send(signal.SIGCONT)
        try:
            return self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Orchestrator:
    """API, workers and beat with a Redis server and three fake services.

    Args:
        directory: Where logs go.
        redis_server: The server that they use; running.
        services: Settings of the fake services, for all (by name) or for one (by role).
        settings: Environment variables; the API listens at ``HOST``, else on loopback.
    """

    def __init__(
        self,
        directory: Path,
        redis_server: RedisServer,
        *,
        services: Mapping[str, Any] | None = None,
        **settings: str | float,
    ) -> None:
        shared = {k: v for k, v in (services or {}).items() if k not in set(Role)}
        own = {k: v for k, v in (services or {}).items() if k in set(Role)}
        self.services = {
            role: FakeService(role, **{**shared, **own.get(role, {})}) for role in Role
        }
        self.redis_server = redis_server
        self.api: OwnProcess | None = None
        self.beat: OwnProcess | None = None
        self.workers: list[OwnProcess] = []
        self._directory = directory
        self._settings = {name: str(value) for name, value in settings.items()}
        self._port = free_port()
        self._count = 0

    @property
    def address(self) -> str:
        """The URL of the API."""
        return f"http://{self._settings.get('HOST', LOOPBACK)}:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every process of the orchestrator."""
        inherited = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        return {
            **inherited,
            "REDIS_URL": self.redis_server.url,
            "HOST": LOOPBACK,
            "PORT": str(self._port),
            "WORKERS": "1",
            "WORKER_CONCURRENCY": "32",
            "ALLOWED_SOURCES": "video.test",
            "LOG_DIR": str(self._directory / "logs"),
            "UPLOADS_DIR": str(self._directory / "uploads"),
            "PYTHONUNBUFFERED": "1",
            **{_VARIABLES[role]: service.url for role, service in self.services.items()},
            **self._settings,
        }

    def start_services(self) -> None:
        """Start the fake services."""
        for service in self.services.values():
            service.start()

    def start_api(self) -> None:
        """Start the API and wait until it answers."""
        self.api = self.start_process(
            ["gunicorn", "-c", "web/gunicorn.conf.py", "web.wsgi:app"], "api"
        )
        wait_until(self._answers, timeout_s=_START_TIMEOUT_S, what="the API")

    def start_beat(self) -> None:
        """Start beat."""
        schedule = str(self._directory / "schedule")
        self.beat = self.start_process(
            ["celery", "-A", "tasks.app", "beat", "-s", schedule], "beat"
        )

    def start_worker(self) -> OwnProcess:
        """Start another worker and wait for its heartbeat."""
        before = self._heartbeats()
        worker = self.start_process(["celery", "-A", "tasks.app", "worker"], "worker")
        self.workers.append(worker)
        wait_until(lambda: self._heartbeats() - before, timeout_s=_START_TIMEOUT_S, what="a worker")
        return worker

    def submit(self, name: str, **options: Any) -> str:
        """Submit a job for ``http://video.test/{name}`` and return its id."""
        body = {"youtube_url": self.video(name), **options}
        answer = requests.post(f"{self.address}/pipeline", json=body, timeout=10)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    @staticmethod
    def video(name: str) -> str:
        """Return the URL of a video by its name."""
        return f"http://video.test/{name}"

    def get(self, path: str) -> Any:
        """Return the JSON response of the API for a path."""
        return requests.get(f"{self.address}{path}", timeout=10).json()

    def post(self, path: str) -> requests.Response:
        """Send an empty POST to the API."""
        return requests.post(f"{self.address}{path}", timeout=10)

    def delete(self, path: str) -> requests.Response:
        """Send a DELETE to the API."""
        return requests.delete(f"{self.address}{path}", timeout=10)

    def events(self, job_id: str) -> list[str]:
        """Return the types of a job's history entries, oldest first."""
        return [entry["type"] for entry in self.get(f"/jobs/{job_id}/events")["events"]]

    def await_status(self, job_id: str, *statuses: str, timeout_s: float = 30.0) -> dict[str, Any]:
        """Wait until a job has one of some statuses, and return it."""
        seen: list[dict[str, Any]] = []

        def is_reached() -> bool:
            seen[:] = [self.get(f"/jobs/{job_id}")]
            return seen[0]["status"] in statuses

        try:
            wait_until(is_reached, timeout_s=timeout_s, what=f"{job_id} to be {statuses}")
        except TimeoutError as error:
            error.add_note(f"It was last seen as {seen[0]}")
            raise
        return seen[0]

    def cancel_unfinished(self) -> None:
        """Cancel all unfinished jobs."""
        with self.redis() as client:
            for job_id in client.zrange(keys.ACTIVE, 0, -1):
                self.post(f"/jobs/{job_id}/cancel")

    def redis(self) -> redis.Redis:
        """Return a client of the Redis server; the caller closes it."""
        return redis.Redis.from_url(self.redis_server.url, decode_responses=True)

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.callback(self.stop)
            self.start_services()
            self.start_api()
            self.start_worker()
            on_failure.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop everything that was started."""
        for process in [*self.workers, self.beat, self.api]:
            if process is not None:
                process.stop()
        for service in self.services.values():
            service.stop()

    def start_process(self, command: list[str], name: str) -> OwnProcess:
        """Start another process: a module and its arguments."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._count += 1
        log = self._directory / f"{name}-{self._count}.log"
        return OwnProcess(command, self.environment, log)

    def _heartbeats(self) -> set[str]:
        with self.redis() as client:
            return set(client.scan_iter("orchestrator:heartbeat:*"))

    def _answers(self) -> bool:
        if self.api is not None and not self.api.is_running:
            raise RuntimeError(f"the API ended at once:\n{self.api.log_text()}")
        try:
            return requests.get(f"{self.address}/health/live", timeout=2).ok
        except (requests.ConnectionError, requests.Timeout):
            return False
