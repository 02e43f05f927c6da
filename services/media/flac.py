"""Find the frames of damaged FLAC by their headers, which state their position (RFC 9639, 9.1).

libav returns the data around damage as one packet without timestamps. This module extracts the
intact frames from it; the decoder then verifies their checksums.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from av import Packet

from services.media.stream_succession import AnyPacket

CHECKED = {"err_detect": "crccheck+explode"}
"""Options that make the decoder reject a damaged frame instead of returning noise."""
_SYNCS = (b"\xff\xf8", b"\xff\xf9")
_CRC_8 = 0x07
_MAX_HEADER_BYTES = 16
_BLOCK_8_BITS, _BLOCK_16_BITS = 6, 7
_RATE_BYTES = {12: 1, 13: 2, 14: 2}


@dataclass(frozen=True)
class Header:
    """A frame header."""

    number: int
    """Number of the frame, or of its first sample if the block size is variable."""
    samples: int
    is_sample_number: bool

    def first_sample(self, frame_samples: int) -> int:
        """Return the number of the first sample.

        Args:
            frame_samples: Length of every frame except the last.
        """
        return self.number if self.is_sample_number else self.number * frame_samples


class FrameReader:
    """Assigns timestamps to FLAC packets and splits packets without timestamps into frames.

    An excerpt of a longer file keeps its frame numbers, so its time line starts at its first
    frame, unless that is damaged.
    """

    def __init__(self) -> None:
        self.origin = 0
        """The number of the first sample."""
        self._end = self._frame_samples = 0

    def read(self, packets: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
        """Yield the packets in order, with timestamps that start at zero."""
        is_first = True
        for packet, following in _pair(packets):
            if is_first:
                self.origin, is_first = _find_origin(packet), False
            if packet.pts is not None:
                self._frame_samples = max(self._frame_samples, packet.duration or 0)
                yield self._set_time(packet, packet.pts)
            elif packet.size:
                for at, frame in _split(packet, self._frame_samples):
                    if self._end <= at and (following is None or at < following):
                        yield self._set_time(frame, at)
            else:
                yield packet

    def _set_time(self, packet: AnyPacket, at: int) -> AnyPacket:
        self._end = at + (packet.duration or 0)
        packet.pts = packet.dts = at - self.origin
        return packet


def _find_origin(first: AnyPacket) -> int:
    """Return the position of the first frame in samples, 0 if it is damaged.

    libav assigns the timestamp of the next packet to a damaged first one; remove it.
    """
    header = read_header(bytes(first)[:_MAX_HEADER_BYTES])
    origin = header.first_sample(header.samples) if header else 0
    if origin != first.pts:
        first.pts = first.dts = None
    return origin


def _pair(packets: Iterator[AnyPacket]) -> Iterator[tuple[AnyPacket, int | None]]:
    """Yield each packet with the next timestamp, its own included."""
    held: list[AnyPacket] = []
    for packet in packets:
        held.append(packet)
        if packet.pts is not None:
            yield from ((one, packet.pts) for one in held)
            held = []
    yield from ((one, None) for one in held)


def _split(packet: AnyPacket, frame_samples: int) -> Iterator[tuple[int, AnyPacket]]:
    """Yield possible frames, each with the number of its first sample."""
    data = bytes(packet)
    found = list(_find_headers(data))
    ends = [*(offset for offset, _ in found[1:]), len(data)]
    for (start, header), end in zip(found, ends, strict=False):  # there may be none
        frame: AnyPacket = Packet(data[start:end])
        frame.stream = packet.stream
        frame.time_base = packet.time_base
        frame.duration = header.samples
        yield header.first_sample(frame_samples or header.samples), frame


def _find_headers(data: bytes) -> Iterator[tuple[int, Header]]:
    offset = data.find(b"\xff")
    while offset >= 0:
        if header := read_header(data[offset : offset + _MAX_HEADER_BYTES]):
            yield offset, header
        offset = data.find(b"\xff", offset + 1)


def read_header(data: bytes) -> Header | None:
    """Parse the header at the start of some bytes; return ``None`` if there is none.

    Args:
        data: At least 16 bytes, or fewer at the end of the file.
    """
    if data[:2] not in _SYNCS or len(data) < 6 or data[3] & 1:  # noqa: PLR2004 - minimum size
        return None
    number_bytes = max(1, 8 - (data[4] ^ 0xFF).bit_length())
    number = data[4] & (0x7F >> (number_bytes if number_bytes > 1 else 0))
    offset = 4 + number_bytes
    for byte in data[5:offset]:
        number = number << 6 | byte & 0x3F
    block_code = data[2] >> 4
    block_bytes = {_BLOCK_8_BITS: 1, _BLOCK_16_BITS: 2}.get(block_code, 0)
    samples = _count_samples(block_code, data[offset : offset + block_bytes])
    offset += block_bytes + _RATE_BYTES.get(data[2] & 15, 0)
    if not samples or offset >= len(data) or _check(data[:offset]) != data[offset]:
        return None
    return Header(number, samples, is_sample_number=data[:2] == _SYNCS[1])


def _count_samples(code: int, stored: bytes) -> int:
    if stored:
        return int.from_bytes(stored, "big") + 1
    if code == 1:
        return 192
    if 2 <= code <= 5:  # noqa: PLR2004 - codes of the format
        return 576 << code - 2
    return 256 << code - 8 if code >= 8 else 0  # noqa: PLR2004


def _check(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ _CRC_8) & 0xFF if crc & 0x80 else crc << 1
    return crc
