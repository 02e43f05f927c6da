"""Join text as its script does: Japanese, Chinese and Thai use no spaces. Pure."""

import re
from collections.abc import Iterable

# Kana, Han, bopomofo, full-width forms; Thai, Lao, Myanmar, Khmer; and their punctuation.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u2e80-\u30ff\u3105-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uaa60-\uaa7f\uf900-\ufaff"
    "\ufe30-\ufe4f\uff00-\uffef\U0001b000-\U0001b16f\U00020000-\U0003ffff]"
)
_INVISIBLE = re.compile("[\u200c-\u200f\u202a-\u202e\u2066-\u2069\ufe00-\ufe0f]")

_EMBEDDING = "\u202a\u202b\u202d\u202e"
_POP_EMBEDDING = "\u202c"
_ISOLATE = "\u2066\u2067\u2068"
_POP_ISOLATE = "\u2069"


def join(parts: Iterable[str]) -> str:
    """Join parts of a text, such as lines, into one line.

    Two parts are separated by a space, unless both sides belong to a script without spaces.
    """
    joined = ""
    for part in parts:
        if joined and part and not (_ends_unspaced(joined) and _begins_unspaced(part)):
            joined += " "
        joined += part
    return joined


def close_directions(line: str) -> str:
    """Return a line with all of its directional marks closed at its end.

    Directional marks apply to the end of their line; once lines are joined, they would continue.
    """
    open_marks: list[str] = []
    for letter in line:
        if letter in _EMBEDDING:
            open_marks.append(_POP_EMBEDDING)
        elif letter in _ISOLATE:
            open_marks.append(_POP_ISOLATE)
        elif open_marks and letter == open_marks[-1]:
            open_marks.pop()
    return line + "".join(reversed(open_marks))


def _ends_unspaced(text: str) -> bool:
    return bool(_UNSPACED.match(_INVISIBLE.sub("", text[-8:])[-1:]))


def _begins_unspaced(text: str) -> bool:
    return bool(_UNSPACED.match(_INVISIBLE.sub("", text[:8])[:1]))
