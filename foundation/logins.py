"""Remove logins from URLs: ``http://user:password@host/`` becomes ``http://host/``."""

import re
from typing import Final

__all__ = ["hide_login", "hide_logins"]

_SCHEME_MARK: Final = "://"
_AUTHORITY_END: Final = re.compile(r"[/?#\\]")
_LOGIN: Final = re.compile(r"(://)[^\s/?#\"'<>]*@")


def hide_login(url: str) -> str:
    """Return a URL without its user name and password."""
    scheme, mark, rest = url.partition(_SCHEME_MARK)
    if "@" not in rest:
        return url
    end = _AUTHORITY_END.search(rest)
    authority, tail = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    return f"{scheme}{mark}{authority.rpartition('@')[2]}{tail}"


def hide_logins(text: str) -> str:
    """Return a text without the user names and passwords of its URLs."""
    return _LOGIN.sub(r"\1", text) if "@" in text and _SCHEME_MARK in text else text
