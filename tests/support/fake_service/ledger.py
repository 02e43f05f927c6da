"""The requests that reached a fake service, including those for deleted jobs."""

from pydantic import BaseModel, Field


class Submission(BaseModel):
    """An accepted remote job and the calls about it."""

    remote_id: str
    subject: str
    """The checksum of the start of the submission: equal in every run."""
    idempotency_key: str | None
    fields: dict[str, str]
    """The JSON or form fields; a ``url`` for the downloader."""
    upload_sha256: str | None = None
    upload_bytes: int = 0
    accepted_at: float
    """Unix time, in seconds."""
    replays: int = 0
    """Later submissions with the same key, which returned this job."""
    polls: int = 0
    """All status calls."""
    waits: int = 0
    """Status calls with ``Prefer: wait``."""
    downloads: int = 0
    texts: int = 0
    """Calls of ``/text`` and ``/transcription``."""
    deletes: int = 0
    fate: str | None = None
    """The fault drawn for this job, if any."""


class Ledger(BaseModel):
    """All requests to a fake service since its start."""

    submissions: list[Submission] = Field(default_factory=list)
    """In the order of their acceptance."""
    refused: int = 0
    """Submissions answered with 429 because the queue was full."""
    unknown: int = 0
    """Calls about unknown remote ids."""
    traces: dict[str, str] = Field(default_factory=dict)
    """The ``traceparent`` of submissions, by idempotency key."""
    waiting: int = 0
    """Calls that are waiting for a change now."""
    faults: dict[str, int] = Field(default_factory=dict)
    """The number of injected faults, by ``call:fault``."""

    def of(self, remote_id: str) -> Submission:
        """Return the record of a remote job."""
        return next(one for one in self.submissions if one.remote_id == remote_id)
