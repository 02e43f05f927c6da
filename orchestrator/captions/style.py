"""CueStyle: what a cue may look like, by default as Netflix' timed-text style guide says."""

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
        description="Longest line, in columns: a wide East Asian character takes two.",
    ),
]
MaxLines = Annotated[int, Field(ge=1, le=5, description="Most lines of one cue.")]
MinCueS = Annotated[
    float, Field(ge=0.1, le=2, description="Shortest time that a cue is shown, in seconds.")
]
MaxCueS = Annotated[
    float, Field(ge=2, le=60, description="Longest time that a cue is shown, in seconds.")
]
MaxCharsPerS = Annotated[
    float, Field(ge=5, le=100, description="Fastest reading speed, in characters per second.")
]
MinGapS = Annotated[
    float, Field(ge=0, le=1, description="Shortest time between two cues, in seconds.")
]


class CueStyle(BaseModel):
    """What every cue keeps to, as far as all words and the times of their starts allow.

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
        """Return the style with the guide's limits for a language, where it has others.

        Only limits that are still the defaults change.

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
# Netflix timed-text style guides of the languages, for the hard of hearing: what is said is
# written down. Columns: 13 Japanese, 16 Chinese or Korean characters in a line take two each.
_LIMITS: Final[Mapping[str, Mapping[str, float]]] = {
    "el": {"max_line_chars": 39},
    "ja": {"max_line_chars": 26, "max_chars_per_s": 7.0},
    "ko": {"max_line_chars": 32, "max_chars_per_s": 14.0},
    "ru": {"max_line_chars": 39},
    "th": {"max_line_chars": 35},
    "yue": _CHINESE,
    "zh": _CHINESE,
}
