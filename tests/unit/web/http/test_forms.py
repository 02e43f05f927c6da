"""The form parser: fields are validated before the file is read."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.test import encode_multipart

from web.http.forms import FORM, FormFields, FormParser

BOUNDARY = "xyz"


def nothing(_: FormFields) -> None:
    """Accept any fields."""


def in_memory(*_: Any, **__: Any) -> io.BytesIO:
    """Return a buffer for a file."""
    return io.BytesIO()


def parsed(body: bytes, **options: Any) -> tuple[FormFields, Mapping[str, FileStorage]]:
    parser = FormParser(nothing, stream_factory=in_memory, **options)
    _, fields, files = parser.parse(io.BytesIO(body), FORM, len(body), {"boundary": BOUNDARY})
    return fields, files


def form(**values: Any) -> bytes:
    return encode_multipart(values, BOUNDARY)[1]


def sound(content: bytes = b"RIFF") -> FileStorage:
    return FileStorage(io.BytesIO(content), "übung.wav", "file", "audio/wav")


def test_fields_and_files_are_read() -> None:
    fields, files = parsed(form(language="pt", vocabulary=["a", "ü"], file=sound(b"x" * 200_000)))
    assert fields.getlist("vocabulary") == ["a", "ü"]
    assert (files["file"].filename, files["file"].read()) == ("übung.wav", b"x" * 200_000)


def test_fields_before_a_file_are_validated_before_it_is_read() -> None:
    class RefusedError(Exception):
        pass

    def refuse(fields: FormFields) -> None:
        assert dict(fields) == {"language": "xx"}
        raise RefusedError

    body = io.BytesIO(form(language="xx", file=sound(bytes(1_000_000))))
    parser = FormParser(refuse, stream_factory=in_memory)
    with pytest.raises(RefusedError):
        parser.parse(body, FORM, None, {"boundary": BOUNDARY})
    assert body.tell() < 100_000


@pytest.mark.parametrize("cut_at", [0, 10, 60, 100, -20])
def test_a_truncated_form_is_empty(cut_at: int) -> None:
    fields, files = parsed(form(language="pt", file=sound())[:cut_at])
    assert (dict(fields), dict(files)) == ({}, {})


@pytest.mark.parametrize("boundary", ["", "ünicode"])
def test_a_form_without_a_boundary_is_empty(boundary: str) -> None:
    body = io.BytesIO(form(language="pt"))
    _, fields, _ = FormParser(nothing).parse(body, FORM, None, {"boundary": boundary})
    assert dict(fields) == {}


def test_fields_are_bounded_and_files_are_not() -> None:
    long = "x" * 300_000
    with pytest.raises(RequestEntityTooLarge):
        parsed(form(language=long), max_form_memory_size=100_000)
    _, files = parsed(form(file=sound(long.encode())), max_form_memory_size=100_000)
    assert len(files["file"].read()) == len(long)


def test_parts_are_bounded() -> None:
    with pytest.raises(RequestEntityTooLarge):
        parsed(form(vocabulary=["x"] * 20), max_form_parts=10)


@given(st.dictionaries(st.text("abc", min_size=1), st.text(), max_size=4), st.binary())
def test_the_parser_agrees_with_werkzeug(values: dict[str, str], content: bytes) -> None:
    body = form(**values, file=sound(content))
    fields, files = parsed(body)
    _, expected, expected_files = FormDataParser(stream_factory=in_memory).parse(
        io.BytesIO(body), FORM, len(body), {"boundary": BOUNDARY}
    )
    assert list(fields.items(multi=True)) == list(expected.items(multi=True))
    assert files["file"].read() == expected_files["file"].read()
