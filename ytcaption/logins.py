"""Removes logins from URLs: ``http://user:password@host/`` is shown as ``http://host/``."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator

__all__ = ["ShownUrl", "hide_logins"]

# Up to the last @ before the path, as browsers read it. The password may be percent-encoded or not.
_LOGIN: Final = re.compile(r"(?<=://)[^\s/?#\\\"'<>]*@")


def hide_logins(text: str) -> str:
    """Return a text in which no URL has a user name or a password."""
    return _LOGIN.sub("", text)


ShownUrl = Annotated[str, AfterValidator(hide_logins)]
"""A URL of an answer, without the login that an older API leaves in it."""
