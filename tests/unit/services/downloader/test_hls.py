"""Media playlists are parsed into their segments."""

import pytest

from services.downloader.hls import (
    Key,
    ProtectedError,
    Segment,
    Source,
    has_ended,
    read_segments,
    sum_durations,
)

URL = "https://a.example/v/list.m3u8?token=1"


def pieces(*lines: str) -> list[Segment]:
    return list(read_segments("\n".join(["#EXTM3U", *lines]), URL))


def test_segments_have_their_url_number_and_start() -> None:
    first, second = pieces(
        "#EXT-X-MEDIA-SEQUENCE:5", "#EXTINF:4.5,", "a.ts", "#EXTINF:6,", "/b.ts?x=1"
    )
    assert (first.source.url, first.number, first.start_s) == ("https://a.example/v/a.ts", 5, 0)
    assert (second.source.url, second.number, second.start_s) == (
        "https://a.example/b.ts?x=1",
        6,
        4.5,
    )


def test_ranges_go_on_where_the_last_one_of_the_same_file_ended() -> None:
    found = pieces(
        "#EXT-X-BYTERANGE:100@50", "a.ts", "#EXT-X-BYTERANGE:10", "a.ts",
        "#EXT-X-BYTERANGE:7", "b.ts", "#EXT-X-BYTERANGE:5", "a.ts", "c.ts",
    )  # fmt: skip
    ranges = [(piece.source.start, piece.source.end) for piece in found]
    assert ranges == [(50, 150), (150, 160), (0, 7), (160, 165), (None, None)]


def test_an_initialization_section_precedes_its_first_segment_with_its_key() -> None:
    found = pieces(
        '#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x01', '#EXT-X-MAP:URI="init",BYTERANGE="20@4"',
        "#EXT-X-KEY:METHOD=NONE", "a.m4s", "b.m4s",
    )  # fmt: skip
    assert [piece.is_init for piece in found] == [True, False, False]
    assert found[0].source == Source("https://a.example/v/init", 4, 24)
    assert found[0].key == Key("https://a.example/v/k", (1).to_bytes(16, "big"))
    assert found[1].key is None


def test_a_section_that_no_piece_needs_is_not_fetched() -> None:
    found = pieces('#EXT-X-MAP:URI="one"', '#EXT-X-MAP:URI="two"', "a.m4s")
    assert [piece.source.url[-3:] for piece in found if piece.is_init] == ["two"]


@pytest.mark.parametrize(
    "tag",
    [
        "METHOD=SAMPLE-AES,URI=k",
        'METHOD=AES-128,URI="skd://x",KEYFORMAT="com.apple.streamingkeydelivery"',
        'METHOD=SAMPLE-AES-CTR,URI="data:x",KEYFORMAT="urn:uuid:edef8ba9"',
        "METHOD=AES-128",
    ],
)
def test_rights_management_is_refused(tag: str) -> None:
    with pytest.raises(ProtectedError):
        pieces(f"#EXT-X-KEY:{tag}", "a.ts")


def test_of_several_keys_for_the_same_pieces_the_plain_one_is_used() -> None:
    plain = '#EXT-X-KEY:METHOD=AES-128,URI="k"'
    other = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="x",KEYFORMAT="com.microsoft.playready"'
    for tags in ((plain, other), (other, plain)):
        (piece,) = pieces(*tags, "a.ts")
        assert piece.key is not None


def test_advertisements_that_are_marked_as_such_are_left_out() -> None:
    found = pieces(
        "a.ts", "#UPLYNK-SEGMENT:x,00,ad", "ad.ts", "#UPLYNK-SEGMENT:x,00,segment", "b.ts",
        "#ANVATO-SEGMENT-INFO: type=ad", "ad.ts", "#ANVATO-SEGMENT-INFO: type=master", "c.ts",
    )  # fmt: skip
    assert [piece.source.url[-4:] for piece in found] == ["a.ts", "b.ts", "c.ts"]
    assert [piece.number for piece in found] == [0, 2, 4]


@pytest.mark.parametrize(
    "line", ["#EXTINF:", "#EXTINF:abc,", "#EXTINF:-1,", "#EXTINF:nan,", "#EXTINF:inf,"]
)
def test_invalid_durations_are_ignored(line: str) -> None:
    (piece,) = pieces(line, "a.ts")
    assert piece.duration_s == 0
    assert sum_durations(f"{line}\na.ts\n") is None


@pytest.mark.parametrize(
    "line",
    ["#EXT-X-BYTERANGE:x@y", "#EXT-X-MEDIA-SEQUENCE:x", "#EXT-X-MAP:", "#EXT-X-KEY:", "#", "#EXT"],
)
def test_broken_tags_do_no_harm(line: str) -> None:
    assert pieces(line, "a.ts")[-1].source.url == "https://a.example/v/a.ts"


def test_durations_are_summed_and_the_end_is_seen() -> None:
    text = "#EXTM3U\n#EXTINF:4.5,\na\n #EXTINF:0.4,title\nb\n"
    assert sum_durations(text) == 4.9
    assert not has_ended(text)
    assert has_ended(f"{text}#EXT-X-ENDLIST")
    assert has_ended(f"#EXT-X-PLAYLIST-TYPE:VOD\n{text}")
