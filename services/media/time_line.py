"""Map timestamps with discontinuities to a continuous time line. No I/O.

Broadcasts, HLS with advertisements and discs join recordings with different clocks: the timestamps
of all streams jump at once. The time line then continues without a gap. If only the audio
timestamps jump, the gap is silence.
"""

from dataclasses import dataclass, field

MIN_JUMP_S = 0.5
MAX_GAP_S = 10.0
"""A longer gap in all streams is a discontinuity, as in FFmpeg (``dts_delta_threshold``)."""
NEAR_S = 1.0
MAX_TAIL_S = 60.0
"""Seconds of video without audio at a discontinuity; more is an error."""


@dataclass(frozen=True)
class PacketTimes:
    """The timestamps of a packet in its container, in seconds."""

    stream: int
    start: float
    """Decoding timestamp; it increases monotonically, except at a discontinuity."""
    end: float
    presented: float
    """Presentation timestamp."""

    @property
    def presented_end(self) -> float:
        """Return the end of the presentation."""
        return self.presented + self.end - self.start


@dataclass
class TimeLine:
    """Maps the timestamps of a container to a time line without discontinuities.

    Args:
        audio: The index of the audio stream.
        can_skip: A forward jump of all streams may be a discontinuity, too.
        min_jump_s: A smaller difference is rounding, not a jump.
    """

    audio: int
    can_skip: bool
    min_jump_s: float = MIN_JUMP_S
    offset_s: float = 0.0
    """Seconds to add to a timestamp."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """Spans of the time line in which no stream has a packet."""
    _ends: dict[int, float] = field(default_factory=dict)
    _presented_ends: dict[int, float] = field(default_factory=dict)
    _others_jump: tuple[float, float] | None = None
    _left_s: list[float] = field(default_factory=list)

    def needs_other_stream(self, times: PacketTimes) -> bool:
        """Return whether a jump cannot be classified before the next packet of another stream."""
        if times.stream != self.audio or not self._jumps(times):
            return False
        return self._others_jump is None and any(key != self.audio for key in self._ends)

    def add(self, times: PacketTimes, following: PacketTimes | None = None) -> None:
        """Update the time line with the timestamps of the next packet.

        Args:
            times: The timestamps.
            following: Those of the next packet of another stream, if ``needs_other_stream``.
        """
        if times.stream == self.audio:
            if self._jumps(times):
                self._classify_jump(times, following)
            self._others_jump = None
        elif self._jumps(times) and self._others_jump is None:
            self._others_jump = (self._presented_ends[times.stream], times.presented)
        before = self._ends.get(times.stream, times.end)
        is_jump = times.end < before - MIN_JUMP_S
        self._ends[times.stream] = times.end if is_jump else max(before, times.end)
        presented_end = self._presented_ends.get(times.stream, times.presented_end)
        self._presented_ends[times.stream] = (
            times.presented_end if is_jump else max(presented_end, times.presented_end)
        )

    def _jumps(self, times: PacketTimes) -> bool:
        end = self._ends.get(times.stream)
        return end is not None and abs(times.start - end) > self.min_jump_s

    def _classify_jump(self, times: PacketTimes, following: PacketTimes | None) -> None:
        audio_end = self._ends[self.audio]
        others = self._others_jump
        if others is None and following is not None and self._jumps(following):
            others = (self._presented_ends[following.stream], following.presented)
        has_others = any(key != self.audio for key in self._ends)
        jump = times.start - audio_end
        if has_others and others is None and jump > 0:
            return  # the other streams continue: the gap is silence
        is_discontinuity = jump < 0 or (
            self.can_skip and (jump >= MAX_GAP_S or self._returns(times.start))
        )
        if not is_discontinuity:
            self.gaps.append((audio_end + self.offset_s, times.start + self.offset_s))
            return
        end, start = audio_end, times.start
        if others is not None:
            # A recording lasts until the last of its streams ends.
            end = others[0] if 0 < others[0] - end < MAX_TAIL_S else end
            start = others[1] if 0 < start - others[1] < MAX_TAIL_S else start
        self._left_s.append(audio_end)
        self.offset_s += end - start
        for stream in self._ends:
            self._ends[stream] = start if stream != self.audio else audio_end

    def _returns(self, start: float) -> bool:
        """Return whether a clock continues where an earlier discontinuity left it."""
        for left_s in self._left_s:
            if left_s - NEAR_S <= start:
                self._left_s.remove(left_s)
                return True
        return False
