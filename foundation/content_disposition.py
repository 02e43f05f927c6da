"""Build the response header that has clients save a response under a file name."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

__all__ = ["attachment"]

# Characters that RFC 8187 allows unencoded in an extended value.
_ATTR_CHARS: Final = "!#$&+-.^_`|~"
_NOT_PLAIN: Final = re.compile(r"[^ !#$&'()+,\-.0-9=@A-Z\[\]^_`a-z{}~]")


def attachment(name: str) -> str:
    """Return the Content-Disposition for a file name without path separators and controls.

    A name beyond ASCII is sent as ``filename*``, with an ASCII fallback for old clients
    (RFC 6266, appendix D; RFC 8187).
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, suffix = letters.partition(".")
    plain = _NOT_PLAIN.sub("_", f"{stem.strip() or 'download'}{dot}{suffix}")
    header = f'attachment; filename="{plain}"'
    if plain == name:
        return header
    return f"{header}; filename*=UTF-8''{quote(name, safe=_ATTR_CHARS)}"
