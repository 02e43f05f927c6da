"""Processes of a service for tests: its API under gunicorn, its Celery worker."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.support.project import ROOT
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 15.0
_CALL_TIMEOUT_S = 90.0


class ServiceProcesses:
    """A running service: an API process and, by default, a worker.

    Args:
        package: Where its ``wsgi`` and ``tasks`` lie, e.g. ``services.downloader``.
        redis_url: The Redis that it uses.
        directory: Holds its artifacts and its logs.
        has_worker: Whether jobs are done.
        environment: Further variables.
    """

    def __init__(
        self,
        package: str,
        redis_url: str,
        directory: Path,
        *,
        has_worker: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.redis_url = redis_url
        self.artifacts_dir = directory / "artifacts"
        self._package = package
        self._directory = directory
        self._has_worker = has_worker
        self._environment = {
            **os.environ,
            "REDIS_URL": redis_url,
            "HOST": LOOPBACK,
            "PORT": str(self.port),
            "ARTIFACTS_DIR": str(self.artifacts_dir),
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
            **(environment or {}),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """The URL of the API."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start the processes without waiting for them."""
        config = str(ROOT / "services/kit/gunicorn.conf.py")
        self._run("api", "gunicorn", "-c", config, f"{self._package}.wsgi:app")
        if self._has_worker:
            self.start_worker()

    def start_worker(self, name: str = "worker") -> None:
        """Start a worker without waiting for it; ``name`` is the name of its log."""
        self._has_worker = True
        self._run(name, "celery", "-A", f"{self._package}.tasks", "worker")

    def _run(self, name: str, module: str, *arguments: str) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        with (self._directory / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait until the service is ready for jobs."""
        probe = "/health/ready" if self._has_worker else "/health/live"
        wait_until(
            lambda: self._answers(probe), timeout_s=_START_TIMEOUT_S, what=f"{self.url}{probe}"
        )

    def _answers(self, probe: str) -> bool:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise RuntimeError(f"{self._package} {name} ended:\n{self.read_log(name)}")
        try:
            return requests.get(self.url + probe, timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def read_log(self, name: str) -> str:
        """Return the output of a process."""
        return (self._directory / f"{name}.log").read_text()

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """Send one request on a new connection."""
        return requests.request(method, self.url + path, timeout=_CALL_TIMEOUT_S, **options)

    def submit(self, **options: Any) -> dict[str, Any]:
        """Submit a job that must be accepted; return it."""
        response = self.call("POST", "/jobs", **options)
        assert response.status_code == 202, response.text
        return as_object(response)

    def get(self, job_id: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return a job."""
        return as_object(self.call("GET", f"/jobs/{job_id}", headers=headers))

    def follow(self, job_id: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Wait until a job has ended; return it."""
        tag = ""
        while True:
            waiting = {"Prefer": "wait=30", "If-None-Match": tag, **(headers or {})}
            response = self.call("GET", f"/jobs/{job_id}", headers=waiting)
            if response.status_code == 200:
                job = as_object(response)
                if job["status"] in {"completed", "failed", "cancelled"}:
                    return job
            tag = response.headers["ETag"]

    def wait_for_status(
        self, job_id: str, status: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Wait until a job has a status."""
        wait_until(
            lambda: self.get(job_id, headers)["status"] == status,
            timeout_s=30,
            what=f"{job_id} {status}",
        )

    def list_files(self) -> list[Path]:
        """Return all files of the service."""
        # Unlike Path.rglob it passes over what is removed meanwhile.
        walk = os.walk(self.artifacts_dir)
        return [Path(folder, name) for folder, _, names in walk for name in names]

    def terminate(self) -> None:
        """Send SIGTERM to the processes without waiting."""
        for process in self.processes.values():
            process.terminate()

    def stop(self) -> None:
        """Stop the processes gracefully."""
        self.terminate()
        for process in self.processes.values():
            process.wait(_STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        self.start()
        self.wait_until_ready()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def as_object(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer."""
    body = response.json()
    assert isinstance(body, dict), body
    return body
