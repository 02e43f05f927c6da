"""Which messages of waiting jobs are lost, and that none is sent again that is not."""

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


class Line:
    """Ten jobs that wait, each with its message, and no worker."""

    def __init__(self, client: redis.Redis, url: str) -> None:
        self._client = client
        self._keys = Keys(SERVICE.name)
        self.leases = Leases(client, self._keys)
        self.queue = JobQueue(SERVICE, SERVICE.settings(redis_url=url))
        store: Any = None  # no job runs that could have lost its worker
        self.recovery = Recovery(store, self.leases, self.queue)
        for place, job_id in enumerate(_JOBS):
            client.zadd(self._keys.waiting, {job_id: 1000 + place})
            self.queue.enqueue(job_id)

    def take(self) -> None:
        """Take the oldest message off the queue, as a worker would that then dies."""
        self._client.rpop(self._keys.queue)

    def count_messages(self) -> int:
        """Return how many messages are on the queue."""
        return self._client.llen(self._keys.queue)

    def look(self) -> None:
        """Let the recovery look a few times."""
        for _ in range(_ROUNDS):
            self.recovery.run_once()


@pytest.fixture
def line(redis_url: str) -> Iterator[Line]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield Line(client, redis_url)


def test_what_waits_behind_others_is_not_lost(line: Line) -> None:
    line.look()

    assert line.count_messages() == len(_JOBS)


def test_what_waits_longer_than_the_oldest_message_is_sent_again_once(line: Line) -> None:
    line.take()
    line.look()

    assert line.count_messages() == len(_JOBS)


def test_a_stale_message_of_a_job_that_was_sent_again_makes_no_other_look_lost(line: Line) -> None:
    line.leases.move_to_end(_JOBS[0])
    line.queue.enqueue(_JOBS[0])
    line.look()

    assert line.count_messages() == len(_JOBS) + 1
