"""The stack of ``make run`` in the background, for the demo and for end-to-end tests."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.announce import await_health
from tools.ports import LOOPBACK, free_port
from tools.stack import SERVICES, Service, Stack, plan_stack

_ROOT = Path(__file__).resolve().parent.parent
_STOP_TIMEOUT_S = 30.0
_TAIL_LINES = 15
_ENDED = re.compile(r"system +\| (\S+) stopped \(rc=", re.MULTILINE)


class StackError(Exception):
    """The stack did not start, or has stopped; the message ends with the log's last lines."""


class BackgroundStack:
    """All processes on free ports, with separate data and logs, for the duration of the block.

    Args:
        directory: For its data, its log files and ``stack.log``.
        environment: Variables in addition to those of this process, e.g. ``ALLOWED_SOURCES``.
    """

    def __init__(self, directory: Path, environment: Mapping[str, str]) -> None:
        addresses = {service.variable: f"http://{LOOPBACK}:{free_port()}" for service in SERVICES}
        own = {
            "DATA_DIR": str(directory.resolve()),
            "LOG_DIR": str(directory.resolve() / "logs"),
            "PORT": str(free_port()),
            "REDIS_URL": environment.get("REDIS_URL", ""),
            "REDIS_PORT": str(free_port()),
        }
        self._environment = {**os.environ, **addresses, **own, **environment}
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def plan(self) -> Stack:
        """The processes and their URLs."""
        return plan_stack(self._environment, redis_port=int(self._environment["REDIS_PORT"]))

    @property
    def address(self) -> str:
        """The URL of the API."""
        return self.plan.api_address

    def service_address(self, name: str) -> str:
        """Return the URL of a service."""
        return self.plan.service_address(_service(name))

    @property
    def log(self) -> Path:
        """The file with the output of all processes."""
        return self._directory / "stack.log"

    def start(self) -> None:
        """Start every process and return when all are healthy.

        Raises:
            StackError: A process exited, or did not become healthy in time.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tools.run"],
                cwd=_ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            await_health(self.plan.health_addresses(), self.check)
        except TimeoutError as error:
            raise StackError(f"{error}\n{self.log_tail()}") from error

    def check(self) -> None:
        """Raise a ``StackError`` if a process has exited."""
        if self._process is not None and self._process.poll() is not None:
            raise StackError(f"the stack has stopped\n{self.log_tail()}")

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Stop every process.

        Args:
            signal_number: The signal to send; Ctrl-C sends ``SIGINT``.

        Returns:
            The exit status of ``tools.run``.
        """
        if self._process is None:
            return 0
        self._process.send_signal(signal_number)
        return self._process.wait(_STOP_TIMEOUT_S)

    def log_tail(self) -> str:
        """Return the last lines of the process that exited first, or of all if none did."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        ended = _ENDED.search(text)
        name = re.escape(ended[1]) if ended else r"\S+"
        lines = re.findall(rf"^\S+ {name} +\| .*$", text, re.MULTILINE) or text.splitlines()
        return "\n".join([f"last lines of {self.log}:", *lines[-_TAIL_LINES:]])

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.callback(self.stop)
            self.start()
            on_failure.pop_all()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _service(name: str) -> Service:
    return next(service for service in SERVICES if service.name == name)
