"""What a service does with a job, as spans of the trace that its caller began.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set; OpenTelemetry is not even imported then.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Protocol

Facts = Mapping[str, str | int | float]


class Recorder(Protocol):
    """Makes spans and sends them somewhere."""

    def span(
        self, name: str, parent: str | None, kind: str, facts: Facts
    ) -> AbstractContextManager[None]:
        """Record what happens in the block, below a ``traceparent`` or the present span."""

    def traceparent(self) -> str | None:
        """Return the present span as a ``traceparent``."""

    def flush(self) -> None:
        """Send what is not sent yet."""


class _Switch:
    """Whether traces are recorded: for the whole process."""

    recorder: Recorder | None = None


def set_up_tracing(endpoint: str, service: str) -> None:
    """Begin to record where an endpoint is given; to be called after a process has forked.

    Args:
        endpoint: Address of a collector (OTLP over HTTP); empty for no traces.
        service: The name that the spans of this process carry.

    Raises:
        ModuleNotFoundError: The extra ``otel`` is not installed.
    """
    if endpoint and _Switch.recorder is None:
        _Switch.recorder = import_module("services.kit.telemetry.otel").Exporting(endpoint, service)


def span(
    name: str, *, parent: str | None = None, kind: str = "internal", facts: Facts | None = None
) -> AbstractContextManager[None]:
    """Record what happens in the block; an error ends it as failed and is passed on.

    Args:
        name: What happens, without ids.
        parent: A ``traceparent``; the present span where it is left out.
        kind: ``internal``, ``server``, ``client``, ``producer`` or ``consumer``.
        facts: What is known of it; no addresses, no secrets.
    """
    if _Switch.recorder is None:
        return nullcontext()
    return _Switch.recorder.span(name, parent, kind, facts or {})


def traceparent() -> str | None:
    """Return what others have to be told so that their spans belong below the present one."""
    return _Switch.recorder.traceparent() if _Switch.recorder else None


def flush() -> None:
    """Send what is not sent yet, before a process ends that asks nobody."""
    if _Switch.recorder is not None:
        _Switch.recorder.flush()
