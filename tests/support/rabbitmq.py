"""A private RabbitMQ for one test, on loopback with its own ports and directory."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

__all__ = ["RabbitServer"]

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0


class RabbitServer:
    """A broker that runs for the duration of the block.

    Args:
        directory: Where its data and logs go.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self._names_port = free_port()

    @property
    def url(self) -> str:
        """The broker's URL, for Celery."""
        return f"amqp://guest:guest@{LOOPBACK}:{self._port}//"

    def __enter__(self) -> Self:
        with (self._directory / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [_find_server()],
                env=self._environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._answers, timeout_s=_START_TIMEOUT_S, what="RabbitMQ")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(_STOP_TIMEOUT_S)
        # Erlang's register of names is a daemon of its own, which nothing else ends.
        subprocess.run(["epmd", "-port", str(self._names_port), "-kill"], check=False)

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise RuntimeError((self._directory / "output").read_text())
        try:
            socket.create_connection((LOOPBACK, self._port), timeout=1).close()
        except OSError:
            return False
        return True

    def _environment(self) -> dict[str, str]:
        own = self._directory
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(own),
            "RABBITMQ_NODENAME": f"test{self._port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": LOOPBACK,
            "RABBITMQ_NODE_PORT": str(self._port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(self._names_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_MNESIA_BASE": str(own / "data"),
            "RABBITMQ_LOG_BASE": str(own / "log"),
            "RABBITMQ_CONFIG_FILE": str(own / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(own / "plugins"),
        }


def _find_server() -> str:
    """Return the server's script; the one on PATH runs as another user."""
    folder = "/usr/lib/rabbitmq/bin"
    found = shutil.which("rabbitmq-server", path=f"{folder}:{os.environ['PATH']}")
    if found is None:
        raise FileNotFoundError("rabbitmq-server; on Debian: apt install rabbitmq-server")
    return found
