"""Names under which clients save what a job has made."""

import re
import unicodedata
from urllib.parse import quote

from pathvalidate import sanitize_filename

MAX_BYTES = 240
"""File systems take 255; a client may add ` (1)` or `.part`."""

_SEPARATORS = re.compile(r"[/\\|:]+")
_NOT_IN_A_NAME = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST_SUFFIX = 12
_JOINERS = frozenset("\u200c\u200d")  # Persian words and emoji need them
_NOT_PLAIN = re.compile(r"[^ !#$&'()+,\-.0-9=@A-Z\[\]^_`a-z{}~]")


def attachment(name: str) -> str:
    """Return the Content-Disposition that has clients save an answer under a name.

    What no file system takes is left out of the name. One beyond ASCII is in ``filename*``,
    with an ASCII form for old clients (RFC 6266, appendix D; RFC 8187).
    """
    name = _make_safe(name)
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, suffix = letters.rpartition(".")
    plain = _NOT_PLAIN.sub("_", f"{stem.strip() or 'download'}{dot}{suffix}" if dot else letters)
    header = f'attachment; filename="{plain.strip() or "download"}"'
    if plain == name:
        return header
    return f"{header}; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"


def _make_safe(name: str) -> str:
    name = "".join(
        char if char in _JOINERS or unicodedata.category(char) not in _NOT_IN_A_NAME else " "
        for char in _SEPARATORS.sub("-", name)
    ).strip(" -")
    stem, dot, suffix = name.lstrip(" .-").rpartition(".")
    if not stem.strip(" .") or len(suffix) > _LONGEST_SUFFIX:
        stem, dot, suffix = name.strip(" .-"), "", ""
    stem = " ".join(sanitize_filename(stem, replacement_text=" ").split())
    kept = stem.encode()[: MAX_BYTES - len(f"{dot}{suffix}".encode())].decode(errors="ignore")
    whole = f"{kept.strip()}{dot}{suffix}".strip(" .")
    return sanitize_filename(whole, platform="universal") or "download"
