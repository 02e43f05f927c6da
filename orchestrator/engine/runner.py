"""Runs one bounded turn of one stage."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from foundation.log_lines import bound
from foundation.tracing import Attributes, span, trace_id
from orchestrator.domain.job import Job
from orchestrator.domain.pipeline import Stage
from orchestrator.engine.resources import Resources
from orchestrator.engine.turn import Outcome, build_turn
from orchestrator.errors import LeaseLostError, StoreError, StoreUnavailableError
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics.catalogue import TURNS

__all__ = ["run_stage"]


def run_stage(resources: Resources, job_id: str, stage: Stage) -> Outcome:
    """Run one turn of a stage; repeated and late calls do no harm.

    Args:
        resources: The worker's stores and clients.
        job_id: The job.
        stage: The stage that the wake-up call named.

    Returns:
        What to enqueue next. Errors of the stage are written to the job, not raised.

    Raises:
        StoreUnavailableError: Redis is unavailable and the worker is stopping.
        StoreError: Redis refused a command. The lease is kept until the worker's heartbeat finds
            that no running turn holds it.
    """
    turn = secrets.token_hex(6)
    worker = resources.turns.worker
    with resources.turns.track(job_id, turn):
        claim = resources.leases.claim(job_id, stage, worker=worker, turn=turn)
        if claim is None:
            resources.counts.add(TURNS, stage.name, "nothing")
            return Outcome()
        with _described(claim.job, stage):
            try:
                return build_turn(resources, claim, stage).take()
            except LeaseLostError as error:
                resources.counts.add(TURNS, stage.name, "lost")
                LOGGER.info("Turn ended without a write: %s", error)
                return Outcome()
            except StoreUnavailableError:
                raise
            except StoreError as error:
                LOGGER.error("Turn failed; the heartbeat will re-enqueue the job: %s", error)
                raise


@contextmanager
def _described(job: Job, stage: Stage) -> Iterator[None]:
    """Add the job, the stage, the attempt and the client's request to log records and traces."""
    origin, attempt = job.request.origin, job.stages[stage.name].attempt
    facts: Attributes = {"job_id": job.job_id, "stage": stage.name, "attempt": attempt}
    request = {"request_id": origin.request_id, "trace": trace_id(origin.traceparent)}
    with (
        bound(**facts, **request),
        span(f"turn of {stage.name}", parent=origin.traceparent, kind="consumer", attributes=facts),
    ):
        yield
