"""What a service's own work looks like: one function from a context to an artifact.

A service is this one function plus its settings; everything else (submission, idempotency,
status, waiting, cancelling, files, health) is the kit's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class WorkError(Exception):
    """The work cannot be done, with a reason that reaches the client.

    Args:
        code: One of the stable codes of the HTTP contract, e.g. ``video_unavailable``.
        message: One sentence for a person; never a stack trace or a path of this machine.
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
    """Unpickle by position, which keyword-only arguments do not allow by themselves."""
    return WorkError(code, message, retryable=retryable)


class JobCancelledError(Exception):
    """The job was cancelled or deleted while its work ran; raised out of ``report``."""


class Report(Protocol):
    """Tells the world how far the work is; also the point where a cancelled work stops.

    Call it at least every few seconds while work goes on: it moves ``updated_at``.
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
            status: The word shown as the job's status while it runs, e.g. ``downloading``.
            details: Facts to show in the job as soon as they are known (JSON values).

        Raises:
            JobCancelledError: The job was cancelled or deleted.
        """


class Publish(Protocol):
    """Shows a document before the work is done; the kit adds ``"partial": true`` to it."""

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Publish all that is known so far.

        Args:
            name: One of the service's ``documents``, served at ``/jobs/{id}/{name}``.
            document: The whole of it, not only what is new. A call that comes so soon after
                the one before that writing would slow the work down is left out, so call it
                as often as there is something new.
        """


class SaveCheckpoint(Protocol):
    """Keeps what another run needs to go on from here, should this process die."""

    def __call__(self, state: Mapping[str, Any]) -> None:
        """Save the state (JSON values) in place of the one before; as ``Publish`` it may skip."""


def discard(*_: Any, **__: Any) -> None:
    """Keep nothing, as a publisher or a checkpoint where nobody would look."""


def find_nothing(_key: str) -> "Artifact | None":
    """Find nothing, where no earlier jobs are."""
    return None


@dataclass(frozen=True)
class JobContext:
    """Everything that the work of one job may use.

    Processes that a work starts have to stay in its process group (no ``start_new_session``):
    the kit kills this group when the worker dies or a cancelled work does not stop.
    """

    job_id: str
    options: Mapping[str, Any]
    """The validated fields of the submission."""
    work_dir: Path
    """An empty directory of this job's own; the kit removes it afterwards."""
    report: Report
    upload: Path | None = None
    """The submitted file, for services that take one."""
    upload_name: str | None = None
    """The client's name for it; for its suffix only, never used as a path."""
    traceparent: str | None = None
    """The trace to name in calls to others (W3C Trace Context)."""
    reuse: Callable[[str], "Artifact | None"] = find_nothing
    """Returns what the last job that completed with this ``reuse_key`` made, if it is kept yet."""
    publish: Publish = discard
    save_checkpoint: SaveCheckpoint = discard
    checkpoint: Mapping[str, Any] | None = None
    """What an earlier run of this job saved last before it died; nothing in a first run."""


@dataclass(frozen=True)
class Artifact:
    """The file that a job made; the kit moves it into the artifact store."""

    path: Path
    filename: str
    """The name in Content-Disposition."""
    media_type: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """Facts added to the job object (JSON values)."""
    documents: Mapping[str, Any] = field(default_factory=dict)
    """Further JSON answers by name; the transcriber's ``text`` and ``transcription``."""
    reuse_key: str | None = None
    """The key under which later jobs find this file, as long as this job is kept."""


Work = Callable[[JobContext], Artifact]
