"""Holes in MP3, and how much sound they replace."""

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.mp3 import MIN_LOST_S, find_holes, read_header, skip_holes
from services.media.parts import map_bytes

FRAME_S = 1152 / 44_100
MEAN_BYTES = 144 * 64_000 / 44_100
AT = slice(100, 160)
"""Damaged frames."""


def frame(number: int, *, bit_rate: int = 5) -> bytes:
    """Return a frame of 44.1 kHz, padded for a constant bit rate."""
    kbits = {5: 64, 9: 128}[bit_rate]
    mean_bytes = 144_000 * kbits / 44_100
    padding = int((number + 1) * mean_bytes) - int(number * mean_bytes) - int(mean_bytes)
    head = bytes([0xFF, 0xFB, bit_rate << 4 | padding << 1, 0])
    return head + bytes([number % 200 + 1]) * (int(mean_bytes) + padding - 4)


def stated(frames: int, size: int) -> bytes:
    head = frame(0)[:4] + bytes(32) + b"Info" + (3).to_bytes(4, "big")
    return (head + frames.to_bytes(4, "big") + size.to_bytes(4, "big")).ljust(208, b"\0")


def sound(count: int = 300, **options: int) -> list[bytes]:
    return [frame(number, **options) for number in range(count)]


def varied(count: int = 300) -> list[bytes]:
    return [frame(number, bit_rate=5 if number % 3 else 9) for number in range(count)]


def damage(frames: list[bytes], fill: bytes, *, is_inserted: bool = False) -> tuple[bytes, int]:
    """Return a file with a hole, and the size of the hole."""
    before, hole, after = (
        b"".join(part) for part in (frames[: AT.start], frames[AT], frames[AT.stop :])
    )
    length = len(hole)
    filling = (fill * length)[:length]
    return before + filling + (hole if is_inserted else b"") + after, length


NOISE = Random(1).randbytes(20_000)
TEXT = b"<p>No such file.</p>\n"


@pytest.mark.parametrize("fill", [b"\0", NOISE, TEXT], ids=["zeros", "noise", "text"])
@pytest.mark.parametrize("has_count", [True, False])
def test_overwritten_frames_are_lost(fill: bytes, *, has_count: bool) -> None:
    data, length = damage(sound(), fill)
    header = stated(300, 208 + len(data)) if has_count else b""
    ((hole,), is_cut) = find_holes(header + data)
    assert (hole.start, hole.end - hole.start) == (
        len(header) + len(b"".join(sound()[: AT.start])),
        length,
    )
    assert hole.lost_s == pytest.approx(60 * FRAME_S, abs=0.05)
    assert not is_cut


@pytest.mark.parametrize(("fill", "lost_s"), [(b"\0", 60 * FRAME_S), (NOISE, MIN_LOST_S)])
def test_at_a_variable_bit_rate_only_holes_of_zeros_replace_frames(
    fill: bytes, lost_s: float
) -> None:
    data, _ = damage(varied(), fill)
    ((hole,), _) = find_holes(data)
    assert hole.lost_s == pytest.approx(lost_s, abs=0.3)
    ((hole,), _) = find_holes(stated(300, 208 + len(data)) + data)
    assert hole.lost_s == pytest.approx(60 * FRAME_S, abs=0.05)


def test_inserted_data_replaces_no_frames() -> None:
    data, length = damage(sound(), NOISE, is_inserted=True)
    ((hole,), _) = find_holes(stated(300, 208 + len(data) - length) + data)
    assert hole.lost_s == MIN_LOST_S
    ((hole,), _) = find_holes(b"".join([*sound()[:50], TEXT, *sound()[50:]]))
    assert hole.lost_s == MIN_LOST_S


def test_missing_frames_are_distributed_over_the_holes() -> None:
    frames = sound()
    for number in [*range(50, 60), *range(200, 220)]:
        frames[number] = bytes(len(frames[number]))
    data = b"".join(frames)
    holes, _ = find_holes(stated(300, 208 + len(data)) + data)
    assert [hole.lost_s for hole in holes] == pytest.approx([10 * FRAME_S, 20 * FRAME_S])


def test_joined_files_and_tags_are_not_holes() -> None:
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x40" + bytes(64)
    one = tag + b"".join(sound(50)) + b"TAG".ljust(128, b"\0")
    other = b"".join(sound(50, bit_rate=9))
    assert find_holes(one + one + other) == ((), False)


def test_a_file_that_ends_with_zeros_is_truncated() -> None:
    data = b"".join(sound())
    assert find_holes(data + bytes(30_000)) == ((), True)
    assert find_holes(data + bytes(1000)) == ((), False)
    assert find_holes(stated(300, 208 + len(data)) + data + bytes(30_000)) == ((), False)
    assert find_holes(stated(500, 90_000) + data + bytes(30_000)) == ((), True)


@pytest.mark.parametrize(
    ("data", "size", "duration_s"),
    [
        ("fffb5000", 208, FRAME_S),
        ("fffb5200", 209, FRAME_S),
        ("fff38464", 192, 576 / 24_000),
        ("fffd5000", 261, FRAME_S),  # layer 2
        ("fff15000", None, None),  # ADTS
        ("fffbf000", None, None),
    ],
)
def test_a_header_is_read(data: str, size: int | None, duration_s: float | None) -> None:
    header = read_header(bytes.fromhex(data))
    if size is None:
        assert header is None
    else:
        assert header
        assert header.size == size
        assert header.duration_s == pytest.approx(duration_s)


def test_packets_in_a_hole_are_dropped() -> None:
    data, _ = damage(sound(), NOISE)
    holes = map_bytes(data).parts[0].holes
    (hole,) = holes
    places = [0, hole.start, hole.start + 500, hole.end + 100, hole.end + 309]
    packets: list[Any] = [SimpleNamespace(pos=place) for place in places]
    kept = [(packet.pos, lost_s) for packet, lost_s in skip_holes(iter(packets), holes)]
    assert kept == [(0, 0.0), (places[3], hole.lost_s), (places[4], 0.0)]


@given(head=st.sampled_from([b"ID3", frame(0), b"".join(sound(5))]), rest=st.binary(max_size=900))
def test_any_bytes_can_be_parsed(head: bytes, rest: bytes) -> None:
    holes, _ = find_holes(head + rest)
    assert all(0 < hole.start < hole.end <= len(head + rest) for hole in holes)
