"""The system under test: all processes of ``make run`` and additional workers."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from benchmarks.media.case import Case, Json
from benchmarks.media.odd_server import LOGIN
from benchmarks.media.verdict import Outcome
from tools.background import BackgroundStack
from tools.ports import LOOPBACK

ENDED = {"completed", "failed", "cancelled"}
LARGEST_FILE_MB = 64
_CALL_TIMEOUT_S = 60.0
_POLL_S = 0.3
_STOP_TIMEOUT_S = 30.0
_PROJECT = Path(__file__).resolve().parents[2]
# Hanging servers must not delay the other cases; a transcriber uses one core.
_MORE_WORKERS = {"downloader": 3, "transcriber": 1}


class Chain:
    """The stack for the duration of the block.

    Args:
        directory: For its data and logs.
        environment: Further variables.
        more_workers: Number of additional workers per service.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str] | None = None,
        *,
        more_workers: Mapping[str, int] = _MORE_WORKERS,
    ) -> None:
        own = {
            "ALLOWED_SOURCES": LOOPBACK,
            "ALLOW_PRIVATE_ADDRESSES": "true",
            "MAX_FILE_SIZE_MB": str(LARGEST_FILE_MB),
            "RETRY_BACKOFF_BASE_SECONDS": "0.5",
            "OMP_NUM_THREADS": "1",
        }
        self.stack = BackgroundStack(directory, {**own, **(environment or {})})
        self.directory = directory
        self._more_workers = more_workers
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.callback(self._stop)
            self.stack.start()
            for service, count in self._more_workers.items():
                for number in range(count):
                    self._start_worker(service, number)
            on_failure.pop_all()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def run(self, case: Case, url: str, file: Path) -> Outcome:
        """Submit a case and follow its job until it ends.

        Args:
            case: What to submit.
            url: The URL of its input.
            file: The input itself, for an upload.

        Raises:
            TimeoutError: The job took longer than the case allows, and was cancelled.
        """
        started = time.monotonic()
        answer = self._submit(case, url, file)
        if not answer.ok:
            return Outcome(answer.status_code, answer.json(), {}, time.monotonic() - started)
        job_id = answer.json()["job_id"]
        while (job := self._get(f"/jobs/{job_id}").json())["status"] not in ENDED:
            if time.monotonic() - started > case.within_s:
                requests.post(f"{self.stack.address}/jobs/{job_id}/cancel", timeout=_CALL_TIMEOUT_S)
                raise TimeoutError(f"still {job['status']} after {case.within_s:g} s")
            time.sleep(_POLL_S)
        elapsed_s = time.monotonic() - started
        if job["status"] != "completed":
            return Outcome(answer.status_code, job, {}, elapsed_s)
        return Outcome(answer.status_code, job, self._read_transcript(job_id), elapsed_s)

    def _read_transcript(self, job_id: str) -> Json:
        path = f"/jobs/{job_id}/transcript?format="
        files = {form: self._get(f"{path}{form}") for form in ("srt", "vtt", "txt")}
        return {
            **self._get(f"{path}json").json(),
            **{form: answer.content.decode() for form, answer in files.items()},
            "disposition": files["srt"].headers.get("Content-Disposition", ""),
        }

    def find_in_public(self, job_id: str, secret: str) -> list[str]:
        """Return which of job, events and logs contain a secret."""
        pages = {
            path: self._get(path).text for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/events")
        }
        logs = {str(path): path.read_text(errors="replace") for path in self._list_logs()}
        return [name for name, text in {**pages, **logs}.items() if secret in text]

    def measure_peak_bytes(self, module: str) -> int:
        """Return the peak memory of the running processes of a module (Linux only)."""
        peaks = [0]
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has exited
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes()
                own = f"DATA_DIR={self.directory.resolve()}".encode()
                if module.encode() in command and own in environment:
                    status = (process / "status").read_text()
                    peaks += [int(kib) * 1024 for kib in re.findall(r"VmHWM:\s+(\d+)", status)]
        return max(peaks)

    def _list_logs(self) -> list[Path]:
        return [self.stack.log, *self.directory.glob("logs/*.log"), *self.directory.glob("*.log")]

    def _submit(self, case: Case, url: str, file: Path) -> requests.Response:
        address = f"{self.stack.address}/pipeline"
        if case.is_upload:
            with file.open("rb") as content:
                return requests.post(
                    address,
                    data={name: _to_form(value) for name, value in case.options.items()},
                    files={"file": (file.name, content)},
                    timeout=_CALL_TIMEOUT_S,
                )
        if case.login:
            parts = urlsplit(url)
            url = parts._replace(netloc=f"{case.login}@{parts.netloc}").geturl()
        body = {"youtube_url": url, **case.options}
        return requests.post(address, json=body, timeout=_CALL_TIMEOUT_S)

    def _get(self, path: str) -> requests.Response:
        return requests.get(f"{self.stack.address}{path}", timeout=_CALL_TIMEOUT_S)

    def _start_worker(self, service: str, number: int) -> None:
        environment = self.stack.plan.process_environment(f"{service}-worker")
        with (self.directory / f"{service}-worker-{number}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own arguments
                [sys.executable, "-m", "celery", "-A", f"services.{service}.tasks", "worker"],
                cwd=_PROJECT,
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self.stack.stop()


def _to_form(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


__all__ = ["LOGIN", "Chain", "Json"]
