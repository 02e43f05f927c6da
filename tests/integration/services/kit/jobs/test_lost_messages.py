"""Lost messages of waiting jobs are sent again, and only those."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from services.kit.jobs.keys import Keys
from services.kit.jobs.leases import Leases
from services.kit.jobs.queue import JobQueue
from services.kit.running.recovery import Recovery
from tests.support.example_service.service import SERVICE

_JOBS = [f"example_{number}" for number in range(10)]
_ROUNDS = 6


class WaitingJobs:
    """Ten waiting jobs, each with its message, and no worker."""

    def __init__(self, client: redis.Redis, url: str) -> None:
        self._client = client
        self._keys = Keys(SERVICE.name)
        self.leases = Leases(client, self._keys)
        self.queue = JobQueue(SERVICE, SERVICE.settings(redis_url=url))
        store: Any = None  # no job runs that could have lost its worker
        self.recovery = Recovery(store, self.leases, self.queue)
        for position, job_id in enumerate(_JOBS):
            client.zadd(self._keys.waiting, {job_id: 1000 + position})
            self.queue.enqueue(job_id)

    def take(self) -> None:
        """Remove the oldest message from the queue, like a worker that then dies."""
        self._client.rpop(self._keys.queue)

    def count_messages(self) -> int:
        """Return the number of messages in the queue."""
        return self._client.llen(self._keys.queue)

    def recover(self) -> None:
        """Run the recovery a few times."""
        for _ in range(_ROUNDS):
            self.recovery.run_once()


@pytest.fixture
def waiting(redis_url: str) -> Iterator[WaitingJobs]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield WaitingJobs(client, redis_url)


def test_messages_behind_others_are_not_lost(waiting: WaitingJobs) -> None:
    waiting.recover()

    assert waiting.count_messages() == len(_JOBS)


def test_a_lost_message_is_sent_again_once(waiting: WaitingJobs) -> None:
    waiting.take()
    waiting.recover()

    assert waiting.count_messages() == len(_JOBS)


def test_a_stale_message_does_not_make_other_messages_look_lost(waiting: WaitingJobs) -> None:
    waiting.leases.move_to_end(_JOBS[0])
    waiting.queue.enqueue(_JOBS[0])
    waiting.recover()

    assert waiting.count_messages() == len(_JOBS) + 1
