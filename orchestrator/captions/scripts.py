"""Script-dependent properties of text: width, spaces between words, line breaks."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from icu4py.breakers import CharacterBreaker, LineBreaker, WordBreaker

__all__ = ["Breaks", "find_breaks", "is_unspaced", "join_texts", "width"]

# Kana, bopomofo, Han, Yi and the full-width forms, without Hangul, which uses spaces.
_EAST: Final = "\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\uffe0-\uffe6"
_EAST_RARE: Final = "\U00016fe0-\U00018dff\U0001aff0-\U0001b16f\U0001f200-\U0001f2ff"
_HAN_RARE: Final = "\U00020000-\U0003ffff"
# Thai, Lao, Tibetan, Myanmar, Khmer, Tai Le, New Tai Lue and Tai Tham.
_SOUTH_EAST: Final = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf"
    "\ua9e0-\ua9ff\uaa60-\uaadf"
)
_IS_EAST: Final = re.compile(f"[{_EAST}{_EAST_RARE}{_HAN_RARE}]")
_IS_SOUTH_EAST: Final = re.compile(f"[{_SOUTH_EAST}]")
_IS_KANA: Final = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_IS_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff]")
_CHANGE_OF_SCRIPT: Final = re.compile(
    f"(?<=[0-9A-Za-z])(?=[{_SOUTH_EAST}])|(?<=[{_SOUTH_EAST}])(?=[0-9A-Za-z])"
)
_SENTENCE_END: Final = frozenset(".!?,;:…)]}\"'”’»")
_NO_COLUMN: Final = frozenset({"Mn", "Me", "Cf"})


@dataclass(frozen=True, slots=True)
class Breaks:
    """Possible line breaks in a text without spaces, as indices of the next character."""

    words: frozenset[int]
    """After a word or a phrase."""
    characters: frozenset[int]
    """Wherever the rules of the script allow one; includes ``words``."""


_NONE: Final = Breaks(frozenset(), frozenset())


def width(text: str) -> int:
    """Return the width of a text in columns.

    Wide characters (UAX #11) take two columns, combining marks none.
    """
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def is_unspaced(char: str) -> bool:
    """Return whether a character belongs to a script without spaces between words."""
    return bool(_IS_EAST.match(char) or _IS_SOUTH_EAST.match(char))


def join_texts(texts: Iterable[str]) -> str:
    """Join words or sentences, with spaces only where the script has them.

    Japanese and Chinese have none, not even next to Latin letters; Thai, Lao, Khmer, Burmese
    and Tibetan have none among themselves.
    """
    joined: list[str] = []
    for text in (text.strip() for text in texts):
        if text and joined and needs_space(joined[-1], text):
            joined.append(" ")
        if text:
            joined.append(text)
    return "".join(joined)


def needs_space(before: str, after: str) -> bool:
    """Return whether there is a space between two consecutive texts."""
    left, right = before[-1:], after[:1]
    if _IS_HANGUL.match(left) or _IS_HANGUL.match(right):
        return True
    if _IS_EAST.match(left):
        return False
    if _IS_EAST.match(right):
        return left in _SENTENCE_END and not _IS_EAST.search(before)
    return not (_is_south_east_end(before) and _IS_SOUTH_EAST.match(right))


def find_breaks(text: str, language: str | None) -> Breaks:
    """Return the possible line breaks in a text without spaces.

    The rules are those of UAX #14 in strict form (no line starts with a small kana, a long-vowel
    mark or a closing bracket), with ICU's dictionaries for Thai, Lao, Khmer, Burmese and Chinese
    words, and its model of Japanese phrases.

    Args:
        text: A text without spaces.
        language: The language code, if known; distinguishes Japanese from Chinese if there are
            no kana.
    """
    if text.isascii() or not any(map(is_unspaced, text)):
        return _NONE
    if not _IS_EAST.search(text):
        # UAX #14 treats these letters like Latin ones, so add the changes of script.
        changes = (match.start() for match in _CHANGE_OF_SCRIPT.finditer(text))
        words = frozenset((*_starts(text, LineBreaker, "th"), *changes))
        words &= frozenset(_starts(text, CharacterBreaker, "th"))  # some dictionaries split them
        return Breaks(words, words)
    is_japanese = _IS_KANA.search(text) or (language or "").startswith("ja")
    code = "ja" if is_japanese else "zh"
    characters = frozenset(
        at
        for at in _starts(text, LineBreaker, f"{code}@lb=strict")
        if is_unspaced(text[at - 1]) or is_unspaced(text[at])
    )
    if is_japanese:
        words = frozenset(_starts(text, LineBreaker, "ja@lb=strict;lw=phrase"))
    else:
        words = frozenset(_starts(text, WordBreaker, "zh"))
    return Breaks(words & characters, characters)


def _starts(text: str, breaker: Callable[[str, str], Iterable[str]], locale: str) -> Iterator[int]:
    """Yield the start of each piece of a text; ICU's own indices count UTF-16 units."""
    at = 0
    for piece in breaker(text, locale):
        if at:
            yield at
        at += len(piece)


def _is_south_east_end(text: str) -> bool:
    """Return whether a text ends in a script of South East Asia, without a Tibetan full stop."""
    return bool(_IS_SOUTH_EAST.match(text[-1:])) and text[-1] not in "\u0f0d\u0f0e"


def _columns(char: str) -> int:
    if unicodedata.category(char) in _NO_COLUMN:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
