"""Late steps of a playlist's extraction are refused."""

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
def playlists(connection: Connection) -> PlaylistStore:
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


def test_a_playlist_is_due_immediately_and_claimed_once(
    batches: BatchStore, playlists: PlaylistStore
) -> None:
    batch_id, record = create(batches)
    assert playlists.take_due(limit=5, visibility_timeout_s=60) == [batch_id]
    assert playlists.take_due(limit=5, visibility_timeout_s=60) == []
    assert playlists.write(batch_id, record, postponed(0, parks=3))
    assert found(batches, batch_id)[1].parks == 3
    assert playlists.take_due(limit=5, visibility_timeout_s=60) == [batch_id]


def test_an_extracted_playlist_makes_the_jobs_pending_and_drops_the_remote_job(
    batches: BatchStore, playlists: PlaylistStore, connection: Connection
) -> None:
    batch_id, record = create(batches)
    assert playlists.write(batch_id, record, submitted("dl_1", ADDRESS, held_s=9))
    assert found(batches, batch_id)[1].remote_id == "dl_1"
    assert batches.pending(limit=5) == []
    extracted = Playlist("Talks", (*VIDEOS, "http://elsewhere.test/1"), is_truncated=True)
    assert playlists.write(batch_id, record, listed(extracted, make_settings()))
    (batch,) = batches.pending(limit=5)
    assert [source.url for source in batch.sources] == list(VIDEOS)
    assert batch.playlist == PlaylistRecord(
        SOURCE, PlaylistStatus.DONE, title="Talks", is_truncated=True, skipped=1
    )
    assert deleted(connection) == ["dl_1"]


def test_a_late_step_changes_nothing(batches: BatchStore, playlists: PlaylistStore) -> None:
    batch_id, record = create(batches)
    assert playlists.write(batch_id, record, failed("internal", "no"))
    late = listed(Playlist(None, VIDEOS, is_truncated=False), make_settings())
    assert not playlists.write(batch_id, record, late)
    batch, held = found(batches, batch_id)
    assert (held.status, held.error_code, batch.is_pending) == ("failed", "internal", False)


def test_a_step_of_an_earlier_attempt_is_refused_and_its_remote_job_deleted(
    batches: BatchStore, playlists: PlaylistStore, connection: Connection
) -> None:
    batch_id, record = create(batches)
    assert playlists.write(batch_id, record, submitted("dl_1", ADDRESS, held_s=9))
    assert playlists.write(batch_id, record, started_over(record, in_s=0))
    assert found(batches, batch_id)[1] == PlaylistRecord(SOURCE, attempt=2)
    assert not playlists.write(batch_id, record, submitted("dl_2", ADDRESS, held_s=9))
    assert sorted(deleted(connection)) == ["dl_1", "dl_2"]


def test_cancelling_deletes_the_remote_job_even_if_its_id_arrives_late(
    batches: BatchStore, playlists: PlaylistStore, connection: Connection
) -> None:
    batch_id, record = create(batches)
    assert playlists.write(batch_id, record, submitted("dl_1", ADDRESS, held_s=9))
    playlists.cancel(batch_id)
    assert deleted(connection) == ["dl_1"]
    assert not playlists.write(batch_id, record, submitted("dl_2", ADDRESS, held_s=9))
    assert deleted(connection) == ["dl_2"]
    assert playlists.take_due(limit=5, visibility_timeout_s=60) == []
    assert found(batches, batch_id)[0].is_cancelled


def test_a_removed_batch_is_not_recreated(
    batches: BatchStore, playlists: PlaylistStore, connection: Connection
) -> None:
    batch_id, record = create(batches)
    connection.client.delete(f"orchestrator:batch:{batch_id}")
    assert not playlists.write(batch_id, record, postponed(0))
    playlists.cancel(batch_id)
    assert playlists.take_due(limit=5, visibility_timeout_s=60) == []
    assert batches.get(batch_id) is None
