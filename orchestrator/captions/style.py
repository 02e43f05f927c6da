"""CueStyle: what a cue may look like, by default as Netflix' timed-text style guide says."""

from typing import Annotated

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
