"""Rates as operators write them, e.g. ``100 per minute; 1000 per day``."""

from typing import Final

from limits import RateLimitItem, parse_many

from orchestrator.errors import SettingsError

__all__ = ["read_rates"]

_NONE: Final = "none"


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
