"""A trace collector that receives OpenTelemetry spans over HTTP on loopback."""

from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.support.receiver import Receiver

__all__ = ["CollectedSpan", "Collector"]


@dataclass(frozen=True)
class CollectedSpan:
    """One received span."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    facts: Mapping[str, str]
    has_failed: bool


class Collector(Receiver):
    """A collector for one test."""

    def __init__(self) -> None:
        super().__init__(statuses=(200,))

    def spans(self) -> list[CollectedSpan]:
        """Return the spans received so far."""
        return [span for notice in list(self.notices) for span in _read(notice.body)]


def _read(body: bytes) -> list[CollectedSpan]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        CollectedSpan(
            service=_texts(exported.resource.attributes)["service.name"],
            name=span.name,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            facts=_texts(span.attributes),
            has_failed=span.status.code == span.status.STATUS_CODE_ERROR,
        )
        for exported in request.resource_spans
        for scope in exported.scope_spans
        for span in scope.spans
    ]


def _texts(attributes: object) -> dict[str, str]:
    """Return attributes as text."""
    known: dict[str, str] = {}
    for one in attributes:  # type: ignore[attr-defined]  # generated messages have no types here
        value = one.value
        known[one.key] = str(getattr(value, value.WhichOneof("value")))
    return known
