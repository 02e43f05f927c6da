"""Clients read the file name that a Content-Disposition header was built from."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from foundation.content_disposition import attachment


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("audio.webm", 'attachment; filename="audio.webm"'),
        (
            "Reunião de março.pt.srt",
            (
                'attachment; filename="Reuniao de marco.pt.srt"; '
                "filename*=UTF-8''Reuni%C3%A3o%20de%20mar%C3%A7o.pt.srt"
            ),
        ),
        (
            "日本.srt",
            "attachment; filename=\"download.srt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.srt",
        ),
        (
            "日本.ja.srt",
            "attachment; filename=\"download.ja.srt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.ja.srt",
        ),
    ],
)
def test_a_name_beyond_ascii_has_an_ascii_fallback(name: str, header: str) -> None:
    assert attachment(name) == header
    assert parse_options_header(header) == ("attachment", {"filename": name})


@given(st.text(max_size=60))
def test_a_header_contains_only_the_name(name: str) -> None:
    headers = Headers()
    headers["Content-Disposition"] = header = attachment(name.encode("utf-8", "ignore").decode())
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    if "filename*=" in header:
        assert unquote(header.partition("filename*=UTF-8''")[2]).isascii() is name.isascii()
