"""Export spans with the OpenTelemetry SDK; imported only while tracing is on."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from foundation.tracing import Attributes

__all__ = ["OtlpRecorder"]

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_EXPORT_TIMEOUT_S: Final = 5.0
"""For one batch, retries included: an unreachable collector must not delay a shutdown."""


class OtlpRecorder:
    """A `tracing.Recorder` that exports spans in the background, by OTLP over HTTP.

    Args:
        endpoint: URL of the collector.
        service: The ``service.name`` of this process's spans.
    """

    def __init__(self, endpoint: str, service: str) -> None:
        instance = f"{socket.gethostname()}:{os.getpid()}"
        self._provider = TracerProvider(
            resource=Resource.create({"service.name": service, "service.instance.id": instance})
        )
        url = f"{endpoint.rstrip('/')}/v1/traces"
        exporter = OTLPSpanExporter(url, timeout=_EXPORT_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ytcaption")

    @contextmanager
    def span(
        self, name: str, parent: str | None, kind: str, attributes: Attributes
    ) -> Iterator[None]:
        """Record the block as a child of a ``traceparent`` or of the current span."""
        span = self._tracer.start_as_current_span(
            name,
            context=_PROPAGATOR.extract({"traceparent": parent}) if parent else None,
            kind=SpanKind[kind.upper()],
            attributes=attributes,
            # Messages and tracebacks may contain URLs: record only the name of an error's class.
            record_exception=False,
            set_status_on_exception=False,
        )
        with span as started, ExitStack() as on_exit:
            on_exit.push(_status_setter(started))
            yield

    def set_attributes(self, attributes: Attributes) -> None:
        """Add attributes to the current span."""
        trace.get_current_span().set_attributes(attributes)

    def traceparent(self) -> str | None:
        """Return the current span as a ``traceparent``."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get("traceparent")

    def flush(self) -> None:
        """Export all spans that are still buffered."""
        self._provider.force_flush()


def _status_setter(span: Span) -> Callable[..., None]:
    """Return an exit callback that marks a span as failed if its block raised."""

    def set_status(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            span.set_status(Status(StatusCode.ERROR, kind.__name__))

    return set_status
