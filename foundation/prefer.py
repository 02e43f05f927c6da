"""Parse the ``Prefer`` request header (RFC 7240)."""

import re
from typing import Final

__all__ = ["parse_wait_s"]

_WAIT: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})\"?(?=$|[,;\s])", re.IGNORECASE)


def parse_wait_s(prefer: str) -> int:
    """Return the seconds of the ``wait`` preference; 0 if there is none or it is malformed."""
    found = _WAIT.search(prefer)
    return int(found[1]) if found else 0
