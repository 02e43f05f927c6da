"""Limits of cues; the defaults are those of the Netflix timed-text style guide."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "CueStyle",
    "MaxCharsPerS",
    "MaxCueS",
    "MaxLineChars",
    "MaxLines",
    "MinCueS",
    "MinGapS",
]

MaxLineChars = Annotated[
    int,
    Field(
        ge=10,
        le=200,
        description="Maximum line length, in columns; a wide East Asian character takes two.",
    ),
]
MaxLines = Annotated[int, Field(ge=1, le=5, description="Maximum number of lines per cue.")]
MinCueS = Annotated[
    float, Field(ge=0.1, le=2, description="Minimum duration of a cue, in seconds.")
]
MaxCueS = Annotated[float, Field(ge=2, le=60, description="Maximum duration of a cue, in seconds.")]
MaxCharsPerS = Annotated[
    float, Field(ge=5, le=100, description="Maximum reading speed, in characters per second.")
]
MinGapS = Annotated[
    float, Field(ge=0, le=1, description="Minimum gap between two cues, in seconds.")
]


class CueStyle(BaseModel):
    """Limits of cues, applied as far as they neither drop nor delay a word.

    The defaults are those of the Netflix timed-text style guide, general requirements and
    English: 42 characters, two lines, five sixths of a second to seven seconds, 20 characters
    per second, and two frames between cues.
    """

    model_config = ConfigDict(frozen=True)

    max_line_chars: MaxLineChars = 42
    max_lines: MaxLines = 2
    min_cue_s: MinCueS = 0.834
    max_cue_s: MaxCueS = 7.0
    max_chars_per_s: MaxCharsPerS = 20.0
    min_gap_s: MinGapS = 0.084  # two frames of 23.976 per second, the slowest in use

    def for_language(self, language: str | None) -> "CueStyle":
        """Return the style with the guide's limits for a language.

        Only limits that still have their default change.

        Args:
            language: A code such as ``ja`` or ``zh-TW``.
        """
        code = (language or "").lower().replace("_", "-").split("-")[0]
        defaults = CueStyle()
        limits = {
            name: limit
            for name, limit in _LIMITS.get(code, {}).items()
            if getattr(self, name) == getattr(defaults, name)
        }
        return self.model_copy(update=limits)


_CHINESE: Final = {"max_line_chars": 32, "max_chars_per_s": 11.0}
# Netflix timed-text style guides of the languages, for the deaf and hard of hearing, which are
# verbatim. Columns: 13 Japanese, 16 Chinese or Korean characters per line take two each.
_LIMITS: Final[Mapping[str, Mapping[str, float]]] = {
    "el": {"max_line_chars": 39},
    "ja": {"max_line_chars": 26, "max_chars_per_s": 7.0},
    "ko": {"max_line_chars": 32, "max_chars_per_s": 14.0},
    "ru": {"max_line_chars": 39},
    "th": {"max_line_chars": 35},
    "yue": _CHINESE,
    "zh": _CHINESE,
}
