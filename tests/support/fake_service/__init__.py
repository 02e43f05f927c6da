"""A fake microservice in its own process, for tests and chaos runs.

It speaks the orchestrator's HTTP contract in any of the three roles, carries thousands of
waiting calls at little cost, misbehaves by a reproducible plan, and keeps a ledger of what
reached it. What it makes is derived from what it was given, so that a test can compute the
text that a job must end with (``expected_text``).
"""

from tests.support.fake_service.artifacts import (
    Artifact,
    captions_segments,
    downloaded,
    expected_text,
    normalized,
    transcript_segments,
    transcript_text,
    with_words,
)
from tests.support.fake_service.faults import Call, Fault, FaultPlan
from tests.support.fake_service.ledger import Ledger, Submission
from tests.support.fake_service.process import FakeService
from tests.support.fake_service.settings import Down, Failure, FakeSettings, JobForm, Role

__all__ = [
    "Artifact",
    "Call",
    "Down",
    "Failure",
    "FakeService",
    "FakeSettings",
    "Fault",
    "FaultPlan",
    "JobForm",
    "Ledger",
    "Role",
    "Submission",
    "captions_segments",
    "downloaded",
    "expected_text",
    "normalized",
    "transcript_segments",
    "transcript_text",
    "with_words",
]
