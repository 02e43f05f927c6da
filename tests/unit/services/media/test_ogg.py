"""The first and last pages of Ogg are parsed without libav."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.ogg import Page, find_last_granule, is_start_lost, read_page

FIRST = bytes.fromhex("4f676753000200000000000000000100000000000000") + bytes(4) + b"\x01\x04abcd"


def test_a_page_is_read() -> None:
    assert read_page(FIRST, 0) == Page(0, len(FIRST), is_first=True, granule=0, serial=1)
    assert read_page(FIRST[:20], 0) is None
    assert read_page(b"x" + FIRST, 0) is None


@pytest.mark.parametrize("granule", [5, 2**40])
def test_the_last_granule_position_is_found(granule: int) -> None:
    last = FIRST[:5] + b"\x04" + granule.to_bytes(8, "little") + FIRST[14:]
    unfinished = FIRST[:5] + b"\x00" + b"\xff" * 8 + FIRST[14:]
    data = FIRST + last + unfinished
    assert find_last_granule(data, 0, len(data)) == granule


@given(st.binary(max_size=400))
def test_any_bytes_can_be_parsed(rest: bytes) -> None:
    data = FIRST + rest
    assert is_start_lost(data, 0, len(data)) in {True, False}
    found = find_last_granule(data, 0, len(data))
    assert found is None or found >= 0 or b"OggS" in rest
