"""Request and response schemas."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.domain.access import Caller
from orchestrator.domain.findings import AudioTrack, Findings, JobWarning, Quality, SpokenLanguage
from orchestrator.domain.job import (
    Channels,
    JobOptions,
    JobStatus,
    Priority,
    StageStatus,
    Transcript,
)
from orchestrator.domain.sources import Source
from orchestrator.store.playlists import PlaylistRecord
from orchestrator.use_cases.batches import Item
from tests.support.jobs import NOW, URL, make_job, make_request, make_settings, with_stage
from web.schemas.batches import BatchItem, PlaylistDetail
from web.schemas.job_list import JobList, JobListQuery, JobSummary
from web.schemas.jobs import JobDetail, PipelineAccepted, PipelineRequest, to_rfc3339
from web.schemas.results import TranscriptDocument

CALLER = Caller("192.0.2.7")
SEGMENT = {"text": "Este é", "start": 0.0, "end": 2.5, "duration": 2.5}
SEED_BODY = {
    "youtube_url": URL,
    "language": "auto",
    "language_out": None,
    "remove_noise": True,
    "convert_to_mono": True,
    "apply_highpass_filter": False,
    "set_sample_rate_16k": True,
    "isolate_vocals": False,
}


def options_of(body: dict[str, Any], **settings: Any) -> JobOptions:
    request = PipelineRequest.model_validate({"youtube_url": URL} | body)
    return request.to_request(make_settings(**settings), url=URL, caller=CALLER).options


def fields_at_fault(body: dict[str, Any]) -> list[tuple[str | int, ...]]:
    with pytest.raises(ValidationError) as caught:
        PipelineRequest.model_validate(body)
    return [fault["loc"] for fault in caught.value.errors()]


def shown(model: JobDetail | JobSummary | JobList | PipelineAccepted) -> dict[str, Any]:
    """Return the JSON that a client receives."""
    read: dict[str, Any] = json.loads(model.model_dump_json())
    return read


def detail(transcript: Transcript | None = None, **facts: Any) -> dict[str, Any]:
    return shown(JobDetail.of(make_job(**facts), transcript, None))


def test_the_body_of_the_public_contract_is_accepted_as_it_stands() -> None:
    options = options_of(SEED_BODY)
    assert options == JobOptions()


def test_a_url_alone_is_enough() -> None:
    request = PipelineRequest(youtube_url=f" {URL} ")
    made = request.to_request(make_settings(), url=request.youtube_url, caller=CALLER)
    assert (made.source.url, made.client, made.owner) == (URL, "192.0.2.7", "")
    assert (made.priority, made.force) == (Priority.NORMAL, False)


@pytest.mark.parametrize(
    ("setting", "option", "default"),
    [
        ("default_language", "language", "pt"),
        ("default_remove_noise", "remove_noise", False),
        ("default_convert_mono", "convert_to_mono", False),
        ("default_sample_rate_16k", "set_sample_rate_16k", False),
    ],
)
def test_an_omitted_option_takes_the_operators_default(
    setting: str, option: str, default: Any
) -> None:
    assert getattr(options_of({}, **{setting: default}), option) == default
    assert getattr(options_of({option: None}, **{setting: default}), option) == default


@pytest.mark.parametrize(
    ("setting", "option", "chosen"),
    [
        ("default_language", "language", "en"),
        ("default_remove_noise", "remove_noise", False),
        ("default_convert_mono", "convert_to_mono", False),
        ("default_sample_rate_16k", "set_sample_rate_16k", False),
    ],
)
def test_a_clients_option_overrides_the_operators_default(
    setting: str, option: str, chosen: Any
) -> None:
    default = "pt" if option == "language" else True
    assert getattr(options_of({option: chosen}, **{setting: default}), option) == chosen


@pytest.mark.parametrize("option", ["apply_highpass_filter", "isolate_vocals"])
def test_costly_filters_are_off_by_default(option: str) -> None:
    assert getattr(options_of({}), option) is False
    assert getattr(options_of({option: True}), option) is True


def test_an_unknown_field_is_refused() -> None:
    assert fields_at_fault({"youtube_url": URL, "remove_nose": True}) == [("remove_nose",)]


@pytest.mark.parametrize("body", [{}, {"youtube_url": ""}, {"youtube_url": None}])
def test_a_url_is_required(body: dict[str, Any]) -> None:
    assert fields_at_fault(body) == [("youtube_url",)]


def test_a_url_has_a_maximum_length() -> None:
    assert PipelineRequest(youtube_url="x" * 2048)
    assert fields_at_fault({"youtube_url": "x" * 2049}) == [("youtube_url",)]


@pytest.mark.parametrize("name", ["language", "language_out"])
@pytest.mark.parametrize("code", ["english", "xx", "e", "", "pt-", 3])
def test_an_invalid_language_code_is_rejected(name: str, code: Any) -> None:
    assert fields_at_fault({"youtube_url": URL, name: code}) == [(name,)]


def test_a_language_may_be_in_any_letter_case() -> None:
    options = options_of({"language": " PT ", "language_out": "En"})
    assert (options.language, options.language_out) == ("pt", "en")


@pytest.mark.parametrize(
    ("tag", "code"),
    [("pt-BR", "pt"), ("por", "pt"), ("iw", "he"), ("nb", "no"), ("zh_TW", "zh"), ("yue", "yue")],
)
def test_other_spellings_of_a_language_are_accepted(tag: str, code: str) -> None:
    options = options_of({"language": tag, "language_out": tag.upper()})
    assert (options.language, options.language_out) == (code, code)


def test_the_error_for_an_unknown_language_suggests_codes() -> None:
    with pytest.raises(ValidationError, match=r"'xx' is not a known .* en, es, pt"):
        PipelineRequest.model_validate({"youtube_url": URL, "language": "xx"})


@pytest.mark.parametrize(
    ("given", "chosen"),
    [(2, 2), (2.0, 2), ("2", 2), (" 3 ", 3), ("por", "pt"), ("EN", "en"), (None, None)],
)
def test_an_audio_track_is_a_number_or_a_language(given: Any, chosen: Any) -> None:
    assert options_of({"audio_track": given}).audio_track == chosen


@pytest.mark.parametrize(
    "given", [0, -1, "0", 5000, 1.5, True, "xx", "", [], "9" * 100, "²", {"a": 1}]
)
def test_an_invalid_audio_track_is_rejected(given: Any) -> None:
    assert fields_at_fault({"youtube_url": URL, "audio_track": given})[0][0] == "audio_track"


def test_channels_default_to_auto() -> None:
    assert options_of({}).channels == options_of({"channels": "auto"}).channels == Channels.AUTO
    assert options_of({"channels": "separate"}).channels == Channels.SEPARATE
    assert fields_at_fault({"youtube_url": URL, "channels": "left"}) == [("channels",)]


FINDINGS = Findings(
    (JobWarning("clipped", "Clipped."), JobWarning("low_confidence", "Unsure.", 1.5, 3.0)),
    Quality(60.0, 58.5, None),
    (SpokenLanguage("pt", 58.5),),
    (AudioTrack(1, "por", is_default=True, is_chosen=True),),
)


def test_findings_are_part_of_a_job() -> None:
    job = shown(JobDetail.of(with_stage(make_job(), "normalization", findings=FINDINGS), None, 0))
    assert job["warnings"] == [
        {"code": "clipped", "detail": "Clipped."},
        {"code": "low_confidence", "detail": "Unsure.", "start": 1.5, "end": 3.0},
    ]
    assert job["quality"] == {"speech_s": 60.0, "transcribed_s": 58.5, "mean_confidence": None}
    assert job["languages"] == [{"code": "pt", "seconds": 58.5}]
    assert job["audio_tracks"] == [
        {
            "number": 1,
            "language": "por",
            "title": None,
            "codec": None,
            "channels": None,
            "default": True,
            "chosen": True,
        }
    ]


def test_findings_are_empty_by_default() -> None:
    job = detail()
    assert (job["warnings"], job["languages"], job["audio_tracks"]) == ([], [], [])
    assert (job["quality"], job["error_retryable"]) == (None, None)


def test_a_list_counts_the_warnings_of_a_job() -> None:
    job = with_stage(make_job(), "normalization", findings=FINDINGS)
    assert JobSummary.of(job).warning_count == 2


def test_credentials_in_a_url_are_never_shown() -> None:
    source = Source("http://user:secret@video.test/a.mp3")
    request = replace(make_request(), source=source)
    job = make_job(request=request)
    item = Item(source, job.job_id, job)
    listing = PlaylistRecord(Source("http://user:secret@video.test/list"))
    for view in (JobDetail.of(job, None, 0), JobSummary.of(job), BatchItem.of(item)):
        assert view.youtube_url == "http://video.test/a.mp3"
        assert "secret" not in view.model_dump_json()
    assert PlaylistDetail.of(listing).url == "http://video.test/list"


def test_a_transcript_document_has_the_findings() -> None:
    made = Transcript("Este é", (SEGMENT,), "pt", FINDINGS)
    document = TranscriptDocument.of("a1", made, ()).model_dump(mode="json")
    assert document["languages"] == [{"code": "pt", "seconds": 58.5}]
    assert [one["code"] for one in document["warnings"]] == ["clipped", "low_confidence"]
    assert document["quality"]["speech_s"] == 60.0


def test_only_the_spoken_language_may_be_auto() -> None:
    assert options_of({"language": "AUTO"}).language == "auto"
    assert fields_at_fault({"youtube_url": URL, "language_out": "auto"}) == [("language_out",)]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW, "2025-10-29T10:00:00.123Z"),
        (datetime(2025, 10, 29, 10, tzinfo=UTC), "2025-10-29T10:00:00.000Z"),
        (datetime(2025, 10, 29, 10, 0, 0, 999_999, UTC), "2025-10-29T10:00:00.999Z"),
    ],
)
def test_a_time_is_in_utc_with_milliseconds_and_its_zone(moment: datetime, text: str) -> None:
    assert to_rfc3339(moment) == text


def test_a_new_job_has_every_key_of_the_contract() -> None:
    job = detail()
    assert {
        "job_id",
        "youtube_url",
        "status",
        "overall_progress",
        "created_at",
        "updated_at",
        "completed_at",
        "stages",
        "transcription_text",
        "transcription_segments",
        "transcription_file",
        "audio_file",
        "error_message",
    } <= job.keys()
    assert job["completed_at"] is None
    assert job["transcription_text"] is None
    assert job["transcription_segments"] is None
    assert job["overall_progress"] == 0.0


def test_a_pending_stage_has_every_key() -> None:
    stages = detail()["stages"]
    assert list(stages) == ["download", "normalization", "transcription"]
    for stage in stages.values():
        assert {"status", "job_id", "progress", "started_at", "completed_at"} <= stage.keys()
        assert (stage["status"], stage["job_id"], stage["started_at"]) == ("pending", None, None)


def test_a_stage_shows_the_remote_job_and_its_times() -> None:
    job = with_stage(
        make_job(),
        "download",
        status=StageStatus.COMPLETED,
        job_id="FtnKP8fSSdc_audio",
        progress=100.0,
        started_at=NOW,
        completed_at=NOW,
    )
    stage = shown(JobDetail.of(job, None, None))["stages"]["download"]
    assert (stage["status"], stage["job_id"], stage["progress"]) == (
        "completed",
        "FtnKP8fSSdc_audio",
        100.0,
    )
    assert stage["started_at"] == stage["completed_at"] == "2025-10-29T10:00:00.123Z"


def test_a_completed_job_shows_text_segments_and_files() -> None:
    done = with_stage(
        make_job("transcription", status=JobStatus.COMPLETED, completed_at=NOW),
        "transcription",
        filename="transcription.srt",
    )
    done = with_stage(done, "normalization", filename="audio_normalized.webm")
    job = shown(JobDetail.of(done, Transcript("Este é", (SEGMENT,), "pt"), None))
    assert job["transcription_text"] == "Este é"
    assert job["transcription_segments"] == [SEGMENT]
    assert (job["transcription_file"], job["audio_file"]) == (
        "transcription.srt",
        "audio_normalized.webm",
    )


def test_an_unfinished_job_has_no_files() -> None:
    job = with_stage(make_job("transcription"), "normalization", filename="a.webm")
    assert shown(JobDetail.of(job, None, None))["audio_file"] is None


def test_a_failed_job_shows_stage_reason_and_code() -> None:
    job = detail(
        status=JobStatus.FAILED,
        error_message="This video is private",
        error_code="private_video",
        error_stage="download",
    )
    assert (job["error_message"], job["error_code"], job["error_stage"]) == (
        "This video is private",
        "private_video",
        "download",
    )


def test_a_queued_job_shows_its_position() -> None:
    assert shown(JobDetail.of(make_job(), None, 7))["queue_position"] == 7


def test_a_job_in_a_list_is_a_summary() -> None:
    assert shown(JobSummary.of(make_job(overall_progress=42.0))) == {
        "job_id": "a1b2c3d4e5f60718",
        "youtube_url": URL,
        "title": None,
        "status": "queued",
        "progress": 42.0,
        "warning_count": 0,
        "created_at": "2025-10-29T10:00:00.123Z",
        "updated_at": "2025-10-29T10:00:00.123Z",
    }


def test_a_list_has_fifty_jobs_by_default() -> None:
    query = JobListQuery()
    assert (query.limit, query.status) == (50, None)


@pytest.mark.parametrize("limit", [0, -1, 201, "many"])
def test_the_limit_of_a_list_is_bounded(limit: Any) -> None:
    with pytest.raises(ValidationError):
        JobListQuery(limit=limit)


def test_a_list_can_be_filtered_by_status() -> None:
    assert JobListQuery.model_validate({"status": "failed"}).status is JobStatus.FAILED
    with pytest.raises(ValidationError):
        JobListQuery.model_validate({"status": "broken"})


def test_the_estimate_is_based_on_the_time_spent_in_stages() -> None:
    hour = timedelta(hours=1)
    job = make_job(status=JobStatus.NORMALIZING, overall_progress=50.0, updated_at=NOW + hour)
    job = with_stage(job, "download", started_at=NOW, completed_at=NOW + timedelta(seconds=8))
    job = with_stage(job, "normalization", started_at=NOW + hour - timedelta(seconds=2))
    assert shown(JobDetail.of(job, None, None))["eta_seconds"] == 10.0
