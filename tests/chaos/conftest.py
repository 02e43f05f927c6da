"""An orchestrator on a durable Redis that all tests of single failures share."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.chaos_damage import ChaosOrchestrator
from tests.support.redis_server import RedisServer

Workers = Callable[[int], None]


@pytest.fixture(scope="session")
def damaged_orchestrator(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ChaosOrchestrator]:
    """API, services and beat, without a worker, on a Redis that syncs every write to disk."""
    directory = tmp_path_factory.mktemp("damaged")
    # With everysec, writes acknowledged while the disk is busy may be lost when Redis is killed.
    with RedisServer(aof=True, arguments=["--appendfsync", "always"]) as server:
        orchestrator = ChaosOrchestrator(
            directory,
            server,
            services={"stage_s": 0.5, "progress_step": 25.0},
            RETRY_BACKOFF_BASE_SECONDS=0.1,
            WORKER_CONCURRENCY=64,
        )
        try:
            orchestrator.start_services()
            orchestrator.start_api()
            yield orchestrator
        finally:
            orchestrator.stop()


@pytest.fixture
def orchestrator(damaged_orchestrator: ChaosOrchestrator) -> Iterator[ChaosOrchestrator]:
    """The shared orchestrator with one worker; Redis and the services are reset afterwards."""
    for worker in damaged_orchestrator.workers:
        worker.kill()
    damaged_orchestrator.workers.clear()
    with damaged_orchestrator.redis() as client:
        client.flushall()
    damaged_orchestrator.start_worker()
    yield damaged_orchestrator
    damaged_orchestrator.redis_server.resume()
    damaged_orchestrator.redis_server.start()
    for service in damaged_orchestrator.services.values():
        service.resume()
        service.control(hold=False)
