"""Docker Compose, built and started once for its tests."""

from collections.abc import Iterator

import pytest

from tests.support.composition import Composition


@pytest.fixture(scope="session")
def composition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    """All containers of ``docker compose up``, with two workers."""
    directory = tmp_path_factory.mktemp("composition")
    with Composition(directory, scale={"orchestrator-celery": 2}) as running:
        yield running
