"""Three sentinels with a primary and a replica, all on loopback."""

import subprocess
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis

from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.redis_binary import find_redis_server, is_redis_answering
from tools.waiting import wait_until

__all__ = ["WatchedRedis"]

_MASTER = "mymaster"
_QUORUM = 2
_SILENT_MS = 2000
_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 10.0


class WatchedRedis:
    """Two Redis servers, one of them the primary, and their sentinels."""

    def __init__(self) -> None:
        self.primary = RedisServer(aof=True, arguments=["--repl-diskless-sync-delay", "0"])
        self.replica = RedisServer(
            aof=True, arguments=["--replicaof", f"{LOOPBACK} {self.primary.port}"]
        )
        self.sentinel_ports = [free_port() for _ in range(3)]
        self._directory = tempfile.TemporaryDirectory(prefix="sentinels-")
        self._ends = ExitStack()

    @property
    def url(self) -> str:
        """The URL that resolves to the current primary."""
        places = [f"sentinel://{LOOPBACK}:{port}" for port in self.sentinel_ports]
        return f"{';'.join(places)}/{_MASTER}"

    def primary_port(self) -> int:
        """Return the port of the primary according to the sentinels."""
        with redis.Redis(
            host=LOOPBACK, port=self.sentinel_ports[0], decode_responses=True
        ) as client:
            found = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", _MASTER)
        return int(found[1])

    def client(self) -> redis.Redis:
        """Return a client of the current primary; the caller closes it."""
        return redis.Redis(host=LOOPBACK, port=self.primary_port(), decode_responses=True)

    def __enter__(self) -> Self:
        with ExitStack() as on_failure:
            on_failure.push(self.__exit__)
            self._ends.enter_context(self.primary)
            self._ends.enter_context(self.replica)
            for port in self.sentinel_ports:
                self._start_sentinel(port)
            wait_until(self._is_complete, timeout_s=_START_TIMEOUT_S, what="the sentinels to agree")
            on_failure.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ends.close()
        self._directory.cleanup()

    def _start_sentinel(self, port: int) -> None:
        settings = Path(self._directory.name) / f"{port}.conf"
        settings.write_text(
            f"port {port}\n"
            f"bind {LOOPBACK}\n"
            f"dir {self._directory.name}\n"
            f"sentinel monitor {_MASTER} {LOOPBACK} {self.primary.port} {_QUORUM}\n"
            f"sentinel down-after-milliseconds {_MASTER} {_SILENT_MS}\n"
            f"sentinel failover-timeout {_MASTER} 10000\n"
        )
        with settings.with_suffix(".log").open("ab") as log:
            process = subprocess.Popen(
                [str(find_redis_server()), str(settings), "--sentinel"],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._ends.callback(_end, process)
        wait_until(lambda: is_redis_answering(port), timeout_s=_START_TIMEOUT_S, what="a sentinel")

    def _is_complete(self) -> bool:
        """Whether each sentinel knows the others and the synchronized replica."""
        for port in self.sentinel_ports:
            with redis.Redis(host=LOOPBACK, port=port, decode_responses=True) as client:
                facts = client.execute_command("SENTINEL", "MASTER", _MASTER)
            if (facts["num-other-sentinels"], facts["num-slaves"]) != ("2", "1"):
                return False
        with suppress(redis.RedisError), redis.Redis(port=self.replica.port) as client:
            return bool(client.info("replication")["master_link_status"] == "up")
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(_STOP_TIMEOUT_S)
