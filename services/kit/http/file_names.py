"""File names for downloads that every file system accepts."""

import re
import unicodedata

from pathvalidate import sanitize_filename

MAX_BYTES = 240
"""File systems accept 255; a client may add ` (1)` or `.part`."""

_SEPARATORS = re.compile(r"[/\\|:]+")
_NOT_IN_A_NAME = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST_SUFFIX = 12
_JOINERS = frozenset("\u200c\u200d")  # Persian words and emoji need them


def safe_name(name: str) -> str:
    """Return a file name of at most `MAX_BYTES` without characters that a file system rejects.

    A suffix is kept where the name is shortened.
    """
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
