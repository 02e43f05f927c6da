"""A finding of the doctor."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Verdict", "problem", "warning", "well"]


class Verdict(StrEnum):
    """The severity of a finding."""

    WELL = "well"
    WARNING = "warning"  # it works, but is probably not intended
    PROBLEM = "problem"  # a guarantee of the system does not hold


@dataclass(frozen=True)
class Finding:
    """A fact, and what to do about it."""

    area: str
    """``settings``, ``redis``, ``clock``, ``disk``, ``descriptors``, or a service's name."""
    verdict: Verdict
    fact: str
    advice: str = ""


def well(area: str, fact: str) -> Finding:
    """Return a finding without a problem."""
    return Finding(area, Verdict.WELL, fact)


def warning(area: str, fact: str, advice: str) -> Finding:
    """Return a finding about something that works, but is probably not intended."""
    return Finding(area, Verdict.WARNING, fact, advice)


def problem(area: str, fact: str, advice: str) -> Finding:
    """Return a finding about a problem."""
    return Finding(area, Verdict.PROBLEM, fact, advice)
