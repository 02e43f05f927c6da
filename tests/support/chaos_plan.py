"""The plan of a chaos run, derived from a seed."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.support.fake_service import FaultPlan, expected_text
from tests.support.orchestrator import Orchestrator

__all__ = ["ARTIFACT_BYTES", "Blow", "ChaosPlan", "Damage", "PlannedJob"]

ARTIFACT_BYTES: Final = 300_000
ROUND_S: Final = 32.0
_JOBS_PER_ROUND: Final = 260
_SUBMITTED_WITHIN_S: Final = 10.0  # so that more than 200 run while most of the damage is done
_FIRST_BLOW_S: Final = 5.0
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
class Blow:
    """One piece of damage, with its time in seconds after the start."""

    at_s: float
    damage: Damage
    victim: int
    """Which of the running processes of its kind, modulo their number."""


@dataclass(frozen=True)
class PlannedJob:
    """A job that a client submits."""

    at_s: float
    video: str
    language: str
    priority: str
    cancelled_after_s: float | None
    """When the client cancels, in seconds after the job was accepted."""

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
    """Jobs, blows and the services' faults."""

    seed: int
    jobs: tuple[PlannedJob, ...]
    blows: tuple[Blow, ...]
    faults: FaultPlan

    @classmethod
    def of_seed(cls, seed: int, *, rounds: int) -> "ChaosPlan":
        """Plan rounds of 32 s, each with every kind of damage and 260 jobs."""
        draw = random.Random(seed)
        starts = [number * ROUND_S for number in range(rounds)]
        jobs = [job for start in starts for job in _draw_jobs(draw, start)]
        blows = [blow for start in starts for blow in _draw_blows(draw, start)]
        faults = FaultPlan.of_everything(seed, _FAULT_RATE)
        return cls(seed, tuple(jobs), tuple(blows), faults)

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {len(self.jobs)} jobs"]
        lines += [f"{blow.at_s:7.1f} s  {blow.damage}" for blow in self.blows]
        return "\n".join(lines)


def _draw_jobs(draw: random.Random, start_s: float) -> list[PlannedJob]:
    instants = sorted(draw.uniform(0, _SUBMITTED_WITHIN_S) for _ in range(_JOBS_PER_ROUND))
    return [
        PlannedJob(
            at_s=start_s + instant,
            # One in ten is a video that others ask for too.
            video=f"popular-{draw.randrange(8)}"
            if draw.random() < 0.1
            else f"{start_s:g}-{number}",
            language=draw.choice(["auto", "auto", "pt"]),
            priority=draw.choice(["low", "normal", "normal", "high"]),
            cancelled_after_s=draw.uniform(0, 20) if draw.random() < 0.08 else None,
        )
        for number, instant in enumerate(instants)
    ]


def _draw_blows(draw: random.Random, start_s: float) -> list[Blow]:
    kinds = list(_EACH_ROUND)
    draw.shuffle(kinds)
    span_s = (ROUND_S - _FIRST_BLOW_S) / len(kinds)
    return [
        Blow(start_s + _FIRST_BLOW_S + (at + draw.random()) * span_s, kind, draw.randrange(6))
        for at, kind in enumerate(kinds)
    ]
