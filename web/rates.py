"""Rates as operators write them, e.g. ``100 per minute; 1000 per day``, and how callers stand."""

from dataclasses import dataclass
from typing import Final

from limits import RateLimitItem, parse_many

from orchestrator.errors import SettingsError

__all__ = ["Window", "read_rates"]

_NONE: Final = "none"


@dataclass(frozen=True)
class Window:
    """How a caller stands with one rate."""

    policy: str
    rate: RateLimitItem
    count: int
    left_s: int
    """Until the window ends: whole seconds, at least one."""

    @property
    def remaining(self) -> int:
        """How many more requests it takes; negative where it took too many."""
        return self.rate.amount - self.count


def read_rates(variable: str, text: str) -> list[RateLimitItem]:
    """Return the rates that a setting names, each of which holds; none for ``none``.

    Raises:
        SettingsError: It cannot be read.
    """
    if text.strip().lower() == _NONE:
        return []
    try:
        return parse_many(text)
    except ValueError as error:
        raise SettingsError(f"{variable}: {text!r} is not a limit, e.g. 100 per minute") from error
