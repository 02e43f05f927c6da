"""Every form of response that the contract allows is parsed."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from orchestrator.errors import Failure
from orchestrator.microservice.responses import (
    Playlist,
    RemoteStatus,
    parse_captions,
    parse_job,
    parse_json,
    parse_playlist,
    parse_retry_after,
    parse_transcript,
)

_DONE = ("completed", "success", "done", "finished")
_FAILED = ("failed", "error", "cancelled", "canceled", "aborted")
_QUEUED = ("queued", "pending")
_RUNNING = ("downloading", "processing", "loading_model", "transcribing", "translating", "anything")
WORDS = [
    (word, status)
    for words, status in (
        (_DONE, RemoteStatus.COMPLETED),
        (_FAILED, RemoteStatus.FAILED),
        (_QUEUED, RemoteStatus.QUEUED),
        (_RUNNING, RemoteStatus.RUNNING),
    )
    for word in words
]
SEGMENT = {"text": "Este é", "start": 0.0, "end": 2.5, "duration": 2.5}


def job(**facts: Any) -> dict[str, Any]:
    return {"id": "norm_1", "status": "processing"} | facts


@pytest.mark.parametrize(("word", "status"), WORDS)
def test_a_status_is_understood_in_any_letter_case(word: str, status: RemoteStatus) -> None:
    for spelling in (word, word.upper(), word.title(), f" {word} "):
        assert parse_job(job(status=spelling)).status is status


def test_a_status_may_be_called_state() -> None:
    assert parse_job({"id": "norm_1", "state": "SUCCESS"}).status is RemoteStatus.COMPLETED


@pytest.mark.parametrize("name", ["id", "job_id"])
def test_a_job_may_have_either_field_for_its_id(name: str) -> None:
    assert parse_job({name: "norm_1", "status": "queued"}).job_id == "norm_1"


def test_an_id_that_is_a_number_becomes_text() -> None:
    assert parse_job(job(id=17)).job_id == "17"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "completed",
        {},
        {"id": "norm_1"},
        {"status": "queued"},
        {"id": "", "status": "queued"},
        {"id": "norm_1", "status": ""},
        {"id": "norm_1", "status": 3},
    ],
)
def test_a_body_without_id_or_status_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match="the"):
        parse_job(body)


@pytest.mark.parametrize(
    ("told", "understood"),
    [
        (0, 0.0),
        (0.25, 25.0),
        (1.0, 100.0),
        (1, 100.0),
        (1.5, 1.5),
        (45, 45.0),
        ("45.5", 45.5),
        ("0.5", 50.0),
        (100, 100.0),
        (250, 100.0),
        (-3, 0.0),
        (float("inf"), 100.0),
        (None, None),
        ("about half", None),
        ("45%", None),
        ("", None),
        (True, None),
        (float("nan"), None),
        ("nan", None),
        ([50], None),
        ({"percent": 50}, None),
    ],
)
def test_the_progress_of_a_running_job(told: Any, understood: float | None) -> None:
    assert parse_job(job(progress=told)).progress == understood


def test_a_progress_too_large_for_a_float_is_unknown() -> None:
    assert parse_job(job(progress=10**400)).progress is None


def test_a_progress_may_be_absent() -> None:
    assert parse_job(job()).progress is None


def test_the_progress_of_a_completed_job_is_no_fraction() -> None:
    assert parse_job(job(status="completed", progress=1.0)).progress == 1.0


@pytest.mark.parametrize("name", ["error", "error_message"])
def test_the_reason_of_a_failure_is_in_either_field(name: str) -> None:
    failure = parse_job(job(status="failed", **{name: "No audio"})).failure
    assert failure == Failure("No audio", "remote_failure", retryable=False)


def test_a_failure_without_a_reason_names_the_service_s_status() -> None:
    failure = parse_job(job(status="ABORTED")).failure
    assert failure is not None
    assert failure.reason == "the job is aborted"


def test_a_failure_has_a_code_and_a_class() -> None:
    body = job(status="failed", error="Try later", error_code="rate_limited", retryable=True)
    assert parse_job(body).failure == Failure("Try later", "rate_limited", retryable=True)


@pytest.mark.parametrize("told", [None, False, "true", 1])
def test_only_a_plain_true_makes_a_failure_retryable(told: Any) -> None:
    failure = parse_job(job(status="failed", retryable=told)).failure
    assert failure is not None
    assert failure.retryable is False


def test_a_job_that_has_not_failed_has_no_failure() -> None:
    assert parse_job(job(status="completed", error="an old warning")).failure is None


@pytest.mark.parametrize(
    ("told", "understood"), [("a.webm", "a.webm"), ("", None), (None, None), (7, None)]
)
def test_a_filename_is_text_or_unknown(told: Any, understood: str | None) -> None:
    assert parse_job(job(filename=told)).filename == understood


def test_a_transcript_has_text_segments_and_language() -> None:
    body = {"full_text": "Este é", "segments": [SEGMENT], "detected_language": "pt"}
    transcript = parse_transcript(body)
    assert (transcript.text, transcript.segments, transcript.language) == (
        "Este é",
        (SEGMENT,),
        "pt",
    )


def test_a_missing_text_is_joined_from_the_segments() -> None:
    body = {"segments": [SEGMENT, SEGMENT | {"text": "o fim"}]}
    assert parse_transcript(body).text == "Este é o fim"


def test_a_transcript_may_be_empty() -> None:
    assert parse_transcript({"full_text": "", "segments": []}).segments == ()


def test_a_segment_without_text_is_empty_and_a_duration_that_is_no_number_is_computed() -> None:
    segment = {"text": None, "start": 1.0, "end": 1.5, "duration": "half"}
    read = parse_transcript({"full_text": "", "segments": [segment]}).segments[0]
    assert (read["text"], read["duration"]) == ("", 0.5)


def test_a_duration_that_is_missing_is_computed() -> None:
    segment = {"text": "a", "start": 0.1, "end": 0.4}
    assert parse_transcript({"segments": [segment]}).segments[0]["duration"] == 0.3


def test_words_are_kept() -> None:
    words = [{"word": "Este", "start": 0.0, "end": 1.0, "confidence": 0.9}]
    segments = parse_transcript({"segments": [SEGMENT | {"words": words}, SEGMENT]}).segments
    assert segments[0]["words"] == words
    assert "words" not in segments[1]


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"full_text": "a"},
        {"segments": "none"},
        {"segments": [{"start": 0, "end": 1}]},
        {"segments": [{"text": "a", "end": 1}]},
        {"segments": [{"text": "a", "start": "soon", "end": 1}]},
        {"segments": [{"text": "a", "start": None, "end": 1}]},
        {"segments": [{"text": "a", "start": 10**400, "end": 1}]},
        {"segments": [{"text": "a", "start": float("nan"), "end": 1}]},
        {"segments": [{"text": "a", "start": 0, "end": float("inf")}]},
        {"segments": ["a"]},
    ],
)
def test_a_transcript_without_timed_segments_is_refused(body: Any) -> None:
    with pytest.raises(ValueError, match="segment"):
        parse_transcript(body)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("2.5", 2.5),
        ("-4", 0.0),
        ("86400", 3600.0),
        ("inf", 3600.0),
        ("nan", 5.0),
        ("soon", 5.0),
        ("", 5.0),
        (None, 5.0),
    ],
)
def test_retry_after_in_seconds_is_bounded_and_has_a_default(
    header: str | None, seconds: float
) -> None:
    assert parse_retry_after(header, default_s=5.0) == seconds


@pytest.mark.parametrize(
    "form",
    ["%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S -0000", "%a %b %d %H:%M:%S %Y"],
    ids=["IMF-fixdate", "zone unknown", "asctime"],
)
def test_retry_after_may_be_a_date_in_every_form_of_http(form: str) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=60)
    assert parse_retry_after(moment.strftime(form), default_s=5.0) == pytest.approx(60, abs=2)


@pytest.mark.parametrize("wrong_by_s", [-3600, 12, 3600])
def test_a_date_is_relative_to_the_date_of_the_response_and_not_to_this_host_s(
    wrong_by_s: float,
) -> None:
    sent = datetime.now(UTC) + timedelta(seconds=wrong_by_s)
    date = format_datetime(sent + timedelta(seconds=60), usegmt=True)
    wait_s = parse_retry_after(date, sent=format_datetime(sent, usegmt=True), default_s=5.0)
    assert wait_s == 60.0


def test_retry_after_in_the_past_is_zero() -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert parse_retry_after(past, default_s=5.0) == 0.0


@pytest.mark.parametrize(
    ("told", "tag"),
    [
        ({"language": "pt-BR"}, "pt-BR"),
        ({"language": "x" * 99}, "und"),
        ({}, "und"),
        ("pt-BR", None),
        (None, None),
    ],
)
def test_a_download_may_have_found_captions(told: Any, tag: str | None) -> None:
    assert parse_job(job(details={"captions": told})).captions_language == tag


def test_a_download_may_report_why_it_took_no_captions() -> None:
    assert parse_job(job(details={"captions_error": "429"})).captions_error == "429"
    assert parse_job(job()).captions_error is None


@pytest.mark.parametrize(("tag", "code"), [("pt-BR", "pt"), ("EN", "en"), ("und", None)])
def test_the_language_of_captions_is_that_of_their_tag(tag: str, code: str | None) -> None:
    transcript = parse_captions({"language": tag, "segments": [SEGMENT]})
    assert (transcript.language, transcript.text) == (code, "Este é")


@pytest.mark.parametrize("body", [{}, [], {"language": "pt", "segments": []}])
def test_captions_without_segments_are_refused(body: Any) -> None:
    with pytest.raises(ValueError, match=r"segments|empty"):
        parse_captions(body)


def test_a_playlist_is_a_list_of_urls() -> None:
    entries: list[Any] = [{"url": "a"}, {"url": None}, {"url": ""}, 7, {"url": "b", "title": "B"}]
    body = {"title": "Talks", "entries": entries, "truncated": True}
    assert parse_playlist(body) == Playlist("Talks", ("a", "b"), is_truncated=True)
    assert parse_playlist({"entries": []}) == Playlist(None, (), is_truncated=False)


@pytest.mark.parametrize("body", [None, [], {}, {"entries": "a"}])
def test_a_body_without_entries_is_no_playlist(body: Any) -> None:
    with pytest.raises(ValueError, match="entries"):
        parse_playlist(body)


def test_speakers_are_kept() -> None:
    segments = parse_transcript(
        {"segments": [SEGMENT | {"speaker": "speaker 2"}, SEGMENT]}
    ).segments
    assert [segment.get("speaker") for segment in segments] == ["speaker 2", None]
    (odd,) = parse_transcript({"segments": [SEGMENT | {"speaker": {"id": 2}}]}).segments
    assert "speaker" not in odd


@pytest.mark.parametrize(
    ("data", "title"),
    [
        (rb'{"title": "cut \ud83d"}', "cut ?"),
        (rb'{"title": "\uDE00 the wrong half"}', "? the wrong half"),
        (rb'{"title": "whole \ud83d\ude00"}', "whole \U0001f600"),
        ('{"title": "whole \U0001f600"}'.encode(), "whole \U0001f600"),
        ('{"title": "ação"}'.encode("utf-16"), "ação"),
    ],
)
def test_half_of_a_surrogate_pair_is_replaced(data: bytes, title: str) -> None:
    assert parse_json(data) == {"title": title}
