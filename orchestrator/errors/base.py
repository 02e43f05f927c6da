"""The root of all errors, and those of settings, the store and the worker itself."""

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
    """The root of all errors raised here; ``str()`` gives a sentence for a person.

    Facts are passed to ``Exception.__init__`` in the order of the constructor, so that every
    error survives pickling (Celery wraps those that do not).
    """

    code = "internal"
    retryable = False
    """Whether the same request may succeed later."""


class SettingsError(OrchestratorError):
    """An environment variable is missing or has a value that cannot be."""


class StoreError(OrchestratorError):
    """Redis answered with something unexpected."""

    code = "store_error"


class StoreUnavailableError(StoreError):
    """Redis did not answer in time, or cannot take a write at the moment."""

    code = "store_unavailable"


class SchemaVersionError(StoreError):
    """A newer release has written the data; this one must not touch it."""

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
    """The worker was told to stop in the middle of a turn."""

    code = "interrupted"
