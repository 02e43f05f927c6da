"""The interface of a service's work: one function from a job context to an artifact.

A service is this function and its settings; the kit provides everything else (submission,
idempotency, status, long polling, cancellation, files, health).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class WorkError(Exception):
    """The job fails, with a reason for the client.

    Args:
        code: A stable code of the HTTP contract, e.g. ``video_unavailable``.
        message: One sentence for people; no stack trace, no local path.
        retryable: Whether the same submission may succeed later.
    """

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(code, message, retryable)
        self.code = code
        self.message = message
        self.retryable = retryable

    def __reduce__(self) -> tuple[Callable[..., "WorkError"], tuple[str, str, bool]]:
        return _rebuild_work_error, (self.code, self.message, self.retryable)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def _rebuild_work_error(code: str, message: str, retryable: bool) -> WorkError:  # noqa: FBT001
    """Unpickle from positional arguments: `WorkError` has a keyword-only one."""
    return WorkError(code, message, retryable=retryable)


class JobCancelledError(Exception):
    """The job was cancelled or deleted while it ran; raised by ``report``."""


class Report(Protocol):
    """Reports the progress of a job, and raises once the job is cancelled.

    Call it at least every few seconds: it updates ``updated_at``.
    """

    def __call__(
        self,
        progress: float,
        *,
        status: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Report progress.

        Args:
            progress: 0 to 100, measured on the media itself.
            status: The status of the running job, e.g. ``downloading``.
            details: JSON values to add to the job's ``details``.

        Raises:
            JobCancelledError: The job was cancelled or deleted.
        """


class Publish(Protocol):
    """Publishes a document of a running job; the kit adds ``"partial": true``."""

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Publish the document as known so far.

        Args:
            name: One of the service's ``documents``, served at ``/jobs/{id}/{name}``.
            document: The whole document, not only what is new. Writes are throttled, so call it
                as often as something is new.
        """


class SaveCheckpoint(Protocol):
    """Saves the state from which another run resumes if this process dies."""

    def __call__(self, state: Mapping[str, Any]) -> None:
        """Replace the saved state (JSON values); writes are throttled as in ``Publish``."""


def discard(*_: Any, **__: Any) -> None:
    """Do nothing: a publisher or checkpoint for work outside a service."""


def reuse_nothing(_key: str) -> "Artifact | None":
    """Return `None`: there are no earlier jobs."""
    return None


@dataclass(frozen=True)
class JobContext:
    """The input and the callbacks of one job.

    Processes that the work starts must stay in its process group (no ``start_new_session``): the
    kit kills this group if the worker dies or the work of a cancelled job does not stop.
    """

    job_id: str
    options: Mapping[str, Any]
    """The validated fields of the submission."""
    work_dir: Path
    """An empty directory for this run; the kit removes it afterwards."""
    report: Report
    upload: Path | None = None
    """The submitted file, in services that accept one."""
    upload_name: str | None = None
    """The client's name of the file, for its suffix only; never use it as a path."""
    traceparent: str | None = None
    """The trace to pass on in requests to other services (W3C Trace Context)."""
    reuse: Callable[[str], "Artifact | None"] = reuse_nothing
    """Returns the artifact of the last job that completed with a ``reuse_key``, if it is kept."""
    publish: Publish = discard
    save_checkpoint: SaveCheckpoint = discard
    checkpoint: Mapping[str, Any] | None = None
    """The state that an earlier run of this job saved last; `None` in a first run."""


@dataclass(frozen=True)
class Artifact:
    """The result of a job: a file that the kit moves to the storage."""

    path: Path
    filename: str
    """The file name in Content-Disposition."""
    media_type: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """JSON values to add to the job's ``details``."""
    documents: Mapping[str, Any] = field(default_factory=dict)
    """JSON documents by name, e.g. the transcriber's ``text`` and ``transcription``."""
    reuse_key: str | None = None
    """The key under which later jobs find this file while this job exists."""


Work = Callable[[JobContext], Artifact]
