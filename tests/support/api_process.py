"""The API without workers and services, for tests that need no work."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer

__all__ = ["Api", "running_api"]

_TIMEOUT_S = 10.0
VIDEO = "http://video.test/some"


class Api:
    """A client of one running API."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self.orchestrator = orchestrator
        self._session = requests.Session()

    def call(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> requests.Response:
        """Send a request, optionally with an API key."""
        sent = {**(headers or {}), **({"Authorization": f"Bearer {key}"} if key else {})}
        url = f"{self.orchestrator.address}{path}"
        return self._session.request(method, url, headers=sent, timeout=_TIMEOUT_S, **body)

    def submit(self, *, key: str | None = None) -> str:
        """Submit a job and return its id."""
        answer = self.call("POST", "/pipeline", key=key, json={"youtube_url": VIDEO})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


@contextmanager
def running_api(directory: Path, **settings: Any) -> Iterator[Api]:
    """Run the API with a private Redis server for the duration of the block."""
    with RedisServer() as server:
        orchestrator = Orchestrator(directory, server, **settings)
        api = Api(orchestrator)
        try:
            orchestrator.start_api()
            yield api
        finally:
            api.close()
            orchestrator.stop()
