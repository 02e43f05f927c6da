"""Who of several jobs deletes the remote job that they share."""

from typing import Any

import pytest

from orchestrator.digests import digest_works
from orchestrator.errors import RemoteJobLostError
from orchestrator.job import JobRequest
from orchestrator.pipeline import STAGES
from orchestrator.settings import ServiceSettings, load_settings
from orchestrator.store.connection import connect
from orchestrator.store.jobs import JobStore
from orchestrator.store.leases import LeaseStore
from orchestrator.transitions import attached, handed_back, started_over, submitted

STAGE = STAGES[0]
INSTANCE = "http://127.0.0.1:1"
JOBS = ("a" * 16, "b" * 16, "c" * 16)


class World:
    """Three jobs that share one remote job of their first stage."""

    def __init__(self, url: str) -> None:
        service = ServiceSettings(url=INSTANCE, timeout=1, max_inflight=len(JOBS))
        services = {stage.service.name: service for stage in STAGES}
        settings = load_settings(env_files=(), redis_url=url, services=services)
        connection = connect(settings)
        self.client: Any = connection.client
        self.client.flushdb()
        self.jobs = JobStore(connection, settings)
        self.leases = LeaseStore(connection, settings)
        request = JobRequest("http://video.test/shared")
        for job_id in JOBS:
            self.jobs.create(job_id, request, digest_works(job_id, request, is_shared=False))
            self.take_turn(job_id)

    def take_turn(self, job_id: str, *, loses_it: bool = False) -> None:
        """Submit or join the remote job, or find that the service does not have it any more."""
        claim = self.leases.claim(job_id, STAGE, worker="worker", turn=f"{job_id}-{loses_it}")
        assert claim is not None
        if loses_it:
            lost = RemoteJobLostError(STAGE.service.name, "remote")
            change = started_over(claim.job, STAGE, lost, in_s=60.0)
        elif claim.sharing == ("mine",):
            change = submitted(claim.job, STAGE, remote_id="remote", instance=INSTANCE)
        else:
            assert claim.sharing == ("there", INSTANCE, "remote")
            change = attached(claim.job, STAGE, remote_id="remote", instance=INSTANCE)
        self.leases.commit(claim.lease, change, STAGE)
        if not loses_it:
            self.leases.commit(claim.lease, handed_back(), STAGE)

    @property
    def deletions(self) -> list[str]:
        return list(self.client.zrange("orchestrator:deletions", 0, -1))


@pytest.fixture
def world(redis_url: str) -> World:
    return World(redis_url)


@pytest.mark.parametrize("loses_it", [False, True])
def test_the_last_of_those_who_share_a_remote_job_deletes_it(
    world: World,
    loses_it: bool,  # noqa: FBT001 - a case
) -> None:
    """Also where the first one has given it up as lost before it was cancelled."""
    first, second, third = JOBS
    if loses_it:
        world.take_turn(first, loses_it=True)
    world.jobs.cancel(first)
    world.jobs.cancel(second)
    assert world.deletions == [], "the third one still needs it"
    world.jobs.cancel(third)
    (deleted,) = world.deletions
    assert "remote" in deleted
