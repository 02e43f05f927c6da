"""What the doctor has found out about one thing."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Verdict", "problem", "warning", "well"]


class Verdict(StrEnum):
    """How bad it is."""

    WELL = "well"
    WARNING = "warning"  # it works; something may be meant otherwise
    PROBLEM = "problem"  # a promise of the system does not hold like this


@dataclass(frozen=True)
class Finding:
    """One fact, and what to do about it."""

    area: str
    """``settings``, ``redis``, ``clock``, ``disk``, ``descriptors``, or a service's name."""
    verdict: Verdict
    fact: str
    advice: str = ""


def well(area: str, fact: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(area, Verdict.WELL, fact)


def warning(area: str, fact: str, advice: str) -> Finding:
    """Return that something works, but is probably not meant so."""
    return Finding(area, Verdict.WARNING, fact, advice)


def problem(area: str, fact: str, advice: str) -> Finding:
    """Return that something will not do."""
    return Finding(area, Verdict.PROBLEM, fact, advice)
