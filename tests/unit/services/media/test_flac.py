"""The header of a FLAC frame identifies it and states its position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.media.flac import Header, read_header


def check(data: bytes) -> int:
    """Compute the CRC-8 of a header, bit by bit as RFC 9639 defines it."""
    crc = 0
    for bit in "".join(f"{byte:08b}" for byte in data):
        crc = ((crc << 1) & 0xFF) ^ (0x07 if (crc >> 7) ^ int(bit) else 0)
    return crc


def header(codes: int, number: bytes, rest: bytes = b"", *, sync: int = 0xF8) -> bytes:
    data = bytes([0xFF, sync, codes, 0x08]) + number + rest
    return data + bytes([check(data)])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (header(0xC9, b"\x00"), Header(0, 4096, is_sample_number=False)),
        (header(0xA5, "\u00e9".encode()), Header(233, 1024, is_sample_number=False)),
        (header(0x25, "\U0001f600".encode()), Header(0x1F600, 576, is_sample_number=False)),
        (header(0x15, b"\x07"), Header(7, 192, is_sample_number=False)),
        (header(0x65, b"\x05", b"\x0f"), Header(5, 16, is_sample_number=False)),
        (header(0x7C, b"\x05", b"\x12\x33\x2c"), Header(5, 0x1234, is_sample_number=False)),
        (
            header(0xC9, b"\xfe" + b"\x80" * 4 + b"\xbf\xbf", sync=0xF9),
            Header(0xFFF, 4096, is_sample_number=True),
        ),
    ],
)
def test_a_header_is_read(data: bytes, expected: Header) -> None:
    assert read_header(data + bytes(16)) == expected
    damaged = data[:-1] + bytes([data[-1] ^ 1]) + bytes(16)
    assert read_header(damaged) is None


def test_the_position_follows_from_the_frame_number_or_the_sample_number() -> None:
    assert Header(10, 200, is_sample_number=False).first_sample(4096) == 40_960
    assert Header(10, 200, is_sample_number=True).first_sample(4096) == 10


@given(st.binary(max_size=16))
def test_any_bytes_can_be_parsed(data: bytes) -> None:
    found = read_header(b"\xff\xf8" + data)
    assert found is None or found.samples > 0
