"""Changes of a listing are refused once they are obsolete."""

from collections.abc import Iterator

import pytest

from orchestrator.domain.sources import Source
from orchestrator.microservice import Playlist
from orchestrator.store.batches import Batch, BatchStore
from orchestrator.store.connection import Connection, connect
from orchestrator.store.deletions import DeletionStore
from orchestrator.store.playlists import PlaylistRecord, PlaylistStatus, PlaylistStore
from orchestrator.use_cases.playlist_changes import (
    failed,
    listed,
    postponed,
    started_over,
    submitted,
)
from tests.support.jobs import make_request, make_settings
from tests.support.redis_server import RedisServer

SOURCE = Source("https://www.youtube.com/playlist?list=PL1")
VIDEOS = ("https://www.youtube.com/watch?v=a",)
ADDRESS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with RedisServer() as server:
        yield connect(make_settings(redis_url=server.url))


@pytest.fixture
def batches(connection: Connection) -> Iterator[BatchStore]:
    yield BatchStore(connection, retention_s=60)
    connection.client.flushdb()


@pytest.fixture
def listings(connection: Connection) -> PlaylistStore:
    return PlaylistStore(connection)


def create(batches: BatchStore) -> tuple[str, PlaylistRecord]:
    batch = batches.create((), make_request(), playlist=SOURCE)
    assert batch.playlist is not None
    return batch.batch_id, batch.playlist


def found(batches: BatchStore, batch_id: str) -> tuple[Batch, PlaylistRecord]:
    batch = batches.get(batch_id)
    assert batch is not None
    assert batch.playlist is not None
    return batch, batch.playlist


def deleted(connection: Connection) -> list[str]:
    due = DeletionStore(connection).take_due(limit=10, visibility_timeout_s=60)
    return [deletion.remote_id for deletion in due]


def test_a_listing_is_due_at_once_and_taken_by_one(
    batches: BatchStore, listings: PlaylistStore
) -> None:
    batch_id, listing = create(batches)
    assert listings.take_due(limit=5, visibility_timeout_s=60) == [batch_id]
    assert listings.take_due(limit=5, visibility_timeout_s=60) == []
    assert listings.write(batch_id, listing, postponed(0, parks=3))
    assert found(batches, batch_id)[1].parks == 3
    assert listings.take_due(limit=5, visibility_timeout_s=60) == [batch_id]


def test_a_listed_playlist_makes_the_jobs_pending_and_deletes_the_remote_job(
    batches: BatchStore, listings: PlaylistStore, connection: Connection
) -> None:
    batch_id, listing = create(batches)
    assert listings.write(batch_id, listing, submitted("dl_1", ADDRESS, held_s=9))
    assert found(batches, batch_id)[1].remote_id == "dl_1"
    assert batches.pending(limit=5) == []
    playlist = Playlist("Talks", (*VIDEOS, "http://elsewhere.test/1"), is_truncated=True)
    assert listings.write(batch_id, listing, listed(playlist, make_settings()))
    (batch,) = batches.pending(limit=5)
    assert [source.url for source in batch.sources] == list(VIDEOS)
    assert batch.playlist == PlaylistRecord(
        SOURCE, PlaylistStatus.DONE, title="Talks", is_truncated=True, skipped=1
    )
    assert deleted(connection) == ["dl_1"]


def test_a_late_change_is_refused(batches: BatchStore, listings: PlaylistStore) -> None:
    batch_id, listing = create(batches)
    assert listings.write(batch_id, listing, failed("internal", "no"))
    late = listed(Playlist(None, VIDEOS, is_truncated=False), make_settings())
    assert not listings.write(batch_id, listing, late)
    batch, held = found(batches, batch_id)
    assert (held.status, held.error_code, batch.is_pending) == ("failed", "internal", False)


def test_an_earlier_attempt_is_refused_and_its_remote_job_deleted(
    batches: BatchStore, listings: PlaylistStore, connection: Connection
) -> None:
    batch_id, listing = create(batches)
    assert listings.write(batch_id, listing, submitted("dl_1", ADDRESS, held_s=9))
    assert listings.write(batch_id, listing, started_over(listing, in_s=0))
    assert found(batches, batch_id)[1] == PlaylistRecord(SOURCE, attempt=2)
    assert not listings.write(batch_id, listing, submitted("dl_2", ADDRESS, held_s=9))
    assert sorted(deleted(connection)) == ["dl_1", "dl_2"]


def test_a_cancelled_listing_deletes_its_remote_job_even_if_recorded_late(
    batches: BatchStore, listings: PlaylistStore, connection: Connection
) -> None:
    batch_id, listing = create(batches)
    assert listings.write(batch_id, listing, submitted("dl_1", ADDRESS, held_s=9))
    listings.cancel(batch_id)
    assert deleted(connection) == ["dl_1"]
    assert not listings.write(batch_id, listing, submitted("dl_2", ADDRESS, held_s=9))
    assert deleted(connection) == ["dl_2"]
    assert listings.take_due(limit=5, visibility_timeout_s=60) == []
    assert found(batches, batch_id)[0].is_cancelled


def test_an_expired_batch_is_not_recreated(
    batches: BatchStore, listings: PlaylistStore, connection: Connection
) -> None:
    batch_id, listing = create(batches)
    connection.client.delete(f"orchestrator:batch:{batch_id}")
    assert not listings.write(batch_id, listing, postponed(0))
    listings.cancel(batch_id)
    assert listings.take_due(limit=5, visibility_timeout_s=60) == []
    assert batches.get(batch_id) is None
