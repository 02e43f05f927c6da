"""Comparison of spoken and transcribed words."""

import re


def words(text: str) -> list[str]:
    """Split a text into its words, without case and punctuation."""
    return re.findall(r"\w+", text.lower())
