"""File names of downloads are valid on every file system."""

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pathvalidate import is_valid_filename
from werkzeug.http import parse_options_header

from foundation.content_disposition import attachment
from orchestrator.domain.job import Job, JobOptions, Upload, Video
from orchestrator.domain.sources import Source
from tests.support.jobs import make_job, make_request
from web.http.file_names import audio_filename, safe_filename, transcript_filename

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def job(title: str | None = None, *, url: str | None = None, **facts: Any) -> Job:
    options = facts.pop("options", None)
    request = make_request(options=options, upload=facts.pop("upload", None))
    request = replace(request, source=Source(url)) if url else request
    return make_job(request=request, video=Video(title=title), **facts)


def test_a_transcript_has_the_title_the_language_and_the_format() -> None:
    assert transcript_filename(job("Reunião de março"), "pt", "srt") == "Reunião de março.pt.srt"


@pytest.mark.parametrize(
    ("facts", "detected", "expected"),
    [
        ({}, "pt", "Talk.pt.vtt"),
        ({}, None, "Talk.vtt"),
        ({"options": JobOptions(language="pt")}, None, "Talk.pt.vtt"),
        ({"options": JobOptions(language="pt", language_out="en")}, "pt", "Talk.en.vtt"),
        ({"captions_language": "pt-BR"}, "pt", "Talk.pt-BR.vtt"),
        ({"captions_language": "und"}, None, "Talk.vtt"),
        ({}, "../../etc", "Talk.vtt"),
        ({}, 'e"; x', "Talk.vtt"),
        ({}, "zh_TW", "Talk.zh-TW.vtt"),
    ],
)
def test_the_language_is_that_of_the_text(
    facts: dict[str, Any], detected: str | None, expected: str
) -> None:
    assert transcript_filename(job("Talk", **facts), detected, "vtt") == expected


def test_an_upload_without_a_title_has_its_own_name() -> None:
    upload = Upload("entrevista final.v2.mp4", 1, "00")
    assert transcript_filename(job(upload=upload), "pt", "txt") == "entrevista final.v2.pt.txt"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.test/a/Uma%20aula.mp3?token=secret", "Uma aula.en.srt"),
        ("https://user:secret@h.test/aula.mp3", "aula.en.srt"),
        ("https://h.test/watch?v=secret", "a1b2c3d4e5f60718.en.srt"),
        ("https://h.test/..%2f..%2fpasswd.x", "passwd.en.srt"),
        ("https://h.test", "a1b2c3d4e5f60718.en.srt"),
    ],
)
def test_without_a_title_the_name_is_that_of_the_file_or_the_job(url: str, expected: str) -> None:
    assert transcript_filename(job(url=url), "en", "srt") == expected


@pytest.mark.parametrize("title", ["", " ", "...", "///", "\u202e", "\x00", "<>"])
def test_a_title_without_valid_characters_is_ignored(title: str) -> None:
    assert transcript_filename(job(title), "en", "srt") == "a1b2c3d4e5f60718.en.srt"


@pytest.mark.parametrize(
    ("artifact", "expected"),
    [
        ("audio_normalized.webm", "Talk.webm"),
        ("x.opus ", "Talk.opus"),
        ("noext", "Talk"),
        ("a.we/../bm", "Talk"),
        ("a.webm\r\nX: y", "Talk"),
    ],
)
def test_audio_has_the_title_and_its_own_suffix(artifact: str, expected: str) -> None:
    assert audio_filename(job("Talk"), artifact) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("AC/DC: Live 10/03/2026", "AC-DC- Live 10-03-2026.srt"),
        ("../../etc/passwd", "etc-passwd.srt"),
        ("C:\\Windows\\x", "C-Windows-x.srt"),
        ("CON", "CON_.srt"),
        ("nul.txt", "nul_.txt.srt"),
        ("COM1", "COM1_.srt"),
        ('Why? *Because* "so" <b>|', "Why Because so b.srt"),
        ("one\ttwo\r\nX-Evil: yes", "one two X-Evil- yes.srt"),
        ("invoice\u202efdp.exe", "invoice fdp.exe.srt"),
        ("dots and spaces. . ", "dots and spaces.srt"),
        (".hidden", "hidden.srt"),
        ("-rf", "rf.srt"),
        ("half \ud800 a pair", "half a pair.srt"),
        ("日本語の動画", "日本語の動画.srt"),
        (f"{FAMILY} 😀", f"{FAMILY} 😀.srt"),
        ("می\u200cخواهم", "می\u200cخواهم.srt"),
        ("Cafe\u0301", "Café.srt"),
    ],
)
def test_names_are_safe(title: str, expected: str) -> None:
    assert safe_filename(title, suffix=".srt") == expected


@pytest.mark.parametrize("character", ["a", "ã", "日", "😀", FAMILY, "नि"])
def test_a_long_name_is_cut_between_characters(character: str) -> None:
    name = safe_filename(character * 300, suffix=".pt-BR.srt")
    assert len(name.encode()) <= 240
    stem = name.removesuffix(".pt-BR.srt")
    assert len(stem.encode()) > 200
    assert set(stem.split(character)) == {""}


@given(st.text(max_size=400))
@example("CON." + "é" * 300)
@example("aux ." * 60)
@example("\u200d" * 300)
def test_any_title_results_in_a_valid_file_name_and_header(title: str) -> None:
    name = safe_filename(title, suffix=".en.srt")
    assert is_valid_filename(name, platform="universal")
    assert len(name.encode()) <= 240
    assert name.endswith(".en.srt")
    assert name.strip(" ") == name
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in name)
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    assert parse_options_header(header) == ("attachment", {"filename": name})
