"""Accepted batches continue after a change of settings."""

from orchestrator.domain.sources import Source
from orchestrator.engine.resources import build_connections
from orchestrator.use_cases.batches import Batches
from orchestrator.use_cases.jobs import Jobs
from tests.support.jobs import URL, make_request, make_settings
from tests.support.redis_server import RedisServer


def test_a_video_that_is_no_longer_allowed_delays_no_other() -> None:
    with RedisServer() as server:

        def make_batches(*sources: str) -> Batches:
            allowed = frozenset(sources)
            settings = make_settings(redis_url=server.url, allowed_sources=allowed)
            connections = build_connections(settings)
            jobs = Jobs(connections, lambda _: None)
            return Batches(connections, jobs, lambda: None, lambda: None)

        videos = [Source("http://video.test/a"), Source(URL)]
        first = make_batches("video.test").submit(videos, make_request())
        batches = make_batches()
        second = batches.submit([Source(URL)], make_request())
        assert batches.submit_pending() == 2
        for batch, submitted in ((first, [False, True]), (second, [True])):
            view = batches.get(batch.batch_id)
            assert [item.job is not None for item in view.items] == submitted
            assert not view.batch.is_pending
