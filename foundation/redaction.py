"""Redact passwords, API keys and URL query values from log records."""

import re
from typing import Final

__all__ = ["redact"]

# A text without any of these contains no secret; one line in a hundred needs the full check.
_HINTS: Final = (
    *("://", "?", "#"),
    *("ecret", "assword", "uthorization", "oken", "ey", "earer", "ytc_", "whsec_"),
)
_USER_INFO: Final = re.compile(r"(://)[^\s/?#\"'<>]*@")
# All query values are redacted except those of known harmless names: a signed URL may name its
# signature anything.
_QUERY: Final = re.compile(r"([?&;#]([^\s=&;#?\"'<>]+)=)[^\s&;#\"'<>]+")
_HARMLESS: Final = frozenset({"v", "list", "index", "t", "start", "format", "limit", "page"})
_NAMED: Final = re.compile(
    r"((?:authorization|password|secret|(?:api|access)[-_ ]?key|token)[\"']?\s*[:=]\s*[\"']?"
    r"(?:bearer\s+|basic\s+)?)[^\s\"',;&]+",
    re.IGNORECASE,
)
_KEYS: Final = re.compile(r"(\bbearer\s+|\bytc_|\bwhsec_)[\w.~+/=-]{8,}", re.IGNORECASE)


def redact(text: str) -> str:
    """Return a text with ``***`` in place of passwords, keys and URL query values."""
    for hint in _HINTS:  # four times as fast as `any` with a generator
        if hint in text:
            return _hide(text)
    return text


def _hide(text: str) -> str:
    text = _USER_INFO.sub(r"\1***@", text)
    text = _QUERY.sub(lambda found: found[0] if found[2] in _HARMLESS else f"{found[1]}***", text)
    return _KEYS.sub(r"\1***", _NAMED.sub(r"\1***", text))
