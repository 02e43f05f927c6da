"""Decode one audio stream of an open container into frames with presentation times."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from av import AudioFrame
from av.container import InputContainer
from av.error import FFmpegError

from services.kit.work import WorkError
from services.media.demuxing import Demuxer, TimedPacket
from services.media.mp3 import Hole

JUNK = (b"ID3", b"TAG", b"APETAGEX", b"Xing", b"Info", b"LAME")
"""Markers of data between the frames of an MP3 file that is not sound."""
JUNK_BYTES = 256
MAX_DELAY_S = 1.0


@dataclass(frozen=True)
class Frame:
    """Decoded sound, or lost sound."""

    frame: AudioFrame | None
    """None if the packet could not be decoded."""
    at_s: float | None
    """Seconds since the start of the container; None if it follows the previous frame directly."""
    duration_s: float = 0.0


@dataclass
class Decoder:
    """Decodes one stream of a container to its end.

    Args:
        container: Not used by anything else.
        index: The stream's index.
        most_idle_s: Seconds without a decoded frame after which decoding fails. The time that
            the caller takes between two frames does not count.
        is_fragmented: The container is fragmented MP4.
        is_start_lost: The first packets are damaged.
        holes: Byte ranges of MP3 without frames.
        previous: The demuxer of the part that this one continues.
        clock: Monotonic clock, in seconds.
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
        """Yield the frames of the stream in order, and the lost sound between them.

        Raises:
            WorkError: ``decoding_stalled`` after ``most_idle_s`` without a decoded frame.
        """
        progress_at = self.clock()
        for timed in self.packets.read():
            if self.clock() - progress_at > self.most_idle_s:
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
                yield self._report_loss(timed)
                progress_at += self.clock() - paused
                continue
            for frame in frames:
                if not isinstance(frame, AudioFrame):
                    continue
                if frame.sample_rate:
                    self.packets.frame_s = frame.samples / frame.sample_rate
                yield Frame(frame, self._compute_time(frame, timed))
                progress_at = self.clock()

    def _compute_time(self, frame: AudioFrame, timed: TimedPacket) -> float | None:
        """Return the presentation time of a frame.

        It is that of its packet, plus a delay if the decoder drops priming samples.
        """
        packet_ticks, ticks = timed.packet.pts, frame.pts
        if timed.at_s is None or ticks is None or packet_ticks is None:
            return timed.at_s if ticks is not None else None
        if not self._frame_tick_s:
            self._frame_tick_s = float(frame.time_base or 0)
        delay_s = ticks * self._frame_tick_s - packet_ticks * self.packets.tick_s[self.index]
        return timed.at_s + (delay_s if abs(delay_s) <= MAX_DELAY_S else 0.0)

    def _report_loss(self, timed: TimedPacket) -> Frame:
        packet = timed.packet
        is_junk = not packet.size or (
            not self.packets.is_timed and any(mark in bytes(packet)[:JUNK_BYTES] for mark in JUNK)
        )
        duration_s = (packet.duration or 0) * self.packets.tick_s[self.index]
        return Frame(None, timed.at_s, 0.0 if is_junk else duration_s)
