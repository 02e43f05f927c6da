"""The offsets of recordings that are concatenated in one file."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.parts import FileMap, map_bytes
from services.media.stated_size import VOC, W64_DATA, W64_RIFF


def list_edges(found: FileMap) -> list[int]:
    return [part.start for part in found.parts] + [found.parts[-1].end]


def box(kind: bytes, size: int = 8) -> bytes:
    return struct.pack(">I4s", size, kind) + bytes(size - 8)


def wave(size: int, actual: int | None = None) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 1, 1, 16_000, 32_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + form
    return head + b"data" + struct.pack("<I", size) + b"\x01" * (size if actual is None else actual)


def page(kind: int, content: int) -> bytes:
    head = b"OggS\x00" + bytes([kind]) + bytes(20)
    return head + bytes([1, content]) + b"\x07" * content


def test_a_second_index_starts_a_second_mp4_part() -> None:
    one = box(b"ftyp", 16) + box(b"moov", 24) + box(b"moof") + box(b"mdat", 40)
    assert list_edges(map_bytes(one + one)) == [0, len(one), 2 * len(one)]


def test_an_index_at_the_end_belongs_to_the_preceding_part() -> None:
    one = box(b"ftyp", 16) + box(b"mdat", 40) + box(b"moov", 24)
    assert list_edges(map_bytes(one + one)) == [0, len(one), 2 * len(one)]


def test_mp4_without_an_index_is_recognized() -> None:
    found = map_bytes(box(b"ftyp", 16) + box(b"mdat", 4000)[:100])
    assert (found.has_no_index, found.is_cut) == (True, True)


def test_consecutive_first_pages_are_one_part_of_ogg() -> None:
    one = page(2, 30) + page(2, 20) + page(0, 50) + page(4, 10)
    found = map_bytes(one + one)
    assert list_edges(found) == [0, len(one), 2 * len(one)]
    assert not found.is_cut
    assert map_bytes(one[:-1]).is_cut


def test_concatenated_wav_files_are_two_parts() -> None:
    assert list_edges(map_bytes(wave(100) + wave(60))) == [0, 144, 248]


@pytest.mark.parametrize(("size", "is_cut"), [(100, False), (200, True)])
def test_a_wav_file_shorter_than_stated_is_truncated(size: int, *, is_cut: bool) -> None:
    assert map_bytes(wave(size, actual=100)).is_cut == is_cut


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 40])
def test_an_invalid_size_is_ignored(size: int) -> None:
    data = wave(100)
    lying = data[:40] + struct.pack("<I", size) + data[44:]
    (part,) = map_bytes(lying).parts
    assert part.options == {"ignore_length": "1"}


def test_a_matroska_segment_states_its_end() -> None:
    head = b"\x1a\x45\xdf\xa3\x88" + b"\x42\x82\x84webm\x00"[:8]
    segment = b"\x18\x53\x80\x67\x01" + (100).to_bytes(7, "big")
    assert not map_bytes(head + segment + bytes(100)).is_cut
    assert map_bytes(head + segment + bytes(50)).is_cut
    live = b"\x18\x53\x80\x67\x01" + b"\xff" * 7
    assert not map_bytes(head + live + bytes(50)).is_cut


HEADS = [b"\x00\x00\x00\x18ftyp", b"RIFF\x00\x00\x00\x00WAVE", b"RIFF\x00\x00\x00\x00AVI ",
         b"OggS\x00\x02", b"\x1a\x45\xdf\xa3", b"fLaC\x00\x00\x00\x22", b"#!AMR\n",
         bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), b".snd", b".SoX", b"XoS.",
         b"caff\x00\x01\x00\x00", b"caff\x00\x01\x00\x00data", W64_RIFF + bytes(24),
         W64_RIFF + bytes(24) + W64_DATA, VOC + b"\x1a\x00\x14\x01\x1f\x11",
         6 * (b"G" + bytes(187)), b""]  # fmt: skip


@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=300))
def test_the_parts_cover_any_bytes(head: bytes, rest: bytes) -> None:
    data = head + rest or b"\x00"
    found = map_bytes(data)
    assert found.parts
    assert found.parts[0].start == 0
    assert found.parts[-1].end == len(data)
    assert all(part.start < part.end for part in found.parts)
    assert 0 < found.share <= 1
