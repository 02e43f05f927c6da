"""The only place that speaks HTTP to the services; ``requests`` and ``backoff`` live here."""

from orchestrator.microservice.answers import Playlist, RemoteJob, RemoteStatus
from orchestrator.microservice.client import MicroserviceClient, Poll
from orchestrator.microservice.pacing import foreseen_wait_s, park_s, poll_waits
from orchestrator.microservice.transfer import SourceArtifact

__all__ = [
    "MicroserviceClient",
    "Playlist",
    "Poll",
    "RemoteJob",
    "RemoteStatus",
    "SourceArtifact",
    "foreseen_wait_s",
    "park_s",
    "poll_waits",
]
