"""Truncated segments are detected by the sizes of their boxes."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.downloader.truncation import MAX_PADDING_BYTES, Truncation, find_truncation


def box(kind: bytes, length: int) -> bytes:
    return struct.pack(">I4s", length + 8, kind) + b"x" * length


STYP, MOOF, MDAT = box(b"styp", 12), box(b"moof", 92), box(b"mdat", 192)
SEGMENT = STYP + MOOF + MDAT + MOOF + MDAT
SECOND = len(STYP + MOOF + MDAT)


def look(segment: bytes) -> Truncation | None:
    return find_truncation(io.BytesIO(segment))


@pytest.mark.parametrize(
    "segment",
    [
        b"",
        SEGMENT,
        MOOF + b"\0\0\0\0mdat" + b"x" * 50,
        MOOF + b"\0\0\0\1mdat" + struct.pack(">Q", 26) + b"x" * 10,
        (b"G" + bytes(187)) * 9,
        b"\xff\xf1" + bytes(99),
        box(b"ftyp", 12) + box(b"moov", 50) + MDAT[:50],
        MDAT[:50],
    ],
)
def test_a_complete_segment_or_other_content_is_unchanged(segment: bytes) -> None:
    assert look(segment) is None


def test_missing_samples_are_filled_up() -> None:
    assert look(SEGMENT[:-100]) == Truncation(len(SEGMENT) - 100, 100)
    assert look(SEGMENT[:-1]) == Truncation(len(SEGMENT) - 1, 1)
    assert look(SEGMENT[: SECOND + 100 + 8]) == Truncation(SECOND + 108, 192)


@pytest.mark.parametrize("length", [SECOND + 4, SECOND + 50, SECOND + 100, SECOND + 107])
def test_a_fragment_without_samples_is_left_out(length: int) -> None:
    assert look(SEGMENT[:length]) == Truncation(SECOND)


def test_a_size_that_is_no_plausible_one_is_not_believed() -> None:
    huge = struct.pack(">I4s", MAX_PADDING_BYTES + 1000, b"mdat")
    assert look(STYP + MOOF + huge + b"x" * 9) == Truncation(len(STYP))


@given(st.integers(1, len(SEGMENT)))
def test_a_cut_segment_becomes_one_that_is_whole(length: int) -> None:
    cut = look(SEGMENT[:length])
    if cut:
        assert cut.kept_bytes <= length
        assert look(SEGMENT[: cut.kept_bytes] + bytes(cut.padding_bytes)) is None


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(rest: bytes) -> None:
    cut = look(STYP + rest)
    assert cut is None or cut.kept_bytes <= len(STYP + rest)
