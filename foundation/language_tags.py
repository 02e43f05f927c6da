"""Map language tags, in the spellings that people use, to the codes of a given set."""

import re
from functools import lru_cache
from typing import Final

from langcodes import Language

__all__ = ["find_code"]

_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,8}")
_EXTENDED: Final = re.compile(r"[a-z]{3}")
_ALIASES: Final = {"nb": "no", "fil": "tl"}  # CLDR prefers codes that Whisper lacks


def find_code(tag: str, codes: frozenset[str]) -> str | None:
    """Return the code for a language tag, or ``None``; by the tables of IANA and CLDR.

    Args:
        tag: ISO 639-1, -2 or -3, or BCP 47 with ``-`` or ``_``, in any letter case: ``pt-BR``,
            ``por``, ``iw``, ``zh_TW``. Region and script are ignored.
        codes: The codes to choose from.
    """
    subtags = tag.strip().partition(".")[0].replace("_", "-").lower()
    if not _TAG.fullmatch(subtags):
        return None
    language, *rest = subtags.split("-")
    # A second subtag of three letters is a language (`zh-yue`) or a mistake (`en-usa`).
    extended = _find_code(rest[0], codes) if rest and _EXTENDED.fullmatch(rest[0]) else None
    return extended or _find_code(language, codes)


@lru_cache(maxsize=1024)
def _find_code(language: str, codes: frozenset[str]) -> str | None:
    # Not `closest_match`, nor whole tags: langcodes caches every argument without a limit.
    found = Language.get(language)
    for candidate in (found.language, found.prefer_macrolanguage().language):
        code = _ALIASES.get(candidate or "", candidate)
        if code in codes:
            return code
    return None
