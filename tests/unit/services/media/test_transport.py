"""The offsets at which a transport stream declares new streams."""

from hypothesis import given
from hypothesis import strategies as st

from services.media.parts import map_bytes
from services.media.transport import PACKET, find_cuts, find_packet_layout

AAC, H264, CUES = 0x0F, 0x1B, 0x86
TS = (0, PACKET)


def packet(number: int, payload: bytes, *, starts: bool = True) -> bytes:
    head = bytes([0x47, (0x40 if starts else 0) | number >> 8, number & 0xFF, 0x10])
    return (head + payload).ljust(PACKET, b"\xff")


def program_list(*maps: int) -> bytes:
    """Return a program association table."""
    body = bytes([0, 1, 0xC1, 0, 0])
    body += b"".join(bytes([0, 1, 0xE0 | one >> 8, one & 0xFF]) for one in maps)
    return packet(0, bytes([0, 0, 0xB0, len(body) + 4]) + body)


def program_map(streams: dict[int, int], *, number: int = 4096) -> bytes:
    """Return a program map table, from the PIDs of its streams to their types."""
    body = bytes([0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0])
    for stream, kind in streams.items():
        body += bytes([kind, 0xE0 | stream >> 8, stream & 0xFF, 0xF0, 0])
    return packet(number, bytes([0, 2, 0xB0, len(body) + 4]) + body)


def sound(number: int, count: int = 20) -> bytes:
    return packet(number, b"\x00\x00\x01\xc0") + count * packet(number, b"\x07", starts=False)


def part(streams: dict[int, int]) -> bytes:
    content = b"".join(sound(number) for number in streams)
    return program_list(4096) + program_map(streams) + content


def test_new_streams_cut_the_file_before_the_program_association_table() -> None:
    first, second = part({256: H264, 257: AAC}), part({256: H264, 300: AAC})
    assert find_cuts(first + second + first, TS) == [
        (len(first) + PACKET, len(first)),
        (2 * len(first) + PACKET, 2 * len(first)),
    ]


def test_the_same_streams_declared_again_are_not_a_cut() -> None:
    assert find_cuts(3 * part({257: AAC}), TS) == []


def test_simultaneous_programs_are_not_a_cut() -> None:
    tables = program_list(4096, 4097)
    tables += program_map({257: AAC}) + sound(257) + program_map({300: AAC}, number=4097)
    assert find_cuts(2 * (tables + sound(257) + sound(300)), TS) == []


def test_a_program_that_a_later_table_adds_is_a_cut() -> None:
    first = part({257: AAC})
    second = program_list(4097) + program_map({300: AAC}, number=4097) + sound(300)
    assert find_cuts(first + second, TS) == [(len(first) + PACKET, len(first))]


def test_cues_and_parts_without_audio_are_not_a_cut() -> None:
    film = part({256: H264, 257: AAC})
    assert find_cuts(film + part({256: H264, 257: AAC, 500: CUES}) + film, TS) == []
    assert find_cuts(film + part({258: H264}) + film, TS) == []


def test_a_cut_is_found_after_damage() -> None:
    first, second = bytearray(part({257: AAC})), part({300: AAC})
    first[3 * PACKET : 3 * PACKET + 250] = bytes(250)
    lost = bytes(first[: 10 * PACKET] + first[10 * PACKET + 100 :])
    assert find_cuts(lost + second, TS) == [(len(lost) + PACKET, len(lost))]


def test_packets_with_a_timestamp_before_them_are_read() -> None:
    data = part({257: AAC}) + part({300: AAC})
    timed = b"".join(
        bytes(4) + data[place : place + PACKET] for place in range(0, len(data), PACKET)
    )
    form = find_packet_layout(timed)
    assert form == (4, 192)
    places = [part.start for part in map_bytes(timed).parts]
    assert places == [0, len(timed) // 2]


@given(tables=st.lists(st.binary(max_size=40), max_size=8))
def test_any_table_can_be_parsed(tables: list[bytes]) -> None:
    data = part({257: AAC})
    data += b"".join(packet(4096, b"\x00\x02\xb0" + table[:180]) for table in tables)
    assert map_bytes(data).parts[-1].end == len(data)
