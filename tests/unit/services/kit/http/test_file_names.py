"""The files of a service can be saved under any name."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename

from services.kit.http.file_names import MAX_BYTES, safe_name


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
    assert safe_name(name) == saved


def test_a_long_name_keeps_its_suffix() -> None:
    saved = safe_name("é" * 300 + ".webm")
    assert saved.endswith("é.webm")
    assert len(saved.encode()) <= MAX_BYTES


@given(st.text(max_size=300))
@example("x." + "y" * 300)
@example("aux" + " ." * 100)
@example("\ud800")
def test_any_name_is_made_safe(name: str) -> None:
    saved = safe_name(name)
    assert is_valid_filename(saved, platform="universal")
    assert len(saved.encode()) <= MAX_BYTES
