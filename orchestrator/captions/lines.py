"""Where the lines of a cue end: as few lines as possible, then as even as possible."""

import re
from collections.abc import Sequence
from typing import Final

from orchestrator.captions.tokens import Token, width

__all__ = ["break_lines"]

_A_LINE: Final = 1e9  # one line more is worse than any unevenness
_A_NUMBER_ALONE: Final = 1e6  # a last line that is a number is read as the next cue's number
_PUNCTUATION: Final = 60.0  # what an end of a clause is worth: lines of 25 and 35, not 30 and 30


def break_lines(tokens: Sequence[Token], *, max_line_chars: int) -> list[str]:
    """Return the lines of a cue; a token that is longer than a line has one of its own."""
    count = len(tokens)
    cheapest = [0.0] + [float("inf")] * count
    begins = [0] * (count + 1)
    for last in range(1, count + 1):
        for first in range(last - 1, -1, -1):
            line = _join(tokens[first:last])
            if width(line) > max_line_chars and last - first > 1:
                break
            cost = cheapest[first] + _cost(line, is_last=last == count)
            if cost < cheapest[last]:
                cheapest[last], begins[last] = cost, first
    return _read_back(tokens, begins)


def _cost(line: str, *, is_last: bool) -> float:
    cost = _A_LINE + width(line) ** 2  # the sum of the squares is least where lines are even
    if is_last:
        return cost + _A_NUMBER_ALONE * line.isdecimal()
    return cost - _PUNCTUATION * bool(re.search(r"[.,;:!?…、。，！？؟،।]$", line))


def _join(tokens: Sequence[Token]) -> str:
    return "".join(f" {token.text}" if token.is_spaced else token.text for token in tokens).strip()


def _read_back(tokens: Sequence[Token], begins: Sequence[int]) -> list[str]:
    lines: list[str] = []
    last = len(tokens)
    while last:
        lines.insert(0, _join(tokens[begins[last] : last]))
        last = begins[last]
    if len(lines) > 1 and lines[-1].isdecimal():  # there was no other way
        lines[-2:] = [f"{lines[-2]} {lines[-1]}"]
    return lines
