"""Line breaking: as few lines as possible, then as even as possible."""

import re
from collections.abc import Sequence
from typing import Final

from orchestrator.captions.scripts import width
from orchestrator.captions.tokens import Token

__all__ = ["break_lines"]

_LINE: Final = 1e9  # another line costs more than any unevenness
_NUMBER_ALONE: Final = 1e6  # a number on the last line is parsed as the next cue's number
_SPLIT_WORD: Final = 1e5  # or phrase of an unspaced script
_CLAUSE_END: Final = re.compile(r"[.,;:!?…、。，！？؟،।]$")
_PUNCTUATION: Final = 60.0  # bonus for the end of a clause: prefer 25 and 35 columns to 30 and 30


def break_lines(tokens: Sequence[Token], *, max_line_chars: int, indent: int = 0) -> list[str]:
    """Return the lines of a cue; a token that is longer than a line gets its own.

    Args:
        tokens: The words of the cue.
        max_line_chars: The maximum line length, in columns.
        indent: Columns reserved on the first line, for a name.
    """
    count = len(tokens)
    widths = [width(token.text) for token in tokens]
    numbers = _find_numbers(tokens)
    cheapest = [0.0] + [float("inf")] * count
    begins = [0] * (count + 1)
    for last in range(1, count + 1):
        end_cost = _end_cost(tokens[last - 1], is_last=last == count)
        columns = 0
        for first in range(last - 1, -1, -1):
            columns += widths[first] + (last - first > 1 and tokens[first + 1].is_spaced)
            taken = columns + (0 if first else indent)
            if taken > max_line_chars and last - first > 1:
                break
            # The sum of squares is lowest for even lines.
            cost = cheapest[first] + _LINE + taken**2 + end_cost
            if first:
                cost += _SPLIT_WORD * tokens[first].splits_word
                cost += _NUMBER_ALONE * (last == count and first in numbers)
            if cost < cheapest[last]:
                cheapest[last], begins[last] = cost, first
    return _read_back(tokens, begins)


def _end_cost(token: Token, *, is_last: bool) -> float:
    return 0.0 if is_last or not _CLAUSE_END.search(token.text) else -_PUNCTUATION


def _find_numbers(tokens: Sequence[Token]) -> frozenset[int]:
    """Return the indices at which the last line would be only a number."""
    first = len(tokens)
    while first and tokens[first - 1].text.isdecimal() and not tokens[first - 1].is_spaced:
        first -= 1
    if first and tokens[first - 1].text.isdecimal():
        first -= 1
    return frozenset(range(first, len(tokens)))


def _join(tokens: Sequence[Token]) -> str:
    return "".join(f" {token.text}" if token.is_spaced else token.text for token in tokens).strip()


def _read_back(tokens: Sequence[Token], begins: Sequence[int]) -> list[str]:
    lines: list[str] = []
    last = len(tokens)
    while last:
        lines.insert(0, _join(tokens[begins[last] : last]))
        last = begins[last]
    if len(lines) > 1 and lines[-1].isdecimal():  # no other break was possible
        lines[-2:] = [f"{lines[-2]} {lines[-1]}"]
    return lines
