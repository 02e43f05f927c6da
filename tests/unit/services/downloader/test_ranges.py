"""Range headers of responses are parsed as RFC 9110 defines them."""

import io

import pytest
from yt_dlp.networking import Request, Response

from services.downloader.ranges import Part, Range, fits, read_part, read_range


def response(status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(io.BytesIO(), "http://a/b", named, status=status)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=5-", Range(5)),
        ("bytes=0-9", Range(0, 9)),
        ("bytes=-5", None),
        ("bytes=0-1,4-5", None),
        ("", None),
    ],
)
def test_the_range_of_a_request_is_read(text: str, expected: Range | None) -> None:
    assert read_range(Request("http://a/b", headers={"Range": text} if text else {})) == expected
    if expected:
        assert str(expected) == text


@pytest.mark.parametrize(
    ("answer", "asked", "expected"),
    [
        (response(Content_Length="9"), None, Part(0, 9, 9, None)),
        (response(Content_Length="9", ETag='"x"'), None, Part(0, 9, 9, '"x"')),
        (response(Last_Modified="then"), None, Part(0, None, None, "then")),
        (response(Content_Length="nine"), None, Part(0, None, None, None)),
        (response(Content_Length="9", Content_Encoding="gzip"), None, Part(0, None, None, None)),
        (response(204, Content_Length="9"), None, Part(0, 0, 0, None)),
        (response(206, Content_Range="bytes 3-5/9"), Range(3), Part(3, 6, 9, None)),
        (response(206, Content_Range="bytes 3-5/*"), Range(3), Part(3, 6, None, None)),
        (response(206, Content_Length="3"), Range(3, 5), Part(3, 6, None, None)),
        (response(206, Content_Length="4"), Range(3, 5), Part(0, 4, None, None)),
        (response(206, Content_Length="4"), Range(3), Part(0, 4, None, None)),
        (response(200, Content_Range="bytes 0-4/9"), None, Part(0, 5, 9, None)),
        (response(200, Content_Length="9", Content_Range="odd"), None, Part(0, 9, 9, None)),
    ],
)
def test_the_part_in_a_response_is_parsed(
    answer: Response, asked: Range | None, expected: Part
) -> None:
    assert read_part(answer, asked) == expected


@pytest.mark.parametrize(
    ("part", "asked", "is_right"),
    [
        (Part(3, 6, 9, '"x"'), Range(3), True),
        (Part(3, 6, None, None), Range(3), True),
        (Part(3, 6, 8, '"x"'), Range(3), False),
        (Part(3, 6, 9, '"y"'), Range(3), False),
        (Part(3, 6, 9, '"y"'), Range(3, 5), True),
        (Part(3, 6, 8, '"x"'), Range(3, 5), False),
    ],
)
def test_parts_of_another_version_do_not_fit(part: Part, asked: Range, *, is_right: bool) -> None:
    assert fits(part, Part(0, 3, 9, '"x"'), asked) is is_right
