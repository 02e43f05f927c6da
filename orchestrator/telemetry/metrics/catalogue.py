"""Every figure that API and workers show, with its name, its labels and its meaning.

Names and units are as Prometheus' conventions want them. No label takes more than a few dozen
values: none names a job, an address or a process. ``docs/reference/metrics.md`` is generated
from it.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = ["CATALOGUE", "Kind", "Metric", "Place"]


class Kind(Enum):
    """How a figure behaves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Place(Enum):
    """Where a figure is shown."""

    API = "API"
    WORKER = "worker"


@dataclass(frozen=True)
class Metric:
    """One figure."""

    name: str
    """As Prometheus shows it."""
    kind: Kind
    text: str
    """What it tells, in one sentence without a full stop."""
    labels: tuple[str, ...] = ()
    places: tuple[Place, ...] = (Place.API,)
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, without infinity."""


_ON_WORKERS: Final = (Place.WORKER,)
_QUICK_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WAITS_S: Final = (0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
_STAGES_S: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)

# What is in Redis, read when somebody asks.
REDIS_UP: Final = Metric(
    "ytcaption_redis_up",
    Kind.GAUGE,
    "Whether Redis answers the API; without it nothing else is shown",
)
JOBS: Final = Metric(
    "ytcaption_pipeline_jobs", Kind.GAUGE, "Jobs that are kept, by status", ("status",)
)
JOBS_ENDED: Final = Metric(
    "ytcaption_pipeline_jobs_ended_total",
    Kind.COUNTER,
    "Jobs that have ended, each time that they did, by how",
    ("status",),
)
FAILURES: Final = Metric(
    "ytcaption_pipeline_failures_total",
    Kind.COUNTER,
    "Jobs that have failed, by error code; codes after the first fifty are `other`",
    ("code",),
)
QUEUE_JOBS: Final = Metric(
    "ytcaption_queue_jobs",
    Kind.GAUGE,
    "Jobs that could go on and wait, in line or for a worker, by stage",
    ("stage",),
)
QUEUE_OLDEST: Final = Metric(
    "ytcaption_queue_oldest_wait_seconds",
    Kind.GAUGE,
    "How long the first of them has waited; 0 where none waits",
    ("stage",),
)
PARKED: Final = Metric(
    "ytcaption_parked_jobs",
    Kind.GAUGE,
    "Jobs that wait for an instant: a Retry-After, a pause after an error, a breaker's next trial",
)
BROKER_MESSAGES: Final = Metric(
    "ytcaption_broker_messages", Kind.GAUGE, "Messages on the broker, by queue", ("queue",)
)
WORKERS: Final = Metric(
    "ytcaption_workers", Kind.GAUGE, "Worker processes that have given a sign of life lately"
)
BREAKER: Final = Metric(
    "ytcaption_breaker_state",
    Kind.GAUGE,
    "1 for the state that a service's breaker is in (`closed`, `open`, `half-open`), else 0",
    ("service", "state"),
)

# What processes count as they go.
REQUESTS: Final = Metric(
    "ytcaption_http_requests_total",
    Kind.COUNTER,
    "Requests that the API has answered, by route and status",
    ("method", "route", "status"),
)
REQUEST_TIME: Final = Metric(
    "ytcaption_http_request_duration_seconds",
    Kind.HISTOGRAM,
    "Seconds until an answer begins; with `Prefer: wait` those that the client asked to wait too",
    ("method", "route"),
    buckets=_QUICK_S,
)
BYTES: Final = Metric(
    "ytcaption_streamed_bytes_total",
    Kind.COUNTER,
    "Bytes of audio that came from a service and were handed on, as they came",
    ("service",),
    (Place.API, Place.WORKER),
)
TURNS: Final = Metric(
    "ytcaption_turns_total",
    Kind.COUNTER,
    "Turns that workers gave to stages, by what they came to",
    ("stage", "outcome"),
    _ON_WORKERS,
)
STAGE_TIME: Final = Metric(
    "ytcaption_stage_duration_seconds",
    Kind.HISTOGRAM,
    "Seconds that a completed stage took, from its first turn to its end",
    ("stage",),
    _ON_WORKERS,
    _STAGES_S,
)
STAGE_WAIT: Final = Metric(
    "ytcaption_stage_wait_seconds",
    Kind.HISTOGRAM,
    "Seconds that a stage waited for its first turn, in line and for a worker",
    ("stage",),
    _ON_WORKERS,
    _WAITS_S,
)
POLLS: Final = Metric(
    "ytcaption_polls_total",
    Kind.COUNTER,
    "Times that a service was asked for a job's status",
    ("service",),
    _ON_WORKERS,
)
RETRIES: Final = Metric(
    "ytcaption_retries_total",
    Kind.COUNTER,
    "Repetitions by the class of the error: `call` inside a turn, the others of the stage",
    ("service", "class"),
    (Place.API, Place.WORKER),
)
RECOVERIES: Final = Metric(
    "ytcaption_recoveries_total",
    Kind.COUNTER,
    "Jobs that stood still and were sent on: `dead_worker`, `dead_turn`, `lost_message`",
    ("reason",),
    _ON_WORKERS,
)
TURNS_ACTIVE: Final = Metric(
    "ytcaption_turns_active",
    Kind.GAUGE,
    "Turns that run on this machine",
    places=_ON_WORKERS,
)
TURNS_CAPACITY: Final = Metric(
    "ytcaption_turns_capacity",
    Kind.GAUGE,
    "Turns that may run on this machine at once",
    places=_ON_WORKERS,
)
WORKER_PROCESSES: Final = Metric(
    "ytcaption_worker_processes",
    Kind.GAUGE,
    "Worker processes that live on this machine",
    places=_ON_WORKERS,
)

CATALOGUE: Final = tuple(found for found in list(globals().values()) if isinstance(found, Metric))
