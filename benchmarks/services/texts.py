"""What was said against what was understood."""

import re
import unicodedata
from collections.abc import Sequence


def split_words(text: str) -> list[str]:
    """Return the words without case, punctuation and accents, which half of the texts lack."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"\w+", "".join(c for c in letters if not unicodedata.combining(c)))


def count_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words must be changed, added or left out (Levenshtein's distance)."""
    row = list(range(len(heard) + 1))
    for number, word in enumerate(said, start=1):
        diagonal, row[0] = row[0], number
        for column, other in enumerate(heard, start=1):
            changed = diagonal + (word != other)
            diagonal = row[column]
            row[column] = min(changed, row[column] + 1, row[column - 1] + 1)
    return row[-1]
