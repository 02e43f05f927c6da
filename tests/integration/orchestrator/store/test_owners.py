"""Indexes of jobs by owner, and the limit on unfinished jobs."""

from collections.abc import Iterator

import pytest

from orchestrator.domain.job import JobStatus
from orchestrator.errors import QueueFullError
from orchestrator.store import keys
from orchestrator.store.connection import Connection, connect
from orchestrator.store.jobs import JobStore
from tests.support.jobs import make_request, make_settings

WORKS = {"download": "d", "normalization": "n", "transcription": "t"}
FIRST, SECOND, THIRD = (f"{number:016x}" for number in (1, 2, 3))


@pytest.fixture
def connection(redis_url: str) -> Iterator[Connection]:
    """A connection to an empty Redis server."""
    connection = connect(make_settings(redis_url=redis_url))
    yield connection
    connection.client.close()


@pytest.fixture
def store(connection: Connection) -> JobStore:
    """A store with a limit of two jobs."""
    return JobStore(connection, make_settings(max_queued_jobs=2))


def indexes(connection: Connection) -> set[str]:
    """Return the names of all indexes of jobs."""
    with connection.commands() as client:
        return set(client.scan_iter(f"{keys.JOBS}*")) | set(client.keys(keys.OWNERS))


def test_a_job_is_in_its_owner_s_indexes_and_moves_there_with_its_status(store: JobStore) -> None:
    store.create(FIRST, make_request(owner="ann"), WORKS)
    store.create(SECOND, make_request(owner="bob"), WORKS)
    store.cancel(FIRST)

    assert [job.job_id for job in store.page(limit=9, owner="ann").jobs] == [FIRST]
    assert store.page(limit=9, owner="ann", status=JobStatus.CANCELLED).total == 1
    assert store.page(limit=9, owner="ann", status=JobStatus.QUEUED).total == 0
    assert store.page(limit=9, owner="bob", status=JobStatus.CANCELLED).total == 0
    assert store.page(limit=9).total == 2


def test_a_job_without_an_owner_has_no_owner_index(connection: Connection, store: JobStore) -> None:
    store.create(FIRST, make_request(), WORKS)
    assert indexes(connection) == {keys.JOBS, keys.jobs_index(status="queued")}


@pytest.mark.parametrize("is_expired", [False, True])
def test_a_job_leaves_nothing_behind_even_if_it_expired_before(
    connection: Connection, store: JobStore, *, is_expired: bool
) -> None:
    store.create(FIRST, make_request(owner="ann"), WORKS)
    store.cancel(FIRST)
    if is_expired:
        with connection.commands() as client:
            client.delete(keys.job(FIRST))
    store.drop(FIRST)
    assert indexes(connection) == set()


def test_beyond_the_limit_nothing_is_stored_until_a_job_has_ended(
    connection: Connection, store: JobStore
) -> None:
    store.create(FIRST, make_request(), WORKS)
    store.create(SECOND, make_request(), WORKS)
    store.create(SECOND, make_request(), WORKS)  # repeated: it is stored already
    with connection.commands() as client:
        before = set(client.scan_iter("*"))
        with pytest.raises(QueueFullError):
            store.create(THIRD, make_request(owner="ann"), WORKS)
        assert set(client.scan_iter("*")) == before
    store.cancel(FIRST)
    store.create(THIRD, make_request(owner="ann"), WORKS)
    assert store.get(THIRD).request.owner == "ann"
