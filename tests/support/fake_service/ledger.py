"""The requests that reached a fake service, including those for deleted jobs."""

from pydantic import BaseModel, Field


class Submission(BaseModel):
    """One accepted remote job and what was asked about it."""

    remote_id: str
    subject: str
    """The checksum of the beginning of what was submitted: the same in every run."""
    idempotency_key: str | None
    fields: dict[str, str]
    """The JSON or form fields; a ``url`` for the downloader."""
    upload_sha256: str | None = None
    upload_bytes: int = 0
    accepted_at: float
    """Unix time, in seconds."""
    replays: int = 0
    """Later submissions under the same key, which got this job again."""
    polls: int = 0
    """Status calls of either kind."""
    waits: int = 0
    """Status calls that wished to wait."""
    downloads: int = 0
    texts: int = 0
    """Calls of ``/text`` and ``/transcription``."""
    deletes: int = 0
    fate: str | None = None
    """The fault drawn for this job, if any."""


class Ledger(BaseModel):
    """Everything that reached one fake service since it started."""

    submissions: list[Submission] = Field(default_factory=list)
    """In the order of their acceptance."""
    refused: int = 0
    """Submissions answered with 429 because the queue was full."""
    unknown: int = 0
    """Calls about a remote id that this process never gave out."""
    traces: dict[str, str] = Field(default_factory=dict)
    """The ``traceparent`` that submissions came with, by their idempotency keys."""
    waiting: int = 0
    """Calls that are waiting for a change now."""
    faults: dict[str, int] = Field(default_factory=dict)
    """How often each fault was played, by ``call:fault``."""

    def of(self, remote_id: str) -> Submission:
        """Return what is known of one remote job."""
        return next(one for one in self.submissions if one.remote_id == remote_id)
