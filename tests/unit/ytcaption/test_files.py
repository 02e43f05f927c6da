"""Result files are written atomically."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ytcaption.commands.target import Target
from ytcaption.errors import UnexpectedAnswerError, UsageError
from ytcaption.files import check_writable, write_file
from ytcaption.options import Format


def test_a_file_replaces_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "out.srt"
    path.write_text("older and longer")
    write_file(path, [b"new", b"er"])
    assert path.read_text() == "newer"
    assert [one.name for one in tmp_path.iterdir()] == ["out.srt"]


def test_an_interrupted_write_keeps_the_older_file(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise UnexpectedAnswerError("http://api.test", "no checksum")

    path = tmp_path / "out.srt"
    path.write_text("older")
    with pytest.raises(UnexpectedAnswerError):
        write_file(path, chunks())
    assert path.read_text() == "older"
    assert [one.name for one in tmp_path.iterdir()] == ["out.srt"]


def test_a_name_may_have_the_maximum_length(tmp_path: Path) -> None:
    path = tmp_path / ("ã" * 125 + ".srt")
    write_file(path, [b"new"])
    assert path.read_bytes() == b"new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_file(Path("/dev/null"), [b"gone"])
    assert Path("/dev/null").is_char_device()


def test_an_unwritable_path_is_detected_before_the_work(tmp_path: Path) -> None:
    for path, complaint in (
        (tmp_path, "is a directory"),
        (tmp_path / "none" / "out.srt", "No such directory"),
    ):
        with pytest.raises(UsageError, match=complaint):
            check_writable(path)
    with pytest.raises(UsageError, match="Cannot write"):
        write_file(tmp_path / "none" / "out.srt", [])


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        (None, None, Format.TXT),
        ("out.srt", None, Format.SRT),
        ("OUT.VTT", None, Format.VTT),
        ("out.doc", None, Format.TXT),
        ("out.srt", Format.JSON, Format.JSON),
    ],
)
def test_the_extension_selects_the_format(
    tmp_path: Path, name: str | None, form: Format | None, expected: Format
) -> None:
    assert Target.of(tmp_path / name if name else None, form).form is expected
