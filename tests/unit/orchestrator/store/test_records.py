"""Jobs and requests survive encoding as Redis hashes."""

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.findings import Findings, Quality
from orchestrator.domain.job import (
    Channels,
    JobOptions,
    JobStatus,
    Priority,
    StageRecord,
    StageStatus,
    WakeUp,
    instant,
    milliseconds,
)
from orchestrator.store.records import (
    decode_calls,
    decode_hash,
    decode_job,
    decode_job_cached,
    encode_request,
)
from tests.support.jobs import NOW, make_request

REQUEST = make_request(
    options=JobOptions(
        language="pt",
        language_out="en",
        remove_noise=False,
        isolate_vocals=True,
        channels=Channels.SEPARATE,
        audio_track="pt",
    ),
    priority=Priority.HIGH,
    client="192.0.2.7",
    owner="ann",
    force=True,
)
AT = str(milliseconds(NOW))


def record(**fields: str) -> dict[str, str]:
    own = {"status": "queued", "stage": "download", "created_at": AT, "updated_at": AT}
    return encode_request(REQUEST) | own | fields


def decode(**fields: Any) -> Any:
    return decode_job("a1b2c3d4e5f60718", record(**fields))


def test_a_request_survives_the_store() -> None:
    assert decode().request == REQUEST


def test_a_plain_request_survives_the_store() -> None:
    own = {"status": "queued", "stage": "download", "created_at": AT, "updated_at": AT}
    fields = encode_request(make_request())
    assert decode_job("a1", fields | own).request == make_request()
    assert not fields.keys() & {"owner", "force", "metadata"}, "what says nothing is not stored"


def test_everything_in_a_stored_request_is_text() -> None:
    assert all(isinstance(value, str) for value in encode_request(REQUEST).values())


def test_options_of_another_release_do_no_harm() -> None:
    defaults = [getattr(JobOptions(), field.name) for field in fields(JobOptions)]
    newer = ["pt", *defaults[1:], "what a later release has added"]
    assert decode(options=json.dumps(newer[:1])).request.options == JobOptions(language="pt")
    assert decode(options=json.dumps(newer)).request.options.language == "pt"


def test_a_new_job_has_three_pending_stages_and_no_end() -> None:
    job = decode()
    assert list(job.stages) == ["download", "normalization", "transcription"]
    assert set(job.stages.values()) == {StageRecord()}
    assert (job.status, job.completed_at, job.overall_progress) == (JobStatus.QUEUED, None, 0.0)


def test_a_stage_is_read_from_the_fields_that_begin_with_its_name() -> None:
    fields = {
        "normalization.status": "processing",
        "normalization.job_id": "norm_1",
        "normalization.instance": "http://127.0.0.1:9",
        "normalization.progress": "42.5",
        "normalization.attempt": "2",
        "normalization.failures": "1",
        "normalization.parks": "3",
        "normalization.filename": "a.webm",
        "normalization.work": "digest",
        "normalization.submitted_at": AT,
        "normalization.started_at": AT,
        "normalization.completed_at": AT,
    }
    job = decode(stage="normalization", **fields)
    assert job.current == StageRecord(
        status=StageStatus.PROCESSING,
        job_id="norm_1",
        instance="http://127.0.0.1:9",
        progress=42.5,
        attempt=2,
        failures=1,
        parks=3,
        filename="a.webm",
        work="digest",
        submitted_at=NOW,
        started_at=NOW,
        completed_at=NOW,
    )
    assert job.stages["download"] == StageRecord()


def test_findings_are_read_with_their_stages() -> None:
    job = decode(
        **{
            "normalization.warnings": '[["clipped","Clipped."]]',
            "normalization.audio_tracks": '[[1,null,null,"opus",2,1,1]]',
            "transcription.quality": "[2.5,2.0,0.9]",
            "transcription.languages": '[["pt",2.0]]',
            "error_retryable": "1",
        }
    )
    found = job.findings
    assert [warning.code for warning in found.warnings] == ["clipped"]
    assert found.quality == Quality(2.5, 2.0, 0.9)
    assert [language.code for language in found.languages] == ["pt"]
    assert (found.audio_tracks[0].codec, found.audio_tracks[0].is_chosen) == ("opus", True)
    assert job.error_retryable is True


def test_a_job_of_an_earlier_release_has_no_findings() -> None:
    before = [getattr(JobOptions(), field.name) for field in fields(JobOptions)][:10]
    job = decode(status="completed", completed_at=AT, options=json.dumps(before))
    assert (job.findings, job.error_retryable) == (Findings(), None)
    assert (job.request.options.channels, job.request.options.audio_track) == ("auto", None)


def test_the_end_of_a_job_and_its_reason_are_read() -> None:
    job = decode(
        status="failed",
        completed_at=AT,
        overall_progress="12.5",
        error_message="No audio",
        error_code="not_audio",
        error_stage="normalization",
    )
    assert (job.status, job.completed_at, job.overall_progress) == (JobStatus.FAILED, NOW, 12.5)
    assert (job.error_message, job.error_code, job.error_stage) == (
        "No audio",
        "not_audio",
        "normalization",
    )


def test_limits_and_clocks_are_read_in_seconds_and_instants() -> None:
    job = decode(
        **{
            "limit.job_ms": "3600000",
            "limit.stage_ms": "1800500",
            "deadline.job": AT,
            "deadline.stage": AT,
            "paused_at": AT,
            "waited_ms": "1500",
        }
    )
    assert (job.job_limit_s, job.stage_limit_s, job.waited_s) == (3600.0, 1800.5, 1.5)
    assert (job.deadline_job, job.deadline_stage, job.paused_at) == (NOW, NOW, NOW)


@pytest.mark.parametrize("offset_ms", [0, 1, 123, 999])
def test_an_instant_survives_the_store_to_the_millisecond(offset_ms: int) -> None:
    moment = datetime(2025, 10, 29, 10, tzinfo=UTC) + timedelta(milliseconds=offset_ms)
    assert instant(str(milliseconds(moment))) == moment


def test_a_job_is_decoded_again_only_after_its_hash_has_changed() -> None:
    job = decode_job_cached("a1", record())
    assert decode_job_cached("a1", record()) is job
    assert decode_job_cached("b2", record()).job_id == "b2"
    assert decode_job_cached("a1", record(overall_progress="7")).overall_progress == 7


def test_a_hash_is_decoded_from_a_list_or_a_map() -> None:
    assert decode_hash(["status", "queued", "stage", "download"]) == decode_hash(
        {"status": "queued", "stage": "download"}
    )


def test_calls_are_decoded_from_a_command_s_answer() -> None:
    assert decode_calls([["a1", "download", 7], ["b2", "normalization", 8]]) == (
        WakeUp("a1", "download", 7),
        WakeUp("b2", "normalization", 8),
    )


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_an_answer_without_calls_is_empty(nothing: Any) -> None:
    assert decode_calls(nothing) == ()


@pytest.mark.parametrize(
    ("status", "is_terminal"),
    [
        (status, status in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED})
        for status in JobStatus
    ],
)
def test_only_three_statuses_are_final(status: JobStatus, *, is_terminal: bool) -> None:
    assert status.is_terminal is is_terminal
