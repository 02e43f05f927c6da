"""The time line of a container whose timestamps jump: pure.

Broadcasts, HLS with advertisements and discs join recordings whose clocks do not agree: the
timestamps of all streams jump at once. There the time line goes on where it was. Where the
audio alone jumps, there is silence.
"""

from dataclasses import dataclass, field

SMALLEST_JUMP_S = 0.5
LARGEST_GAP_S = 10.0
"""A longer gap in all streams is another clock, as for FFmpeg (``dts_delta_threshold``)."""
NEAR_S = 1.0
LONGEST_TAIL_S = 60.0
"""Seconds of picture without sound at the edge of a part; more is an error."""


@dataclass(frozen=True)
class Stamp:
    """The time of a packet as its container has it, in seconds."""

    stream: int
    start: float
    """When it is decoded: in a file these times only grow, unless the clock jumps."""
    end: float
    shown: float
    """When it is seen or heard."""

    @property
    def shown_end(self) -> float:
        """Return until when it is seen or heard."""
        return self.shown + self.end - self.start


@dataclass
class Clock:
    """Maps a container's timestamps to a time line without jumps of the clock.

    Args:
        audio: The index of the audio stream.
        can_skip: A jump forward of all streams may be another clock, too.
        smallest_jump_s: What differs less is rounded.
    """

    audio: int
    can_skip: bool
    smallest_jump_s: float = SMALLEST_JUMP_S
    shift: float = 0.0
    """To be added to a timestamp."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """Where all streams have nothing, on the time line."""
    _ends: dict[int, float] = field(default_factory=dict)
    _shown_ends: dict[int, float] = field(default_factory=dict)
    _others_jump: tuple[float, float] | None = None
    _left: list[float] = field(default_factory=list)

    def needs_next(self, stamp: Stamp) -> bool:
        """Return whether a jump cannot be judged before the other streams' next packet."""
        if stamp.stream != self.audio or not self._jumps(stamp):
            return False
        return self._others_jump is None and any(key != self.audio for key in self._ends)

    def pass_stamp(self, stamp: Stamp, following: Stamp | None = None) -> None:
        """Take the next packet's time into account.

        Args:
            stamp: The packet's.
            following: The next packet of another stream, where ``needs_next`` asked for it.
        """
        if stamp.stream == self.audio:
            if self._jumps(stamp):
                self._judge(stamp, following)
            self._others_jump = None
        elif self._jumps(stamp) and self._others_jump is None:
            self._others_jump = (self._shown_ends[stamp.stream], stamp.shown)
        before = self._ends.get(stamp.stream, stamp.end)
        is_jump = stamp.end < before - SMALLEST_JUMP_S
        self._ends[stamp.stream] = stamp.end if is_jump else max(before, stamp.end)
        shown_end = self._shown_ends.get(stamp.stream, stamp.shown_end)
        self._shown_ends[stamp.stream] = (
            stamp.shown_end if is_jump else max(shown_end, stamp.shown_end)
        )

    def _jumps(self, stamp: Stamp) -> bool:
        end = self._ends.get(stamp.stream)
        return end is not None and abs(stamp.start - end) > self.smallest_jump_s

    def _judge(self, stamp: Stamp, following: Stamp | None) -> None:
        audio_end = self._ends[self.audio]
        others = self._others_jump
        if others is None and following is not None and self._jumps(following):
            others = (self._shown_ends[following.stream], following.shown)
        has_others = any(key != self.audio for key in self._ends)
        jump = stamp.start - audio_end
        if has_others and others is None and jump > 0:
            return  # the other streams go on: there is silence
        is_other_clock = jump < 0 or (
            self.can_skip and (jump >= LARGEST_GAP_S or self._returns(stamp.start))
        )
        if not is_other_clock:
            self.gaps.append((audio_end + self.shift, stamp.start + self.shift))
            return
        end, start = audio_end, stamp.start
        if others is not None:
            # A part lasts until the last of its streams ends.
            end = others[0] if 0 < others[0] - end < LONGEST_TAIL_S else end
            start = others[1] if 0 < start - others[1] < LONGEST_TAIL_S else start
        self._left.append(audio_end)
        self.shift += end - start
        for stream in self._ends:
            self._ends[stream] = start if stream != self.audio else audio_end

    def _returns(self, start: float) -> bool:
        """Return whether a clock goes on from where it was left."""
        for left in self._left:
            if left - NEAR_S <= start:
                self._left.remove(left)
                return True
        return False
