"""Decodes one audio stream of an open container into frames with their times."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from av import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError

from services.kit.work import WorkError
from services.media.demuxing import Demuxer, Timed
from services.media.mp3 import Hole

JUNK = (b"ID3", b"TAG", b"APETAGEX", b"Xing", b"Info", b"LAME")
"""What is among the frames of an MP3 file and is no sound."""
JUNK_BYTES = 256
LARGEST_DELAY_S = 1.0


@dataclass(frozen=True)
class Frame:
    """Decoded sound, or the loss of it."""

    frame: AudioFrame | None
    """None for a packet that could not be decoded."""
    at_s: float | None
    """Where it begins, in seconds since the container's start; None if directly after the last."""
    duration_s: float = 0.0


@dataclass
class Decoder:
    """Reads one stream of a container to its end.

    Args:
        container: Opened for this alone.
        index: The stream's index.
        most_idle_s: Seconds without a decoded frame after which decoding is given up. What the
            caller does between two frames does not count.
        is_fragmented: The container is MP4 in fragments.
        is_start_lost: Its first packets are damaged.
        holes: Where MP3 has no frames.
        previous: Of the part that this one continues.
        clock: Seconds of a clock that never goes back.
    """

    container: InputContainer
    index: int
    most_idle_s: float
    is_fragmented: bool = False
    is_start_lost: bool = False
    holes: tuple[Hole, ...] = ()
    previous: Demuxer | None = None
    clock: Callable[[], float] = time.monotonic
    packets: Demuxer = field(init=False)
    _frame_tick_s: float = 0.0

    def __post_init__(self) -> None:
        self.packets = Demuxer(
            self.container,
            self.index,
            is_fragmented=self.is_fragmented,
            is_start_lost=self.is_start_lost,
            holes=self.holes,
            previous=self.previous,
        )

    def decode(self) -> Iterator[Frame]:
        """Yield what the stream holds, in order.

        Raises:
            WorkError: ``decoding_stalled`` when nothing more is decoded for too long.
        """
        seen = self.clock()
        for timed in self.packets.read():
            if self.clock() - seen > self.most_idle_s:
                raise WorkError(
                    "decoding_stalled",
                    "Decoding the file does not progress. Try again, or convert the file first.",
                    retryable=True,
                )
            if timed.lost_s:
                yield Frame(None, timed.at_s, timed.lost_s)
            try:
                frames = timed.packet.decode()
            except FFmpegError:
                paused = self.clock()
                yield self._lose(timed)
                seen += self.clock() - paused
                continue
            for frame in frames:
                if not isinstance(frame, AudioFrame):
                    continue
                if frame.sample_rate:
                    self.packets.frame_s = frame.samples / frame.sample_rate
                yield Frame(frame, self._place(frame, timed))
                seen = self.clock()

    def _place(self, frame: AudioFrame, timed: Timed) -> float | None:
        """Return when a frame is heard: with its packet, unless the decoder leaves some out."""
        packet_ticks, ticks = timed.packet.pts, frame.pts
        if timed.at_s is None or ticks is None or packet_ticks is None:
            return timed.at_s if ticks is not None else None
        if not self._frame_tick_s:
            self._frame_tick_s = float(frame.time_base or 0)
        delay_s = ticks * self._frame_tick_s - packet_ticks * self.packets.tick_s[self.index]
        return timed.at_s + (delay_s if abs(delay_s) <= LARGEST_DELAY_S else 0.0)

    def _lose(self, timed: Timed) -> Frame:
        packet = timed.packet
        is_junk = not packet.size or (
            not self.packets.is_timed and any(word in bytes(packet)[:JUNK_BYTES] for word in JUNK)
        )
        duration_s = (packet.duration or 0) * self.packets.tick_s[self.index]
        return Frame(None, timed.at_s, 0.0 if is_junk else duration_s)
