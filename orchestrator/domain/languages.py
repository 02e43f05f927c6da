"""Language codes that the API accepts, and the normalization of language tags."""

from difflib import get_close_matches
from typing import Final

from foundation import language_tags

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

_COMMON: Final = ("en", "es", "pt", "fr", "de", "zh")
_LONGEST_CODE: Final = 3
_SUGGESTIONS: Final = 3


def find_code(tag: str) -> str | None:
    """Return the code in ``CODES`` for a language tag, or ``None``.

    Args:
        tag: See ``foundation.language_tags.find_code``.
    """
    return language_tags.find_code(tag, CODES)


def suggest_codes(tag: str) -> tuple[str, ...]:
    """Return suggestions for an unknown code: similar codes first, then common ones."""
    code = tag.strip().lower()
    alike = get_close_matches(code, _SORTED, _SUGGESTIONS) if len(code) <= _LONGEST_CODE else []
    return tuple(dict.fromkeys([*alike, *_COMMON]))
