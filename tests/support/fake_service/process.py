"""A fake service in its own process, for tests."""

import os
import signal
import subprocess
import sys
from types import TracebackType
from typing import Any, Self

import requests

from tests.support.fake_service.ledger import Ledger
from tests.support.fake_service.settings import FakeSettings, Role
from tests.support.project import ROOT

_CALL_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 10.0


class FakeService:
    """One fake service, running from ``with`` or ``start()`` on.

    The port stays the same when the process is started again; its jobs and its ledger do not
    outlive it.

    Args:
        role: Which of the three microservices to play.
        settings: Fields of ``FakeSettings``.
    """

    def __init__(self, role: Role | str, **settings: Any) -> None:
        self.settings = FakeSettings(role=Role(role), **settings)
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._running().pid

    def start(self) -> Self:
        """Start the process and wait until it accepts connections.

        Raises:
            RuntimeError: It ended instead; its own message is on stderr.
        """
        command = [sys.executable, "-m", "tests.support.fake_service"]
        settings = self.settings.model_copy(update={"parent_pid": os.getpid()})
        command += ["--json", settings.model_dump_json()]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.url = self._read_first_line(self._process)
        self.settings = self.settings.model_copy(update={"port": int(self.url.rpartition(":")[2])})
        return self

    def stop(self) -> None:
        """Stop the process gracefully; can be called repeatedly and while it is paused."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process; connections are then refused."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Pause the process: connections are accepted, but not answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a paused process."""
        self._running().send_signal(signal.SIGCONT)

    def ledger(self) -> Ledger:
        """Return the ledger of the service."""
        response = requests.get(f"{self.url}/ledger", timeout=_CALL_TIMEOUT_S)
        response.raise_for_status()
        return Ledger.model_validate_json(response.content)

    def control(self, **changes: Any) -> None:
        """Change settings of the running process, by the names of ``FakeSettings``."""
        changed = FakeSettings.model_validate(dict(self.settings) | changes).model_dump(mode="json")
        payload = {name: changed[name] for name in changes}
        response = requests.post(f"{self.url}/control", json=payload, timeout=_CALL_TIMEOUT_S)
        response.raise_for_status()

    def reset(self) -> None:
        """Reset all settings to their initial values."""
        self.control(**self.settings.model_dump(exclude={"role", "host", "port", "parent_pid"}))

    def delete(self, remote_id: str) -> None:
        """Delete a job, like an operator or the service's retention."""
        requests.delete(f"{self.url}/jobs/{remote_id}", timeout=_CALL_TIMEOUT_S).raise_for_status()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            raise RuntimeError("the fake service is not running")
        return self._process

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def _read_first_line(self, process: "subprocess.Popen[str]") -> str:
        line = process.stdout.readline().strip() if process.stdout is not None else ""
        if not line:
            self.kill()
            raise RuntimeError("the fake service did not start")
        return line
