"""A service's files can be saved under their names, whatever these are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename
from werkzeug.http import parse_options_header

from services.kit.http.file_names import MAX_BYTES, attachment


def read(header: str) -> str:
    kind, options = parse_options_header(header)
    assert kind == "attachment"
    return options["filename"]


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("audio.webm", 'attachment; filename="audio.webm"'),
        (
            "Reunião.webm",
            "attachment; filename=\"Reuniao.webm\"; filename*=UTF-8''Reuni%C3%A3o.webm",
        ),
        (
            "日本.srt",
            "attachment; filename=\"download.srt\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.srt",
        ),
    ],
)
def test_names_beyond_ascii_come_with_a_plain_one(name: str, header: str) -> None:
    assert attachment(name) == header


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\a.srt", "C-a.srt"),
        ("a\r\nX-Evil: yes.srt", "a X-Evil- yes.srt"),
        ("CON.srt", "CON_.srt"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("", "download"),
        ("..", "download"),
    ],
)
def test_names_are_safe(name: str, saved: str) -> None:
    assert read(attachment(name)) == saved


def test_a_long_name_keeps_its_suffix() -> None:
    saved = read(attachment("é" * 300 + ".webm"))
    assert saved.endswith("é.webm")
    assert len(saved.encode()) <= MAX_BYTES


@given(st.text(max_size=300))
@example("x." + "y" * 300)
@example("aux" + " ." * 100)
@example("\ud800")
def test_any_name_makes_one_line_of_a_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    saved = read(header)
    assert is_valid_filename(saved, platform="universal")
    assert len(saved.encode()) <= MAX_BYTES
