"""Read the packets of one audio stream, each with its presentation time."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Stream

from services.media.flac import CHECKED, FrameReader
from services.media.mp3 import Hole, skip_holes
from services.media.opening import list_format_names
from services.media.stream_succession import AnyPacket, Succession
from services.media.time_line import PacketTimes, TimeLine
from services.media.timing import (
    INDEXED_FORMATS,
    JUMPING_FORMATS,
    LIVE_FORMATS,
    PACKETIZED_FORMATS,
    find_start_s,
    has_codec,
    is_timed,
    list_video_streams,
)

AUDIO, FIRST_VIDEO = -1, -2
"""Stream numbers on a time line: the chosen stream, and the first video stream. They are the same
in all parts of a file; the indexes of the streams may differ."""
LOOKAHEAD = 512
MAX_ERRORS = 1000
"""Consecutive errors after which the demuxer cannot continue."""
SAME_S = 0.001
EXACT_S = 0.01
"""FLAC frames are numbered, so any larger difference is lost data."""


@dataclass(frozen=True)
class TimedPacket:
    """A packet and its presentation time."""

    packet: AnyPacket
    at_s: float | None
    """Seconds since the start of the container; None if it follows the previous packet directly."""
    lost_s: float = 0.0
    """Seconds of sound that are missing before it."""


class Demuxer:
    """Reads the packets of one stream to the end of its container.

    Args:
        container: Not used by anything else.
        index: The stream's index.
        is_fragmented: The container is fragmented MP4.
        is_start_lost: The first packets are damaged, so the time line starts before the rest.
        holes: Byte ranges of MP3 without frames.
        previous: The demuxer of the part that this one continues; its time line is reused.
    """

    def __init__(
        self,
        container: InputContainer,
        index: int,
        *,
        is_fragmented: bool = False,
        is_start_lost: bool = False,
        holes: tuple[Hole, ...] = (),
        previous: "Demuxer | None" = None,
    ) -> None:
        self._container, self._index, self._holes = container, index, holes
        formats = list_format_names(container)
        video_streams = list_video_streams(container)
        self.is_timed = is_timed(container)
        self.start_s = 0.0
        self._frames = FrameReader() if "flac" in formats else None
        if self.is_timed and not self._frames and not is_start_lost:
            self.start_s = find_start_s(container, is_fragmented=is_fragmented)
        self.end_s = 0.0
        """End of the last packet of any stream, in seconds since the start of the container."""
        self.is_broken = False
        """Reading stopped because of repeated errors."""
        self.frame_s = 0.0
        """Duration of the last decoded frame; the caller sets it."""
        self._is_packetized = bool(PACKETIZED_FORMATS & formats)
        can_skip = bool(JUMPING_FORMATS & formats) and bool(
            video_streams or not LIVE_FORMATS & formats
        )
        self.time_line = TimeLine(AUDIO, can_skip=can_skip)
        if previous:
            self.start_s, self.end_s = previous.start_s, previous.end_s
            self.time_line = previous.time_line
        if self._frames:
            container.streams[index].codec_context.options = CHECKED
            self.time_line = TimeLine(AUDIO, can_skip=False, min_jump_s=EXACT_S)
        if self._frames or is_start_lost:
            self.time_line.add(PacketTimes(AUDIO, 0.0, 0.0, 0.0))
        self._numbers = {
            stream.index: FIRST_VIDEO - number for number, stream in enumerate(video_streams)
        }
        others = self._discard_unneeded(formats, {stream.index for stream in video_streams})
        # `Fraction` is slow, and a file may have millions of packets.
        self.tick_s = {stream.index: float(stream.time_base or 0) for stream in container.streams}
        self._succession = Succession(index, others, self.tick_s[index])
        self._following_ticks: int | None = None
        self._following_s = 0.0

    def _discard_unneeded(self, formats: frozenset[str], videos: set[int]) -> set[int]:
        """Discard the streams that are not read; return the other audio streams that are."""
        container, needed = self._container, {self._index}
        if self.is_timed and not INDEXED_FORMATS & formats:
            needed |= videos
        others: set[int] = set()
        if self._is_packetized:
            audio = {one.index for one in container.streams.audio if has_codec(one)}
            others = audio - {self._index}
        self._wanted: list[Stream] = []
        for stream in container.streams:
            if stream.index in needed | others:
                self._wanted.append(stream)
            else:
                stream.discard = Discard.all
        return others

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """Return the spans without packets of any stream, in seconds since the start."""
        return [(start - self.start_s, end - self.start_s) for start, end in self.time_line.gaps]

    @property
    def skipped_s(self) -> float:
        """Return the seconds of the original recording before the start of this file, if known."""
        return self._frames.origin * self.tick_s[self._index] if self._frames else 0.0

    @property
    def followed(self) -> set[int]:
        """Return the streams that carried the audio one after another."""
        return self._succession.followed

    def read(self) -> Iterator[TimedPacket]:
        """Yield the packets of the stream in order."""
        packets = self._frames.read(self._demux()) if self._frames else self._demux()
        if not self.is_timed:
            for packet, lost_s in skip_holes(packets, self._holes):
                yield TimedPacket(packet, None, lost_s)
            return
        followed = self._succession.follow(packets)
        stamped = ((packet, self._read_times(packet)) for packet in followed)
        waiting: deque[tuple[AnyPacket, PacketTimes | None]] = deque()
        while True:
            try:
                packet, times = waiting.popleft() if waiting else next(stamped)
            except StopIteration:
                return
            if times:
                following = None
                if self.time_line.needs_other_stream(times):
                    following = self._look_ahead(waiting, stamped)
                self.time_line.add(times, following)
                self.end_s = max(self.end_s, times.end + self.time_line.offset_s - self.start_s)
            if packet.stream_index in self.followed:
                yield TimedPacket(packet, self._compute_time(times))

    def _compute_time(self, times: PacketTimes | None) -> float | None:
        return None if times is None else times.presented + self.time_line.offset_s - self.start_s

    def _demux(self) -> Iterator[AnyPacket]:
        errors = 0
        while errors < MAX_ERRORS:
            try:
                for packet in self._container.demux(self._wanted):
                    errors = 0
                    yield packet
            except FFmpegError:
                errors += 1
                continue
            except IndexError:  # PyAV fails on a stream that libav added later
                return
            return
        self.is_broken = True

    def _look_ahead(
        self,
        waiting: deque[tuple[AnyPacket, PacketTimes | None]],
        stamped: Iterator[tuple[AnyPacket, PacketTimes | None]],
    ) -> PacketTimes | None:
        for _, times in waiting:
            if times and times.stream != AUDIO:
                return times
        for packet, times in islice(stamped, LOOKAHEAD):
            waiting.append((packet, times))
            if times and times.stream != AUDIO:
                return times
        return None

    def _read_times(self, packet: AnyPacket) -> PacketTimes | None:
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None:
            return None
        index = packet.stream_index
        tick_s = self.tick_s[index]
        number = AUDIO if index in self.followed else self._numbers.get(index, index)
        if self._is_packetized and number == AUDIO:
            return self._correct(ticks, packet.duration or 0, tick_s)
        start = ticks * tick_s
        shown = start if packet.pts is None else packet.pts * tick_s
        return PacketTimes(number, start, start + (packet.duration or 0) * tick_s, shown)

    def _correct(self, ticks: int, duration: int, tick_s: float) -> PacketTimes:
        """Return the timestamps of a packet, corrected after a change of the sample rate.

        For packets without timestamps, libav computes them with the first sample rate.
        """
        claimed_s = duration * tick_s
        frame_s = self.frame_s or claimed_s
        is_computed = ticks == self._following_ticks and abs(frame_s - claimed_s) > SAME_S
        start = self._following_s if is_computed else ticks * tick_s
        self._following_ticks, self._following_s = ticks + duration, start + frame_s
        return PacketTimes(AUDIO, start, start + frame_s, start)
