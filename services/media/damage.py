"""Damage that was found in a recording, and the warnings about it. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from services.media.cleaning import ClippingCount

Warning_ = dict[str, Any]
MAX_WARNINGS = 50
"""Maximum number of warnings with the same code."""
NEAR_S = 0.5
"""Damaged spans that are no further apart are merged."""
MIN_MISSING_S = 0.5
CLIPPED_SHARE = 0.01
"""Share of the samples of a second."""
MIN_CLIPPED_S = 2
MIN_CLIPPED_SHARE = 0.05
"""Share of the recording."""


def make_warning(
    code: str, detail: str, start: float | None = None, end: float | None = None
) -> Warning_:
    """Return a warning as jobs show it; times are seconds on the media's time line."""
    spans = {"start": start, "end": end}
    times = {name: round(value, 3) for name, value in spans.items() if value is not None}
    return {"code": code, "detail": detail, **times}


def limit_warnings(warnings: list[Warning_]) -> list[Warning_]:
    """Return at most ``MAX_WARNINGS`` warnings; the last one counts those that are left out."""
    if len(warnings) <= MAX_WARNINGS:
        return warnings
    kept = warnings[:MAX_WARNINGS]
    more = len(warnings) - MAX_WARNINGS
    kept[-1] = {**kept[-1], "detail": f"{kept[-1]['detail']} There are {more} more."}
    return kept


@dataclass
class Damage:
    """Lost packets, truncation and clipping, as found while a recording was read."""

    lost: list[tuple[float, float]] = field(default_factory=list)
    """Spans whose packets were missing or could not be decoded."""
    lost_packets: int = 0
    clipping: ClippingCount = field(default_factory=ClippingCount)
    is_cut: bool = False
    """The file ends before a size or a duration that it states."""
    sound_end_s: float = 0.0
    stated_end_s: float | None = None
    """End of the sound according to the file."""

    def add_lost(self, start_s: float, end_s: float, packets: int) -> None:
        """Record a span without sound."""
        self.lost_packets += packets
        spans: list[tuple[float, float]] = []
        # Gaps are found after the damaged packets around them.
        for start, end in sorted([*self.lost, (start_s, end_s)]):
            if spans and start - spans[-1][1] <= NEAR_S:
                spans[-1] = (spans[-1][0], max(spans[-1][1], end))
            else:
                spans.append((start, end))
        self.lost = spans

    def trim_end(self, *, is_timed: bool) -> None:
        """Treat packets lost after the last sound as truncation, not as damage.

        Args:
            is_timed: The container has timestamps, so the lost packets were part of it.
        """
        if self.lost and self.lost[-1][0] >= self.sound_end_s - NEAR_S / 10:
            self.lost.pop()
            self.lost_packets -= 1
            self.is_cut = self.is_cut or is_timed

    def warnings(self) -> list[Warning_]:
        """Return the warnings for the client."""
        return [*self._warn_cut(), *self._warn_lost(), *self._warn_clipped()]

    def _warn_cut(self) -> list[Warning_]:
        missing_s = (self.stated_end_s or 0.0) - self.sound_end_s
        if not self.is_cut:
            return []
        if missing_s < MIN_MISSING_S:
            detail = f"The file is truncated: its sound ends at {self.sound_end_s:.1f} s."
            return [make_warning("truncated_source", detail, self.sound_end_s)]
        detail = (
            f"The file is truncated: its sound ends at {self.sound_end_s:.1f} s, and "
            f"{missing_s:.1f} s of the stated {self.stated_end_s:.1f} s are missing."
        )
        return [make_warning("truncated_source", detail, self.sound_end_s, self.stated_end_s)]

    def _warn_lost(self) -> list[Warning_]:
        count = self.lost_packets
        packets = "1 packet" if count == 1 else f"{count} packets"
        found = [
            make_warning(
                "damaged_packets",
                f"Damaged or missing data between {start:.1f} s and {end:.1f} s is replaced by "
                f"silence ({packets} in the whole file).",
                start,
                end,
            )
            for start, end in self.lost
        ]
        return limit_warnings(found)

    def _warn_clipped(self) -> list[Warning_]:
        clipped = [
            second for second, share in self.clipping.seconds.items() if share >= CLIPPED_SHARE
        ]
        least = min(MIN_CLIPPED_S, MIN_CLIPPED_SHARE * self.sound_end_s)
        if not clipped or len(clipped) < least:
            return []
        return limit_warnings(
            [
                make_warning(
                    "clipped",
                    f"The recording is overdriven between {start} s and {end} s: its peaks are "
                    "cut off, and words may be wrong.",
                    start,
                    min(float(end), self.sound_end_s),
                )
                for start, end in _join_seconds(sorted(clipped))
            ]
        )


def _join_seconds(seconds: Iterable[int]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for second in seconds:
        if spans and second - spans[-1][1] <= 1:
            spans[-1] = (spans[-1][0], second + 1)
        else:
            spans.append((second, second + 1))
    return spans
