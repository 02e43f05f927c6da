"""The size limit of batches."""

import pytest

from orchestrator.domain.sources import Source
from orchestrator.engine.resources import build_connections
from orchestrator.errors import InvalidRequestError
from orchestrator.use_cases.batches import Batches
from orchestrator.use_cases.jobs import Jobs
from tests.support.jobs import URL, make_request, make_settings


def test_a_batch_with_too_many_videos_is_refused() -> None:
    settings = make_settings(max_batch_items=2, redis_url="redis://127.0.0.1:1/0")
    connections = build_connections(settings)
    jobs = Jobs(connections, lambda _: None)
    batches = Batches(connections, jobs, lambda: None, lambda: None)
    with pytest.raises(InvalidRequestError, match="at most 2 videos"):
        batches.submit([Source(URL)] * 3, make_request())
