"""Decodes one audio stream of an open container into frames with their times."""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeAlias

from av import AudioFrame, Packet
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.stream import Discard, Disposition, Stream

from services.kit.work import WorkError
from services.media.clock import Clock, Stamp
from services.media.opening import names_format

TIMED_FORMATS = frozenset(
    {
        "mov", "mp4", "matroska", "webm", "mpegts", "mpeg", "flv", "live_flv", "avi", "asf", "ogg",
        "nut", "mxf", "rm", "wtv", "gxf", "dv", "rtsp", "nsv", "dhav", "kux",
    }
)  # fmt: skip
"""Their timestamps say when a frame is heard. Others only put one frame after another."""
ABSOLUTE_FORMATS = frozenset({"mov", "mp4", "matroska", "webm"})
"""Their time line begins at zero, and their timestamps do not jump with a new clock."""
JUMPING_FORMATS = frozenset({"mpegts", "mpeg", "flv", "live_flv"})
"""Their timestamps may start again, or jump, where recordings were joined."""
INDEXED_FORMATS = frozenset({"mov", "mp4"})
"""libav reads one stream of them without reading the others."""
LOOKAHEAD = 512
AudioPacket: TypeAlias = "Packet[Any]"  # generic in its annotations only
"""Those of pictures are never decoded; only their times are looked at."""
JUNK = (b"ID3", b"TAG", b"APETAGEX", b"Xing", b"Info", b"LAME")
"""What stands among the frames of an MP3 file and is no sound."""
LARGEST_DELAY_S = 5.0


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
        most_idle_s: Seconds without a decoded frame after which decoding is given up.
    """

    container: InputContainer
    index: int
    most_idle_s: float
    end_s: float = 0.0
    """Where the last packet of any stream ends, since the container's start."""
    lost: list[tuple[float, float]] = field(default_factory=list)
    """Gaps in all streams, since the container's start."""

    def __post_init__(self) -> None:
        formats = names_format(self.container)
        self._stream: AudioStream = next(
            stream for stream in self.container.streams.audio if stream.index == self.index
        )
        pictures = [one for one in self.container.streams.video if not is_picture(one)]
        self._is_timed = bool(TIMED_FORMATS & formats) or bool(pictures)
        self._is_indexed = bool(INDEXED_FORMATS & formats)
        is_jumping = bool(JUMPING_FORMATS & formats)
        is_live = bool(formats & {"flv", "live_flv"}) and not pictures
        self._clock = Clock(self.index, can_skip=is_jumping and not is_live)
        self._watched = {self.index, *(one.index for one in pictures)}
        self.start_s = find_start_s(self.container) if self._is_timed else 0.0
        self._seen = time.monotonic()
        # Fractions are slow, and there may be millions of packets.
        self._tick_s = {
            stream.index: float(stream.time_base or 0) for stream in self.container.streams
        }
        self._frame_tick_s = 0.0

    @property
    def is_timed(self) -> bool:
        """Return whether the timestamps are those of a time line."""
        return self._is_timed

    def decode(self) -> Iterator[Frame]:
        """Yield what the stream holds, in order.

        Raises:
            WorkError: ``decoding_stalled`` when nothing more is decoded for too long.
        """
        for packet, shift in self._shift(self._demux()):
            self._watch()
            try:
                frames = packet.decode()
            except FFmpegError:
                yield self._lose(packet, shift)
                continue
            for frame in frames:
                if not isinstance(frame, AudioFrame):
                    continue
                self._seen = time.monotonic()
                yield Frame(frame, self._place(frame, packet, shift))
        self.lost = [(start - self.start_s, end - self.start_s) for start, end in self._clock.gaps]

    def _watch(self) -> None:
        if time.monotonic() - self._seen > self.most_idle_s:
            raise WorkError(
                "decoding_stalled",
                "Decoding the file does not progress. Try again, or convert the file first.",
                retryable=True,
            )

    def _demux(self) -> Iterator[AudioPacket]:
        wanted: list[Stream] = [self._stream]
        if self._is_timed and not self._is_indexed:
            wanted = [one for one in self.container.streams if one.index in self._watched]
        for stream in self.container.streams:
            if stream not in wanted:
                stream.discard = Discard.all
        packets = self.container.demux(wanted)
        while True:
            try:
                packet = next(packets)
            except InvalidDataError:
                self._watch()
                continue
            except (FFmpegError, StopIteration):
                return
            yield packet

    def _shift(self, packets: Iterator[AudioPacket]) -> Iterator[tuple[AudioPacket, float]]:
        """Yield the audio packets with what is to be added to their times."""
        if not self._is_timed:
            yield from ((packet, 0.0) for packet in packets)
            return
        waiting: deque[AudioPacket] = deque()
        while True:
            try:
                packet = waiting.popleft() if waiting else next(packets)
            except StopIteration:
                return
            stamp = self._stamp(packet)
            if stamp:
                following = None
                if self._clock.needs_next(stamp):
                    following = self._look_ahead(waiting, packets)
                self._clock.pass_stamp(stamp, following)
                self.end_s = max(self.end_s, stamp.end + self._clock.shift - self.start_s)
            if packet.stream_index == self.index:
                yield packet, self._clock.shift

    def _look_ahead(
        self, waiting: deque[AudioPacket], packets: Iterator[AudioPacket]
    ) -> Stamp | None:
        for packet in list(waiting):
            stamp = self._stamp(packet)
            if stamp and stamp.stream != self.index:
                return stamp
        for packet in islice(packets, LOOKAHEAD):
            waiting.append(packet)
            stamp = self._stamp(packet)
            if stamp and stamp.stream != self.index:
                return stamp
        return None

    def _stamp(self, packet: AudioPacket) -> Stamp | None:
        # The order of display is not that of the packets; times that only grow are compared.
        ticks = packet.dts if packet.dts is not None else packet.pts
        if ticks is None:
            return None
        index = packet.stream_index
        tick_s = self._tick_s[index]
        start = ticks * tick_s
        return Stamp(index, start, start + (packet.duration or 0) * tick_s)

    def _place(self, frame: AudioFrame, packet: AudioPacket, shift: float) -> float | None:
        ticks = frame.pts
        if not self._is_timed or ticks is None:
            return None
        if not self._frame_tick_s:
            self._frame_tick_s = float(frame.time_base or 0)
        at_s = ticks * self._frame_tick_s
        if packet.pts is not None:
            packet_s = packet.pts * self._tick_s[self.index]
            at_s = packet_s if abs(at_s - packet_s) > LARGEST_DELAY_S else at_s
        return at_s + shift - self.start_s

    def _lose(self, packet: AudioPacket, shift: float) -> Frame:
        is_junk = not packet.size or (
            not self._is_timed and any(word in bytes(packet)[:256] for word in JUNK)
        )
        tick_s = self._tick_s[self.index]
        at_s = None
        if self._is_timed and packet.pts is not None:
            at_s = packet.pts * tick_s + shift - self.start_s
        return Frame(None, at_s, 0.0 if is_junk else (packet.duration or 0) * tick_s)


def is_picture(stream: Stream) -> bool:
    """Return whether a stream is a still picture that belongs to the file, such as a cover."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return bool(stream.disposition & still)


def find_start_s(container: InputContainer) -> float:
    """Return the timestamp at which a container's time line begins, in seconds."""
    streams: list[Stream] = [*container.streams.audio, *container.streams.video]
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in streams
        if stream.start_time is not None and stream.time_base and not is_picture(stream)
    ]
    start_s = min(starts, default=0.0)
    if not ABSOLUTE_FORMATS & names_format(container):
        return start_s
    # A part of a live stream goes on with the time of the whole; a file that claims to be longer
    # than what it holds begins before it.
    claimed_s = (container.duration or 0) / 1e6
    covers_start = claimed_s > start_s + LARGEST_DELAY_S or start_s < LARGEST_DELAY_S
    return min(0.0, start_s) if covers_start else start_s


def has_codec(stream: AudioStream) -> bool:
    """Return whether a stream can be decoded here."""
    codec: CodecContext | None = stream.codec_context
    return codec is not None


def duration_of(stream: Any) -> float | None:
    """Return how long a stream says that it is, in seconds."""
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)
