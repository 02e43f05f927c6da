"""Reads the packets of one audio stream, each with its place on the time line."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard, Stream

from services.media.clock import Clock, Stamp
from services.media.flac import CHECKED, FrameReader
from services.media.mp3 import Hole, skip_holes
from services.media.opening import names_format
from services.media.succession import AnyPacket, Succession
from services.media.timing import (
    INDEXED_FORMATS,
    JUMPING_FORMATS,
    LIVE_FORMATS,
    PACKETIZED_FORMATS,
    find_start_s,
    has_codec,
    is_timed,
    list_pictures,
)

SOUND, PICTURES = -1, -2
"""How a clock knows the chosen stream, and the first of those with pictures."""
LOOKAHEAD = 512
MOST_ERRORS = 1000
"""Errors one after another; the demuxer gets no further then."""
SAME_S = 0.001
EXACT_S = 0.01
"""Frames of FLAC are numbered, so that any difference is a loss."""


@dataclass(frozen=True)
class Timed:
    """A packet and when it is heard."""

    packet: AnyPacket
    at_s: float | None
    """Seconds since the container's start; None if directly after the packet before."""
    lost_s: float = 0.0
    """How much is missing before it."""


class Demuxer:
    """The packets of one stream, to the end of its container.

    Args:
        container: Opened for this alone.
        index: The stream's index.
        is_fragmented: The container is MP4 in fragments.
        is_start_lost: Its first packets are damaged, so that those that follow are later.
        holes: Where MP3 has no frames.
        previous: Of the part that this one continues: the time line goes on.
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
        formats = names_format(container)
        pictures = list_pictures(container)
        self.is_timed = is_timed(container)
        self.start_s = 0.0
        self._frames = FrameReader() if "flac" in formats else None
        if self.is_timed and not self._frames and not is_start_lost:
            self.start_s = find_start_s(container, is_fragmented=is_fragmented)
        self.end_s = 0.0
        """Where the last packet of any stream ends, since the container's start."""
        self.is_broken = False
        """Reading stopped because of an error."""
        self.frame_s = 0.0
        """How long the last decoded frame was; the caller says so."""
        self._is_packetized = bool(PACKETIZED_FORMATS & formats)
        can_skip = bool(JUMPING_FORMATS & formats) and bool(pictures or not LIVE_FORMATS & formats)
        self.clock = Clock(SOUND, can_skip=can_skip)
        """Maps the timestamps to the time line."""
        if previous:
            self.start_s, self.end_s = previous.start_s, previous.end_s
            self.clock = previous.clock
        if self._frames:
            container.streams[index].codec_context.options = CHECKED
            self.clock = Clock(SOUND, can_skip=False, smallest_jump_s=EXACT_S)
        if self._frames or is_start_lost:
            self.clock.pass_stamp(Stamp(SOUND, 0.0, 0.0, 0.0))
        # A part has other numbers for the streams that go on.
        self._slots = {stream.index: PICTURES - number for number, stream in enumerate(pictures)}
        watched = {index}
        if self.is_timed and not INDEXED_FORMATS & formats:
            watched |= {stream.index for stream in pictures}
        others: set[int] = set()
        if self._is_packetized:
            others = {one.index for one in container.streams.audio if has_codec(one)} - {index}
        watched |= others
        self._wanted: list[Stream] = []
        for stream in container.streams:
            if stream.index in watched:
                self._wanted.append(stream)
            else:
                stream.discard = Discard.all
        # Fractions are slow, and there may be millions of packets.
        self.tick_s = {stream.index: float(stream.time_base or 0) for stream in container.streams}
        self._succession = Succession(index, others, self.tick_s[index])
        self._following_ticks: int | None = None
        self._following_s = 0.0

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """Return where all streams have nothing, in seconds since the container's start."""
        return [(start - self.start_s, end - self.start_s) for start, end in self.clock.gaps]

    @property
    def skipped_s(self) -> float:
        """Return how much of the recording was before the file's start, where it says so."""
        return self._frames.origin * self.tick_s[self._index] if self._frames else 0.0

    @property
    def followed(self) -> set[int]:
        """Return the streams that carried the sound one after another."""
        return self._succession.followed

    def read(self) -> Iterator[Timed]:
        """Yield the packets of the stream in order."""
        packets = self._frames.read(self._demux()) if self._frames else self._demux()
        if not self.is_timed:
            for packet, lost_s in skip_holes(packets, self._holes):
                yield Timed(packet, None, lost_s)
            return
        followed = self._succession.follow(packets)
        stamped = ((packet, self._stamp(packet)) for packet in followed)
        waiting: deque[tuple[AnyPacket, Stamp | None]] = deque()
        while True:
            try:
                packet, stamp = waiting.popleft() if waiting else next(stamped)
            except StopIteration:
                return
            if stamp:
                following = None
                if self.clock.needs_next(stamp):
                    following = self._look_ahead(waiting, stamped)
                self.clock.pass_stamp(stamp, following)
                self.end_s = max(self.end_s, stamp.end + self.clock.shift - self.start_s)
            if packet.stream_index in self.followed:
                yield Timed(packet, self._place(stamp))

    def _place(self, stamp: Stamp | None) -> float | None:
        return None if stamp is None else stamp.shown + self.clock.shift - self.start_s

    def _demux(self) -> Iterator[AnyPacket]:
        errors = 0
        while errors < MOST_ERRORS:
            try:
                for packet in self._container.demux(self._wanted):
                    errors = 0
                    yield packet
            except FFmpegError:
                errors += 1
                continue
            except IndexError:  # PyAV does not know a stream that no table announced
                return
            return
        self.is_broken = True

    def _look_ahead(
        self,
        waiting: deque[tuple[AnyPacket, Stamp | None]],
        stamped: Iterator[tuple[AnyPacket, Stamp | None]],
    ) -> Stamp | None:
        for _, stamp in waiting:
            if stamp and stamp.stream != SOUND:
                return stamp
        for packet, stamp in islice(stamped, LOOKAHEAD):
            waiting.append((packet, stamp))
            if stamp and stamp.stream != SOUND:
                return stamp
        return None

    def _stamp(self, packet: AnyPacket) -> Stamp | None:
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None:
            return None
        index = packet.stream_index
        tick_s = self.tick_s[index]
        slot = SOUND if index in self.followed else self._slots.get(index, index)
        if self._is_packetized and slot == SOUND:
            return self._correct(ticks, packet.duration or 0, tick_s)
        start = ticks * tick_s
        shown = start if packet.pts is None else packet.pts * tick_s
        return Stamp(slot, start, start + (packet.duration or 0) * tick_s, shown)

    def _correct(self, ticks: int, duration: int, tick_s: float) -> Stamp:
        """Return a packet's time as it is where the rate of its stream has changed.

        libav goes on to compute with the first rate where packets have no time of their own.
        """
        claimed_s = duration * tick_s
        frame_s = self.frame_s or claimed_s
        is_computed = ticks == self._following_ticks and abs(frame_s - claimed_s) > SAME_S
        start = self._following_s if is_computed else ticks * tick_s
        self._following_ticks, self._following_s = ticks + duration, start + frame_s
        return Stamp(SOUND, start, start + frame_s, start)
