"""The HTTP client of the services. Imports http, telemetry, settings, captions, domain and errors.

`requests` makes the calls; `backoff` computes retries and poll intervals. One `ServiceSession`
serves all threads of a process and all services. Each service has a `MicroserviceClient` with a
method for each call of the HTTP contract. Only `transport` translates library errors to
`orchestrator.errors`.
"""

from orchestrator.microservice.client import MicroserviceClient, Poll
from orchestrator.microservice.pacing import expected_wait_s, park_s, poll_waits
from orchestrator.microservice.responses import Playlist, RemoteJob, RemoteStatus
from orchestrator.microservice.session import ServiceSession
from orchestrator.microservice.transfer import SourceArtifact

__all__ = [
    "MicroserviceClient",
    "Playlist",
    "Poll",
    "RemoteJob",
    "RemoteStatus",
    "ServiceSession",
    "SourceArtifact",
    "expected_wait_s",
    "park_s",
    "poll_waits",
]
