"""Direction marks for text that runs from right to left.

Text is stored in reading order, so a player needs the direction of each line. SubRip cannot
state it, and players assume left to right or use the first letter (as WebVTT prescribes), which
puts a full stop on the wrong side. The marks of the Unicode bidirectional algorithm (UAX #9)
state the direction within the text, where every player follows them.
"""

import unicodedata
from typing import Final

__all__ = ["direct", "is_right_to_left"]

_LANGUAGES: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ji", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_RIGHT: Final = frozenset({"R", "AL"})
_LEFT_MARK: Final = "\u200e"
_RIGHT_MARK: Final = "\u200f"
_EMBED_RIGHT: Final = "\u202b"
_END: Final = "\u202c"
_EMBEDDINGS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def is_right_to_left(text: str, language: str | None = None) -> bool:
    """Return whether a text as a whole is written from right to left.

    Args:
        text: May contain words of the other direction, such as a Latin name.
        language: The language code, if known.
    """
    if text.isascii() and language is None:
        return False
    classes = [unicodedata.bidirectional(char) for char in text]
    right, left = sum(map(_RIGHT.__contains__, classes)), classes.count("L")
    if language and language.lower().replace("_", "-").split("-")[0] in _LANGUAGES:
        return right > 0 or left == 0
    return right > left


def direct(line: str, *, right_to_left: bool) -> str:
    """Return a line with the marks that its direction needs.

    A line from right to left is embedded (U+202B to U+202C) and, if its first letter has the
    other direction, starts with a mark. A line from left to right needs only the mark.
    Existing embeddings are removed, since a line break may have split them.
    """
    if line.isascii() and not right_to_left:
        return line
    line = line.translate(_EMBEDDINGS)
    starts_right = _starts_right(line)
    if right_to_left:
        mark = "" if starts_right else _RIGHT_MARK
        return f"{_EMBED_RIGHT}{mark}{line}{_END}"
    return f"{_LEFT_MARK}{line}" if starts_right else line


def _starts_right(line: str) -> bool:
    """Return whether the first letter of a line belongs to a right-to-left script."""
    for char in line:
        kind = unicodedata.bidirectional(char)
        if kind in _RIGHT or kind == "L":
            return kind != "L"
    return False
