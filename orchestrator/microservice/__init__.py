"""HTTP to the services: `requests` carries the calls, `backoff` repeats them and spaces polls.

One `ServiceSession` serves all threads of a process and all services. Each service has a
`MicroserviceClient`, with a method for each call of the HTTP contract. Errors of the libraries are
translated to those of `orchestrator.errors` in `transport`, and nowhere else.
"""

from orchestrator.microservice.answers import Playlist, RemoteJob, RemoteStatus
from orchestrator.microservice.client import MicroserviceClient, Poll
from orchestrator.microservice.pacing import foreseen_wait_s, park_s, poll_waits
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
    "foreseen_wait_s",
    "park_s",
    "poll_waits",
]
