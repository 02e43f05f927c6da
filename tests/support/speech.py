"""Transcribed segments of real speech, and measurements of their captions.

``spoken_words.json`` contains the bundled Whisper model's transcript of each clip of ``samples/``.
"""

import json
import random
from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

from orchestrator.captions import Cue, CueStyle

__all__ = ["breaches", "clips", "spoken", "talk", "without_words"]

Segment = dict[str, Any]


def clips() -> list[Segment]:
    """Return the segment of each clip."""
    recorded = json.loads(Path(__file__).with_name("spoken_words.json").read_text("utf-8"))
    return [
        {
            **segment,
            "words": [
                {"word": word, "start": start, "end": end, "confidence": 1.0}
                for word, start, end in segment["words"]
            ],
        }
        for segment in recorded.values()
    ]


def talk(*, clip_count: int, speed: float = 1.0, seed: int = 0) -> list[Segment]:
    """Return a long talk of clips in random order, with natural pauses.

    Args:
        clip_count: How many clips it is made of.
        speed: 1.2 for somebody who speaks a fifth faster.
        seed: Which talk of the many.
    """
    draw = random.Random(seed)
    segments, at_s = [], 0.0
    for clip in draw.choices(clips(), k=clip_count):
        segments.append(_moved(clip, at_s, speed))
        at_s = segments[-1]["end"] + draw.uniform(0, 1.5)
    return segments


def _moved(clip: Segment, by_s: float, speed: float) -> Segment:
    def times(timed: dict[str, Any]) -> dict[str, Any]:
        return timed | {key: round(timed[key] / speed + by_s, 3) for key in ("start", "end")}

    return times(clip) | {"words": [times(word) for word in clip["words"]]}


def without_words(segments: Sequence[Segment]) -> list[Segment]:
    """Return segments without word times, as from other services."""
    return [{name: part for name, part in one.items() if name != "words"} for one in segments]


def spoken(segments: Sequence[Segment]) -> list[str]:
    """Return all words in order."""
    return " ".join(segment["text"] for segment in segments).split()


def breaches(cues: Sequence[Cue], style: CueStyle | None = None) -> list[str]:
    """Return the violations of the style, per cue."""
    style = style or CueStyle()
    found = []
    for index, cue in enumerate(cues):
        following = cues[index + 1] if index + 1 < len(cues) else None
        if wrong := _wrong(cue, following, style):
            found.append(f"{cue}: {wrong}")
    return found


def _wrong(cue: Cue, following: Cue | None, style: CueStyle) -> list[str]:
    shown_s = (cue.end_ms - cue.start_ms) / 1000
    gap_s = (following.start_ms - cue.end_ms) / 1000 if following else inf
    wrong = {
        "too many lines": len(cue.lines) > style.max_lines,
        "too long a line": max(map(len, cue.lines)) > style.max_line_chars,
        "too short": shown_s < style.min_cue_s,
        "too long": shown_s > style.max_cue_s,
        "too fast": len(" ".join(cue.lines)) / shown_s > style.max_chars_per_s + 1e-6,
        "too close": gap_s < style.min_gap_s - 1e-9,
        "flickers": style.min_gap_s + 1e-3 <= gap_s < 0.5,
    }
    return [name for name, is_so in wrong.items() if is_so]
