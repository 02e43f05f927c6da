"""All metrics of the API and the workers: name, kind, labels and help text.

Names and units follow the conventions of Prometheus. No label has more than a few dozen values;
none identifies a job, a URL or a process. ``docs/reference/metrics.md`` is generated from this
module.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["CATALOGUE", "Exporter", "Kind", "Metric"]


class Kind(Enum):
    """The kind of a metric, in Prometheus' terms."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Exporter(Enum):
    """A process that exports metrics."""

    API = "API"
    WORKER = "worker"


@dataclass(frozen=True)
class Metric:
    """A metric."""

    name: str
    kind: Kind
    help: str
    """One sentence without a full stop."""
    labels: tuple[str, ...] = ()
    exporters: tuple[Exporter, ...] = (Exporter.API,)
    buckets: tuple[float, ...] = ()
    """The upper bounds of a histogram, without infinity."""


_ON_WORKERS: Final = (Exporter.WORKER,)
_QUICK_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WAITS_S: Final = (0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
_STAGES_S: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)

# Read from Redis for each request.
REDIS_UP: Final = Metric(
    "ytcaption_redis_up",
    Kind.GAUGE,
    "1 if the API can reach Redis, else 0; without Redis no other metric is exported",
)
JOBS: Final = Metric("ytcaption_pipeline_jobs", Kind.GAUGE, "Stored jobs by status", ("status",))
JOBS_ENDED: Final = Metric(
    "ytcaption_pipeline_jobs_ended_total",
    Kind.COUNTER,
    "Ended jobs by final status; a retried job counts each time that it ends",
    ("status",),
)
FAILURES: Final = Metric(
    "ytcaption_pipeline_failures_total",
    Kind.COUNTER,
    "Failed jobs by error code; codes after the first fifty count as `other`",
    ("code",),
)
QUEUE_JOBS: Final = Metric(
    "ytcaption_queue_jobs",
    Kind.GAUGE,
    "Jobs that wait for admission or for a worker, by stage",
    ("stage",),
)
QUEUE_OLDEST: Final = Metric(
    "ytcaption_queue_oldest_wait_seconds",
    Kind.GAUGE,
    "Seconds that the first waiting job has waited, by stage; 0 if none waits",
    ("stage",),
)
PARKED: Final = Metric(
    "ytcaption_parked_jobs",
    Kind.GAUGE,
    "Jobs that wait until a given time: a Retry-After, a backoff, or a breaker's next trial",
)
BROKER_MESSAGES: Final = Metric(
    "ytcaption_broker_messages", Kind.GAUGE, "Messages on the broker, by queue", ("queue",)
)
WORKERS: Final = Metric("ytcaption_workers", Kind.GAUGE, "Worker processes with a heartbeat")
BREAKER: Final = Metric(
    "ytcaption_breaker_state",
    Kind.GAUGE,
    "1 for the current state of a service's breaker (`closed`, `open`, `half-open`), else 0",
    ("service", "state"),
)

# Counted by processes.
REQUESTS: Final = Metric(
    "ytcaption_http_requests_total",
    Kind.COUNTER,
    "Requests answered by the API, by route and status",
    ("method", "route", "status"),
)
REQUEST_TIME: Final = Metric(
    "ytcaption_http_request_duration_seconds",
    Kind.HISTOGRAM,
    "Seconds until a response starts, including waits requested with `Prefer: wait`",
    ("method", "route"),
    buckets=_QUICK_S,
)
BYTES: Final = Metric(
    "ytcaption_streamed_bytes_total",
    Kind.COUNTER,
    "Bytes of audio streamed through from a service",
    ("service",),
    (Exporter.API, Exporter.WORKER),
)
TURNS: Final = Metric(
    "ytcaption_turns_total",
    Kind.COUNTER,
    "Turns of stages, by outcome",
    ("stage", "outcome"),
    _ON_WORKERS,
)
STAGE_TIME: Final = Metric(
    "ytcaption_stage_duration_seconds",
    Kind.HISTOGRAM,
    "Seconds from a completed stage's first turn to its end",
    ("stage",),
    _ON_WORKERS,
    _STAGES_S,
)
STAGE_WAIT: Final = Metric(
    "ytcaption_stage_wait_seconds",
    Kind.HISTOGRAM,
    "Seconds that a stage waited for its first turn, for admission and for a worker",
    ("stage",),
    _ON_WORKERS,
    _WAITS_S,
)
POLLS: Final = Metric(
    "ytcaption_polls_total",
    Kind.COUNTER,
    "Status requests to a service",
    ("service",),
    _ON_WORKERS,
)
RETRIES: Final = Metric(
    "ytcaption_retries_total",
    Kind.COUNTER,
    "Retries by class of error: `call` is a retry within a turn, the others are of the stage",
    ("service", "class"),
    (Exporter.API, Exporter.WORKER),
)
RECOVERIES: Final = Metric(
    "ytcaption_recoveries_total",
    Kind.COUNTER,
    "Recovered jobs by reason: `dead_worker`, `dead_turn`, `lost_message`",
    ("reason",),
    _ON_WORKERS,
)
TURNS_ACTIVE: Final = Metric(
    "ytcaption_turns_active",
    Kind.GAUGE,
    "Running turns on this host",
    exporters=_ON_WORKERS,
)
TURNS_CAPACITY: Final = Metric(
    "ytcaption_turns_capacity",
    Kind.GAUGE,
    "Maximum number of concurrent turns on this host",
    exporters=_ON_WORKERS,
)
WORKER_PROCESSES: Final = Metric(
    "ytcaption_worker_processes",
    Kind.GAUGE,
    "Worker processes on this host",
    exporters=_ON_WORKERS,
)

CATALOGUE: Final = tuple(found for found in list(globals().values()) if isinstance(found, Metric))
