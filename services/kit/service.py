"""What makes one service different from another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from services.kit.settings import ServiceSettings

VERSION = "1.0.0"
TASK = "run_job"
"""The name of the one task that every service's workers know."""


def accept(options: Any) -> None:
    """Accept every submission whose fields are valid."""


@dataclass(frozen=True)
class Form:
    """A further form in which a result can be downloaded, made of a document of the job."""

    document: str
    """One of the service's ``documents``."""
    media_type: str
    member: str | None = None
    """The text in the document that is meant; none means all of it."""


@dataclass(frozen=True)
class Service:
    """A service without its work, so that its API need not load what only the work needs.

    ``create_app`` turns it into an API; ``create_worker``, given the work too, into a worker.
    """

    name: str
    """Short name: Redis prefix and queue, e.g. ``downloader``."""
    title: str
    """The name that ``/health`` tells, e.g. ``video-downloader``."""
    id_prefix: str
    """What every job id begins with, e.g. ``dl_``."""
    settings: type[ServiceSettings]
    options: type[BaseModel]
    """The fields of a submission."""
    takes_file: bool
    """Whether a submission is a form with a ``file``; otherwise it is JSON."""
    check: Callable[[Any], None] = accept
    """Raises ``WorkError`` for valid options that the service cannot serve."""
    further: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """Fields of other kinds of JSON submissions, at ``POST /{name}``; the work tells them apart."""
    facts: Callable[[], Mapping[str, Any]] = dict
    """What ``/health`` tells beside the checks, e.g. which programs were found."""
    documents: tuple[str, ...] = ()
    """Names of further JSON answers of a completed job, at ``/jobs/{id}/{name}``."""
    forms: Mapping[str, Form] = field(default_factory=dict)
    """What ``/jobs/{id}/download?format=`` takes; the name is the file's suffix too."""
    pages: Mapping[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)
    """Further JSON answers about the service itself, at ``/{name}``."""
