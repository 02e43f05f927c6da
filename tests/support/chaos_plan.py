"""The plan of a chaos run, derived from a seed."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.support.fake_service import FaultPlan, expected_text
from tests.support.orchestrator import Orchestrator

__all__ = ["ARTIFACT_BYTES", "ChaosPlan", "Damage", "PlannedJob", "Strike"]

ARTIFACT_BYTES: Final = 300_000
ROUND_S: Final = 32.0
_JOBS_PER_ROUND: Final = 260
_SUBMITTED_WITHIN_S: Final = 10.0  # more than 200 jobs run during most of the damage
_FIRST_STRIKE_S: Final = 5.0
_FAULT_RATE: Final = 0.03


class Damage(StrEnum):
    """Damage to the processes."""

    KILL_WORKER = "kill a worker"
    KILL_IN_TRANSFER = "kill a worker while transfers hang"
    FREEZE_WORKER = "freeze a worker for longer than its leases"
    KILL_BEAT = "kill beat"
    KILL_API = "kill a process of the API"
    KILL_REDIS = "kill Redis"


_EACH_ROUND: Final = (*Damage, Damage.KILL_WORKER)


@dataclass(frozen=True)
class Strike:
    """One piece of damage, ``at_s`` seconds after the start."""

    at_s: float
    damage: Damage
    victim: int
    """Index of the running process of its kind, modulo their number."""


@dataclass(frozen=True)
class PlannedJob:
    """A job that a client submits."""

    at_s: float
    video: str
    language: str
    priority: str
    cancelled_after_s: float | None
    """Seconds after acceptance at which the client cancels the job, if it does."""

    @property
    def text(self) -> str:
        """The expected text of the job."""
        return expected_text(
            Orchestrator.video(self.video),
            language=self.language,
            audio_bytes=ARTIFACT_BYTES,
            normalized_bytes=ARTIFACT_BYTES,
        )


@dataclass(frozen=True)
class ChaosPlan:
    """The jobs, the strikes and the faults of the services."""

    seed: int
    jobs: tuple[PlannedJob, ...]
    strikes: tuple[Strike, ...]
    faults: FaultPlan

    @classmethod
    def of_seed(cls, seed: int, *, rounds: int) -> "ChaosPlan":
        """Plan rounds of 32 s, each with every kind of damage and 260 jobs."""
        draw = random.Random(seed)
        starts = [number * ROUND_S for number in range(rounds)]
        jobs = [job for start in starts for job in _draw_jobs(draw, start)]
        strikes = [strike for start in starts for strike in _draw_strikes(draw, start)]
        faults = FaultPlan.of_everything(seed, _FAULT_RATE)
        return cls(seed, tuple(jobs), tuple(strikes), faults)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {len(self.jobs)} jobs"]
        lines += [f"{strike.at_s:7.1f} s  {strike.damage}" for strike in self.strikes]
        return "\n".join(lines)


def _draw_jobs(draw: random.Random, start_s: float) -> list[PlannedJob]:
    instants = sorted(draw.uniform(0, _SUBMITTED_WITHIN_S) for _ in range(_JOBS_PER_ROUND))
    return [
        PlannedJob(
            at_s=start_s + instant,
            # One in ten is a video that other jobs request, too.
            video=f"popular-{draw.randrange(8)}"
            if draw.random() < 0.1
            else f"{start_s:g}-{number}",
            language=draw.choice(["auto", "auto", "pt"]),
            priority=draw.choice(["low", "normal", "normal", "high"]),
            cancelled_after_s=draw.uniform(0, 20) if draw.random() < 0.08 else None,
        )
        for number, instant in enumerate(instants)
    ]


def _draw_strikes(draw: random.Random, start_s: float) -> list[Strike]:
    kinds = list(_EACH_ROUND)
    draw.shuffle(kinds)
    span_s = (ROUND_S - _FIRST_STRIKE_S) / len(kinds)
    return [
        Strike(start_s + _FIRST_STRIKE_S + (at + draw.random()) * span_s, kind, draw.randrange(6))
        for at, kind in enumerate(kinds)
    ]
