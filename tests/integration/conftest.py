"""An orchestrator that tests share if they do not stop its processes."""

from collections.abc import Iterator

import pytest

from tests.support.certificates import Authority
from tests.support.orchestrator import Orchestrator
from tests.support.receiver import WEBHOOK_SECRET
from tests.support.redis_server import RedisServer

_QUICK = {"stage_s": 0.2, "queued_s": 0.0, "honours_wait": True, "honours_idempotency": True}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that the orchestrator trusts, in addition to the public ones."""
    return Authority(tmp_path_factory.mktemp("trusted"))


@pytest.fixture(scope="session")
def shared_orchestrator(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Orchestrator]:
    """API, a worker, beat and three fake services, with short waits."""
    directory = tmp_path_factory.mktemp("orchestrator")
    with (
        RedisServer() as server,
        Orchestrator(
            directory,
            server,
            services=_QUICK,
            RETRY_BACKOFF_BASE_SECONDS=0.1,
            HTTP_MAX_RETRIES=1,
            BREAKER_OPEN_SECONDS=1,
            TURN_SECONDS=3,
            ALLOW_PRIVATE_ADDRESSES="true",
            WEBHOOK_SECRET=WEBHOOK_SECRET,
            REQUESTS_CA_BUNDLE=str(authority.path),
            WEBHOOK_BACKOFF_BASE_SECONDS=0.05,
        ) as orchestrator,
    ):
        orchestrator.start_beat()
        yield orchestrator


@pytest.fixture
def orchestrator(shared_orchestrator: Orchestrator) -> Orchestrator:
    """The shared orchestrator, without unfinished jobs and with reset services."""
    shared_orchestrator.cancel_unfinished()
    for service in shared_orchestrator.services.values():
        service.reset()
    return shared_orchestrator
