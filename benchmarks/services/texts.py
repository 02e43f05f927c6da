"""Comparison of spoken and transcribed words."""

import re
import unicodedata
from collections.abc import Sequence


def split_words(text: str) -> list[str]:
    """Return the words without case, punctuation and accents, which half of the texts lack."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c)))


def count_errors(said: Sequence[str], transcribed: Sequence[str]) -> int:
    """Return the number of changed, added and missing words (Levenshtein distance)."""
    row = list(range(len(transcribed) + 1))
    for number, word in enumerate(said, start=1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(transcribed, start=1):
            changed = diagonal + (word != other)
            diagonal = row[column]
            row[column] = min(changed, row[column] + 1, row[column - 1] + 1)
    return row[-1]
