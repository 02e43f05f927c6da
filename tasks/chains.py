"""The pipeline as a Celery chain, whole or from a later stage on."""

from celery import chain, current_app, signature
from celery.canvas import Signature

from orchestrator.pipeline import STAGES, stage_named

__all__ = ["chain_from"]


def chain_from(stage: str) -> Signature:
    """Return the chain of tasks from a stage to the last; each hands its wake-up to the next."""
    following = STAGES[STAGES.index(stage_named(stage)) :]
    return chain(*(signature(one.task, app=current_app) for one in following))
