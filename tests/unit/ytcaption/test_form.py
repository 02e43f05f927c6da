"""The streamed form with a file."""

from contextlib import closing
from pathlib import Path

import pytest
import requests
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from ytcaption.errors import UsageError
from ytcaption.form import FileForm
from ytcaption.options import Options, to_fields


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    path = tmp_path / 'über "x".wav'
    path.write_bytes(b"RIFF" + bytes(600_000))
    return path


def test_a_server_parses_the_form(sound: Path) -> None:
    form = FileForm(sound, [("language", "pt"), ("vocabulary", "a"), ("vocabulary", "b")])
    environ = EnvironBuilder(
        method="POST", data=b"".join(form), content_type=form.content_type
    ).get_environ()
    _, fields, files = parse_form_data(environ)
    assert fields.getlist("vocabulary") == ["a", "b"]
    assert fields["language"] == "pt"
    with closing(files["file"]) as file:
        assert file.read() == sound.read_bytes()
        assert file.filename == sound.name


def test_the_length_is_known_and_the_form_can_be_sent_again(sound: Path) -> None:
    form = FileForm(sound, [])
    assert len(form) == len(b"".join(form)) == len(b"".join(form))


def test_requests_streams_the_form_with_its_length(sound: Path) -> None:
    form = FileForm(sound, [])
    request = requests.Request("POST", "http://api.test/", data=form).prepare()
    assert request.headers["Content-Length"] == str(len(form))
    assert "Transfer-Encoding" not in request.headers
    assert isinstance(request.body, FileForm), "and not all of it in memory"


def test_the_progress_is_reported(sound: Path) -> None:
    told: list[tuple[int, int]] = []
    list(FileForm(sound, [], lambda sent, total: told.append((sent, total))))
    assert len(told) == 3
    assert told[-1] == (600_004, 600_004)


def test_a_file_that_is_missing_empty_or_a_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for name, complaint in (("empty", "is empty"), ("none", "No such file"), (".", "directory")):
        with pytest.raises(UsageError, match=complaint):
            FileForm(tmp_path / name, [])


def test_a_file_that_shrinks_meanwhile_is_an_error(sound: Path) -> None:
    form = FileForm(sound, [])
    with sound.open("ab") as file:
        file.write(b"more")
    assert len(b"".join(form)) == len(form)
    sound.write_bytes(b"less")
    with pytest.raises(UsageError, match="shorter"):
        list(form)


def test_options_become_form_fields() -> None:
    options = Options(
        language="pt",
        remove_noise=False,
        vocabulary=["a", "b"],
        metadata={"k": "v"},
        channels="separate",
        audio_track=2,
        force=None,
    )
    assert list(to_fields(options)) == [
        ("language", "pt"),
        ("remove_noise", "false"),
        ("vocabulary", "a"),
        ("vocabulary", "b"),
        ("metadata", '{"k": "v"}'),
        ("channels", "separate"),
        ("audio_track", "2"),
    ]
