"""A goal and its measurement, a row of the table in docs/explanation/performance.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Goal", "Verdict", "as_table", "at_least", "at_most"]


class Verdict(StrEnum):
    """Whether a goal was reached."""

    REACHED = "reached"
    MISSED = "**missed**"
    SHOWN = "shown only"  # no goal belongs to it


@dataclass(frozen=True)
class Goal:
    """A row of the table."""

    what: str
    goal: str
    measured: str
    compared: str = ""
    """The reference value and the ratio."""
    verdict: Verdict = Verdict.SHOWN

    def as_row(self) -> str:
        """Return the row in Markdown."""
        cells = (self.what, self.goal, self.measured, self.compared, self.verdict)
        return f"| {' | '.join(cells)} |"


def as_table(goals: Iterable[Goal]) -> str:
    """Return the table in Markdown, with its head."""
    head = ["| | goal | measured | compared | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *(goal.as_row() for goal in goals)])


def at_most(value: float, limit: float) -> Verdict:
    """Return whether a value is at most the limit."""
    return Verdict.REACHED if value <= limit else Verdict.MISSED


def at_least(value: float, limit: float) -> Verdict:
    """Return whether a value is at least the limit."""
    return Verdict.REACHED if value >= limit else Verdict.MISSED
