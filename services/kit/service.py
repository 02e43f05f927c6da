"""The description of a service: everything that differs between services, except the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from services.kit.settings import ServiceSettings

VERSION = "1.0.0"
TASK = "run_job"
"""The name of the only Celery task of every service."""


def accept(options: Any) -> None:
    """Accept all submissions with valid fields."""


@dataclass(frozen=True)
class DownloadFormat:
    """A format of a result that is made from a document of the job."""

    document: str
    """One of the service's ``documents``."""
    media_type: str
    member: str | None = None
    """The member of the document to send; `None` sends the whole document."""


@dataclass(frozen=True)
class Service:
    """A service without its work, so that the API does not import the libraries of the work.

    ``create_app`` builds its API, and ``create_worker`` with the work its worker.
    """

    name: str
    """Name of the Redis prefix and the queue, e.g. ``downloader``."""
    title: str
    """Name in ``/health``, e.g. ``video-downloader``."""
    id_prefix: str
    """Prefix of job ids, e.g. ``dl_``."""
    settings: type[ServiceSettings]
    options: type[BaseModel]
    """The fields of a submission."""
    takes_file: bool
    """Whether a submission is a form with a ``file``; otherwise it is JSON."""
    check: Callable[[Any], None] = accept
    """Raises ``WorkError`` for valid options that the service does not support."""
    extra_submissions: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """Fields of additional kinds of JSON submissions, at ``POST /{name}``, by name."""
    health_details: Callable[[], Mapping[str, Any]] = dict
    """Additional members of ``/health``, e.g. the programs that were found."""
    documents: tuple[str, ...] = ()
    """Names of a job's JSON documents, at ``/jobs/{id}/{name}``."""
    formats: Mapping[str, DownloadFormat] = field(default_factory=dict)
    """Values of ``/jobs/{id}/download?format=``, which are also file suffixes."""
    pages: Mapping[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    """JSON documents about the service, at ``/{name}``."""
