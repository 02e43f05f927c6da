"""run_stage: one bounded turn of one stage."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from foundation.log_lines import bound
from foundation.tracing import Attributes, span, trace_id
from orchestrator.domain.job import Job
from orchestrator.domain.pipeline import Stage
from orchestrator.engine.resources import Resources
from orchestrator.engine.turn import Outcome, Turn
from orchestrator.errors import LeaseLostError, StoreError, StoreUnavailableError
from orchestrator.telemetry.log import LOGGER
from orchestrator.telemetry.metrics.catalogue import TURNS

__all__ = ["run_stage"]


def run_stage(resources: Resources, job_id: str, stage: Stage) -> Outcome:
    """Give one stage of one job a turn; safe to call twice and late.

    Args:
        resources: The worker's stores and clients.
        job_id: The job.
        stage: The stage that the wake-up call was for.

    Returns:
        What is to follow. Errors of the stage are written to the job, not raised.

    Raises:
        StoreUnavailableError: Redis is away and the worker is to stop.
        StoreError: Redis refused a command; the lease stays until the worker notices that it
            belongs to no running turn.
    """
    turn = secrets.token_hex(6)
    worker = resources.turns.worker
    with resources.turns.noted(job_id, turn):
        claim = resources.patiently(
            lambda: resources.leases.claim(job_id, stage, worker=worker, turn=turn)
        )
        if claim is None:
            resources.counts.add(TURNS, stage.name, "nothing")
            return Outcome()
        with _told(claim.job, stage):
            try:
                return Turn(resources, claim, stage).take()
            except LeaseLostError as error:
                resources.counts.add(TURNS, stage.name, "lost")
                LOGGER.info("Turn ended: %s", error)
                return Outcome()
            except StoreUnavailableError:
                raise
            except StoreError as error:
                LOGGER.error("Turn ended: %s", error)
                raise


@contextmanager
def _told(job: Job, stage: Stage) -> Iterator[None]:
    """Have logs and traces tell what a turn is about, and whose request it came of."""
    origin, attempt = job.request.origin, job.stages[stage.name].attempt
    known: Attributes = {"job_id": job.job_id, "stage": stage.name, "attempt": attempt}
    named = {"request_id": origin.request_id, "trace": trace_id(origin.traceparent)}
    with (
        bound(**known, **named),
        span(f"turn of {stage.name}", parent=origin.traceparent, kind="consumer", attributes=known),
    ):
        yield
