"""Planned faults, derived from a seed, independent of clocks and the order of calls."""

import random
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Call(StrEnum):
    """The kinds of calls that can have faults."""

    SUBMIT = "submit"
    STATUS = "status"
    FETCH = "fetch"  # download, text and transcription
    DELETE = "delete"
    JOB = "job"  # not a call: the fate of an accepted job, drawn once for each


class Fault(StrEnum):
    """A kind of fault."""

    ERROR_500 = "error_500"
    UNAVAILABLE = "unavailable"  # 503 with Retry-After
    RESET = "reset"  # before anything was done
    BROKEN_UPLOAD = "broken_upload"  # reset while the file is still arriving
    LOST_REPLY = "lost_reply"  # reset after everything was done
    SLOW = "slow"
    GARBAGE = "garbage"  # the answer is not JSON
    TRUNCATED = "truncated"  # fewer bytes than Content-Length says
    CORRUPTED = "corrupted"  # the right length, one byte wrong; only if a digest can reveal it
    HIDDEN = "hidden"  # 404 shortly after submission
    BACKWARDS = "backwards"  # the progress goes back once
    FORGOTTEN = "forgotten"  # 404 for ever, from half of the work on
    FAILED_RETRYABLE = "failed_retryable"
    FAILED_PERMANENT = "failed_permanent"


POSSIBLE: Mapping[Call, tuple[Fault, ...]] = {
    Call.SUBMIT: (
        Fault.ERROR_500,
        Fault.UNAVAILABLE,
        Fault.RESET,
        Fault.BROKEN_UPLOAD,
        Fault.LOST_REPLY,
        Fault.SLOW,
        Fault.GARBAGE,
    ),
    Call.STATUS: (Fault.ERROR_500, Fault.UNAVAILABLE, Fault.RESET, Fault.SLOW, Fault.GARBAGE),
    Call.FETCH: (
        Fault.ERROR_500,
        Fault.UNAVAILABLE,
        Fault.RESET,
        Fault.SLOW,
        Fault.TRUNCATED,
        Fault.CORRUPTED,
    ),
    Call.DELETE: (Fault.ERROR_500, Fault.RESET, Fault.LOST_REPLY),
    Call.JOB: (
        Fault.HIDDEN,
        Fault.BACKWARDS,
        Fault.FORGOTTEN,
        Fault.FAILED_RETRYABLE,
        Fault.FAILED_PERMANENT,
    ),
}
COSTS_AN_ATTEMPT = frozenset({Fault.FORGOTTEN, Fault.FAILED_RETRYABLE})


class FaultPlan(BaseModel):
    """Decides which calls have faults; equal for equal seeds.

    A decision depends on the seed, the kind of call, the subject (what was submitted, which
    unlike a job's id is the same in every run) and how many such calls came before. Faults
    end after ``horizon`` calls of a kind, and each comes at most ``most_of_a_kind`` times,
    so a job that is retried completes, unless permanent failures are asked for.
    """

    model_config = ConfigDict(frozen=True)

    seed: int = 0
    rates: Mapping[Fault, float] = Field(default_factory=dict)
    """The probability of each fault, from 0 to 1; default 0."""
    most_of_a_kind: int = 2
    """Maximum number of a fault per kind of call and subject."""
    most_lost_attempts: int = 2
    """Maximum number of lost attempts per subject: one fewer than a stage has."""
    horizon: int = 40
    """The number of the call, per kind and subject, from which on there are no faults."""

    @classmethod
    def of_everything(cls, seed: int, rate: float) -> "FaultPlan":
        """Plan every fault that retries can overcome, with equal probability.

        Args:
            seed: Which plan of the many.
            rate: From 0 to 1, for each fault by itself; above about 0.1 they crowd out success.
        """
        survivable = [fault for fault in Fault if fault is not Fault.FAILED_PERMANENT]
        return cls(seed=seed, rates=dict.fromkeys(survivable, rate))

    def decide(self, call: Call, subject: str, ordinal: int) -> Fault | None:
        """Return the fault of a call; a pure function of its arguments and the plan.

        Args:
            call: The kind of occasion.
            subject: What the call is about, the same in every run.
            ordinal: How many such calls this subject had before, from 0.

        Returns:
            The fault, or None where all goes well.
        """
        if not self.rates or ordinal >= self.horizon:
            return None
        # A string seeds by SHA-512, the same in every process, unlike hash().
        draw = random.Random(f"{self.seed}:{call}:{subject}")
        used: Counter[Fault] = Counter()
        chosen = None
        for _ in range(ordinal + 1):
            chosen = self._allowed(self._pick(call, draw.random()), used)
            if chosen is not None:
                used[chosen] += 1
        return chosen

    def _pick(self, call: Call, roll: float) -> Fault | None:
        for fault in POSSIBLE[call]:
            roll -= self.rates.get(fault, 0.0)
            if roll < 0:
                return fault
        return None

    def _allowed(self, fault: Fault | None, used: Counter[Fault]) -> Fault | None:
        if fault is None or fault is Fault.FAILED_PERMANENT:
            return fault
        lost = sum(used[costly] for costly in COSTS_AN_ATTEMPT)
        if fault in COSTS_AN_ATTEMPT and lost >= self.most_lost_attempts:
            return None
        return fault if used[fault] < self.most_of_a_kind else None
