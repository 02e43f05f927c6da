"""The root of all errors, and the errors of settings, the store and the worker."""

__all__ = [
    "LeaseLostError",
    "OrchestratorError",
    "SchemaVersionError",
    "SettingsError",
    "StoreError",
    "StoreUnavailableError",
    "TurnInterruptedError",
]


class OrchestratorError(Exception):
    """The root of all errors; ``str()`` returns a sentence for people.

    Subclasses pass their arguments to ``Exception.__init__`` in the order of the constructor, so
    that they survive pickling (Celery wraps those that do not).
    """

    code = "internal"
    retryable = False
    """Whether the same request may succeed later."""


class SettingsError(OrchestratorError):
    """An environment variable is missing or invalid."""


class StoreError(OrchestratorError):
    """Redis answered with an error."""

    code = "store_error"


class StoreUnavailableError(StoreError):
    """Redis did not answer in time, or cannot accept a write now."""

    code = "store_unavailable"


class SchemaVersionError(StoreError):
    """A newer release wrote the data, so this one must not change it."""

    code = "schema_version"

    def __init__(self, found: int, supported: int) -> None:
        super().__init__(found, supported)
        self.found = found
        self.supported = supported

    def __str__(self) -> str:
        return (
            f"The data in Redis has schema version {self.found}, and this release reads versions "
            f"up to {self.supported}. Start the release that wrote the data or a later one, or "
            "restore the backup made before the upgrade"
        )


class LeaseLostError(StoreError):
    """The stage has a newer owner, or the job has ended; nothing was written."""

    code = "lease_lost"

    def __init__(self, job_id: str, reason: str) -> None:
        super().__init__(job_id, reason)
        self.job_id = job_id
        self.reason = reason

    def __str__(self) -> str:
        return f"The lease on job {self.job_id} is lost: {self.reason}"


class TurnInterruptedError(OrchestratorError):
    """The worker is stopping in the middle of a turn."""

    code = "interrupted"
