"""A private, real Redis server for one test or one test session."""

import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tools.ports import LOOPBACK, free_port
from tools.redis_binary import is_redis_answering, redis_command
from tools.waiting import wait_until

_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 10.0


class RedisServer:
    """A server with its own port and temporary directory.

    The port stays the same when the server is started again; with ``aof`` so does the data.

    Args:
        aof: Whether what it holds outlives ``stop`` and ``kill``.
        arguments: Further arguments of ``redis-server``, e.g. ``["--maxmemory", "4mb"]``.
        host: The address at which it listens.
    """

    def __init__(
        self, *, aof: bool = False, arguments: Sequence[str] = (), host: str = LOOPBACK
    ) -> None:
        self.port = free_port()
        self._host = host
        self._aof = aof
        self._arguments = arguments
        self._directory = tempfile.TemporaryDirectory(prefix="redis-")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return f"redis://{self._host}:{self.port}/0"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server, or the last one."""
        if self._process is None:
            raise RuntimeError("the Redis server was never started")
        return self._process

    @property
    def _log(self) -> Path:
        return Path(self._directory.name) / "redis.log"

    def start(self) -> None:
        """Start the server unless it runs, and wait until it answers."""
        if self._process is not None and self._process.poll() is None:
            return
        directory = Path(self._directory.name)
        command = redis_command(port=self.port, directory=directory, aof=self._aof)
        if self._host != LOOPBACK:  # the later of two options counts
            command += ["--bind", self._host, "--protected-mode", "no"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._arguments], stdout=log, stderr=subprocess.STDOUT
            )
        wait_until(self._is_ready, timeout_s=_START_TIMEOUT_S, what=f"Redis on port {self.port}")

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"the Redis server ended at once:\n{self._log.read_text()}")
        return is_redis_answering(self.port, self._host)

    def stop(self) -> None:
        """Stop the server gracefully; calling it twice is safe."""
        if self._process is None or self._process.poll() is not None:
            return
        self.resume()
        self._process.terminate()
        self._process.wait(_STOP_TIMEOUT_S)

    def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        self.process.kill()
        self.process.wait(_STOP_TIMEOUT_S)

    def pause(self) -> None:
        """Pause the server (SIGSTOP): connections stay open without responses."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Resume a paused server."""
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._directory.cleanup()
