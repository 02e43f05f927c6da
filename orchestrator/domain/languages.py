"""Language codes that the API accepts, and the normalization of language tags.

The transcriber follows the same rule (``services/transcriber/languages.py``). Both use the package
``langcodes``, which has the tables of IANA and CLDR.
"""

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from langcodes import Language

__all__ = ["AUTO", "CODES", "ISO_639_1", "find_code", "suggest_codes"]

AUTO: Final = "auto"
"""The value that makes the transcriber detect the language."""

_CODES: Final = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv "
    "cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr "
    "ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw "
    "ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv "
    "ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr "
    "ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi "
    "yo za zh zu "
)
ISO_639_1: Final = frozenset(_CODES.split())
"""The two-letter codes, as listed by the Library of Congress."""
# Whisper uses `no` for written Norwegian and supports two languages without a two-letter code.
CODES: Final = ISO_639_1 - {"nb"} | {"haw", "yue"}
"""The codes that are stored and sent to services."""
_SORTED: Final = sorted(CODES)

_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8}){0,8}")
_EXTENDED: Final = re.compile(r"[a-z]{3}")
_ALIASES: Final = {"nb": "no", "fil": "tl"}  # CLDR prefers codes that Whisper lacks
_COMMON: Final = ("en", "es", "pt", "fr", "de", "zh")
_LONGEST_CODE: Final = 3
_SUGGESTIONS: Final = 3


def find_code(tag: str) -> str | None:
    """Return the code in ``CODES`` for a language tag, or ``None``.

    Args:
        tag: ISO 639-1, -2 or -3, or BCP 47 with ``-`` or ``_``, in any letter case: ``pt-BR``,
            ``por``, ``iw``, ``zh_TW``. Region and script are ignored.
    """
    subtags = tag.strip().partition(".")[0].replace("_", "-").lower()
    if not _TAG.fullmatch(subtags):
        return None
    language, *rest = subtags.split("-")
    # A second subtag of three letters is a language (`zh-yue`) or a mistake (`en-usa`).
    extended = _find_code(rest[0]) if rest and _EXTENDED.fullmatch(rest[0]) else None
    return extended or _find_code(language)


@lru_cache(maxsize=1024)
def _find_code(language: str) -> str | None:
    # Not `closest_match`, and not whole tags: langcodes caches every tag without limit.
    found = Language.get(language)
    for candidate in (found.language, found.prefer_macrolanguage().language):
        code = _ALIASES.get(candidate or "", candidate)
        if code in CODES:
            return code
    return None


def suggest_codes(tag: str) -> tuple[str, ...]:
    """Return suggestions for an unknown code: similar codes first, then common ones."""
    code = tag.strip().lower()
    alike = get_close_matches(code, _SORTED, _SUGGESTIONS) if len(code) <= _LONGEST_CODE else []
    return tuple(dict.fromkeys([*alike, *_COMMON]))
