"""Removes logins from URLs: ``http://user:password@host/`` is shown as ``http://host/``."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

__all__ = ["PublicUrl", "hide_logins"]

# Up to the last @ before the path, as browsers read it. The password may be percent-encoded or not.
_LOGIN: Final = re.compile(r"(?<=://)[^\s/?#\\\"'<>]*@")


def hide_logins(text: str) -> str:
    """Return a text in which no URL has a user name or a password."""
    return _LOGIN.sub("", text)


PublicUrl = Annotated[str, AfterValidator(hide_logins)]
"""A URL in a response, without the login that an older API includes."""
