"""An orchestrator on several hosts: Redis, the API, each service and each worker."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

from tests.support.chaos_damage import ChaosOrchestrator
from tests.support.fake_service import Role
from tests.support.network import Network
from tests.support.orchestrator import OwnProcess
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

__all__ = ["WORKERS", "SpreadOrchestrator", "spread_orchestrator"]

WORKERS: Final = ("worker-1", "worker-2")
_REDIS: Final = "redis"
_API: Final = "api"
_LISTENING_WITHIN_S: Final = 30.0


class SpreadOrchestrator(ChaosOrchestrator):
    """API, workers and fake services that communicate over a network only.

    Args:
        directory: Where logs go.
        redis_server: The server that they use; running.
        network: Has a host for each of them.
        stage_s: How long a service works on a job, in seconds.
        settings: Environment variables.
    """

    def __init__(
        self,
        directory: Path,
        redis_server: RedisServer,
        network: Network,
        *,
        stage_s: float,
        **settings: str | float,
    ) -> None:
        hosts: dict[str, Any] = {role: {"host": network.address(role)} for role in Role}
        super().__init__(
            directory,
            redis_server,
            services={"stage_s": stage_s, **hosts},
            HOST=network.address(_API),
            **settings,
        )
        self.network = network
        self.by_host: dict[str, OwnProcess] = {}
        """The workers by host."""

    def start(self) -> None:
        """Start each process on its host."""
        for role, service in self.services.items():
            with self.network.on(role):
                service.start()
        with self.network.on(_API):
            self.start_api()
        for host in WORKERS:
            with self.network.on(host):
                self.by_host[host] = self.start_worker()
        # The first heartbeat precedes the first read from the queue.
        wait_until(self._are_listening, timeout_s=_LISTENING_WITHIN_S, what="workers to listen")

    def leases(self, host: str) -> set[str]:
        """Return the jobs whose lease a host's worker has."""
        with self.redis() as client:
            return set(client.smembers(f"orchestrator:leases:{self.worker_name(host)}"))

    def worker_name(self, host: str) -> str:
        """Return the name of a host's worker."""
        pid = self.by_host[host].pid
        with self.redis() as client:
            names = client.smembers("orchestrator:workers")
        return next((name for name in names if f":{pid}:" in name), "")

    def turns_processed(self, host: str) -> int:
        """Return the number of turns that a host's worker has reported."""
        name = self.worker_name(host)
        told = self.get("/admin/workers")["workers"]
        return sum(worker["turns_processed"] for worker in told if worker["worker"] == name)

    def kill_workers(self) -> None:
        """Kill the workers: a disconnected one cannot requeue its jobs."""
        for worker in self.workers:
            worker.kill()

    def _are_listening(self) -> bool:
        return all("ready." in worker.log_text() for worker in self.by_host.values())


@contextmanager
def spread_orchestrator(directory: Path, **settings: float) -> Iterator[SpreadOrchestrator]:
    """Run an orchestrator on separate hosts; the block runs on another one.

    Args:
        directory: Where logs go.
        settings: ``stage_s``, and environment variables.
    """
    with ExitStack() as ends:
        network = ends.enter_context(Network([_REDIS, _API, *Role, *WORKERS]))
        with network.on(_REDIS):
            server = ends.enter_context(RedisServer(host=network.address(_REDIS)))
        orchestrator = SpreadOrchestrator(directory, server, network, **settings)
        ends.callback(orchestrator.stop)
        ends.callback(orchestrator.kill_workers)
        orchestrator.start()
        yield orchestrator
