"""The changes of a job, one by one."""

import pytest

from orchestrator.domain.findings import NOTHING, Findings, JobWarning, Quality, SpokenLanguage
from orchestrator.domain.job import JobStatus, Transcript
from orchestrator.domain.pipeline import STAGES, Stage
from orchestrator.domain.transitions import (
    Due,
    End,
    Enter,
    Event,
    Shared,
    Stay,
    Wake,
    attached,
    awaiting_model,
    captioned,
    completed,
    failed,
    handed_back,
    overall_progress,
    parked,
    progressed,
    sent_back,
    started_over,
    submitted,
    without_captions,
)
from orchestrator.errors import (
    Failure,
    RemoteJobFailedError,
    RemoteJobLostError,
    ServiceRejectedError,
    ServiceUnavailableError,
    SharedWorkError,
    SourceGoneError,
    StageError,
)
from tests.support.jobs import make_job, with_stage

DOWNLOAD, NORMALIZATION, TRANSCRIPTION = STAGES
ADDRESS = "http://127.0.0.1:9"
REJECTED = ServiceRejectedError("normalizer", "not audio", 422, "not_audio")
LOST = RemoteJobLostError("normalizer", "norm_1")


def test_the_overall_progress_is_weighted_by_the_durations_of_stages() -> None:
    job = with_stage(make_job("normalization"), "download", progress=100.0)
    expected = 100 * DOWNLOAD.weight + 50 * NORMALIZATION.weight
    assert overall_progress(job, NORMALIZATION, 50.0) == pytest.approx(expected, abs=0.05)


def test_the_overall_progress_never_decreases() -> None:
    assert overall_progress(make_job(overall_progress=42.0), DOWNLOAD, 10.0) == 42.0


def test_the_overall_progress_ends_at_a_hundred() -> None:
    job = make_job("transcription")
    for stage in STAGES:
        job = with_stage(job, stage.name, progress=100.0)
    assert overall_progress(job, TRANSCRIPTION, 100.0) == 100.0


def test_a_submission_keeps_the_lease_and_saves_the_remote_job() -> None:
    job = with_stage(make_job(), "download", parks=2, attempt=3)
    change = submitted(job, DOWNLOAD, remote_id="x_audio", instance=ADDRESS)
    assert change.move == Stay()
    assert change.values == {
        "download.job_id": "x_audio",
        "download.instance": ADDRESS,
    }
    assert change.cleared == ("download.parks",)
    assert change.stamps == ("download.submitted_at",)
    assert change.event == Event("submitted", "download", 3, "x_audio")


@pytest.mark.parametrize("is_queued", [True, False])
def test_a_submission_shares_its_remote_job_and_runs_the_deadlines_unless_it_is_queued(
    *, is_queued: bool
) -> None:
    change = submitted(
        make_job(), DOWNLOAD, remote_id="x_audio", instance=ADDRESS, is_queued=is_queued
    )
    assert change.shared == Shared("work of download", "x_audio", ADDRESS)
    assert change.clocks_paused is is_queued


def test_a_submission_without_a_work_key_shares_nothing() -> None:
    job = with_stage(make_job(), "download", work=None)
    assert submitted(job, DOWNLOAD, remote_id="x_audio", instance=ADDRESS).shared is None


def test_an_attached_job_saves_the_same_but_does_not_share_it_again() -> None:
    change = attached(make_job(), DOWNLOAD, remote_id="x_audio", instance=ADDRESS)
    own = submitted(make_job(), DOWNLOAD, remote_id="x_audio", instance=ADDRESS)
    assert (change.values, change.stamps) == (own.values, own.stamps)
    assert change.shared is None
    assert change.event == Event("attached", "download", 1, "x_audio")


@pytest.mark.parametrize("is_queued", [True, False])
def test_deadlines_pause_while_the_service_queues_the_job(*, is_queued: bool) -> None:
    change = progressed(make_job(), DOWNLOAD, 40.0, is_queued=is_queued)
    assert change.values == {"download.progress": 40.0, "overall_progress": 6.0}
    assert (change.move, change.clocks_paused) == (Stay(), is_queued)


@pytest.mark.parametrize(
    ("stage", "following"), [(DOWNLOAD, NORMALIZATION), (NORMALIZATION, TRANSCRIPTION)]
)
def test_a_completed_stage_hands_over_to_the_next(stage: Stage, following: Stage) -> None:
    change = completed(make_job(stage.name), stage, filename="a.webm")
    assert change.move == Enter(following)
    assert change.values[f"{stage.name}.status"] == "completed"
    assert change.values[f"{stage.name}.progress"] == 100.0
    assert change.values[f"{stage.name}.filename"] == "a.webm"
    assert change.stamps == (f"{stage.name}.completed_at",)


def test_the_last_completed_stage_ends_the_job_with_its_transcript() -> None:
    transcript = Transcript("Este é", ())
    change = completed(
        make_job("transcription"), TRANSCRIPTION, filename=None, transcript=transcript
    )
    assert change.move == End(JobStatus.COMPLETED)
    assert change.values["overall_progress"] == 100.0
    assert change.stamps == ("transcription.completed_at", "completed_at")
    assert change.transcript is transcript


def test_an_artifact_without_a_name_gets_the_stage_s_own() -> None:
    change = completed(make_job("transcription"), TRANSCRIPTION, filename=None)
    assert change.values["transcription.filename"] == "transcription.srt"


def test_a_failed_job_records_stage_reason_and_code() -> None:
    change = failed(make_job("normalization"), NORMALIZATION, REJECTED)
    assert change.move == End(JobStatus.FAILED)
    assert change.values == {
        "normalization.status": "failed",
        "error_message": "normalizer (422): not audio",
        "error_code": "not_audio",
        "error_stage": "normalization",
        "error_retryable": 0,
    }


def test_a_job_that_fails_while_its_remote_job_runs_has_it_deleted() -> None:
    job = with_stage(make_job("normalization"), "normalization", job_id="norm_1")
    change = failed(job, NORMALIZATION, REJECTED)
    assert change.drops_remote
    assert change.shared is None


def test_a_failed_remote_job_is_no_longer_shared() -> None:
    job = with_stage(make_job("normalization"), "normalization", job_id="norm_1")
    error = RemoteJobFailedError("normalizer", Failure("no audio", "not_audio", retryable=False))
    change = failed(job, NORMALIZATION, error)
    assert not change.drops_remote
    assert change.shared == Shared("work of normalization", forget="norm_1")


def test_a_job_that_fails_before_its_submission_releases_its_followers() -> None:
    change = failed(make_job("normalization"), NORMALIZATION, REJECTED)
    assert change.shared == Shared("work of normalization", abandon=True)
    assert not change.drops_remote


def test_a_stage_that_starts_over_has_a_new_attempt_and_no_remote_job() -> None:
    job = with_stage(make_job("normalization"), "normalization", job_id="norm_1", attempt=2)
    change = started_over(job, NORMALIZATION, LOST, in_s=3.0)
    assert change.move == Due(3.0)
    assert change.values == {
        "normalization.status": "pending",
        "normalization.attempt": 3,
        "normalization.failures": 1,
        "normalization.progress": 0.0,
    }
    assert {"normalization.job_id", "normalization.submitted_at"} <= set(change.cleared)
    assert change.shared == Shared("work of normalization", forget="norm_1")


def test_a_job_whose_source_is_gone_is_sent_back_one_stage() -> None:
    job = with_stage(make_job("normalization"), "download", job_id="x_audio", filename="a.webm")
    change = sent_back(job, NORMALIZATION, DOWNLOAD, SourceGoneError("download", "x_audio"))
    assert change.move == Enter(DOWNLOAD)
    assert change.values["normalization.status"] == "pending"
    assert change.values["download.attempt"] == 2
    assert {"download.job_id", "download.filename"} <= set(change.cleared)
    assert change.shared == Shared("work of download", forget="x_audio")


def test_a_job_that_is_sent_back_keeps_the_attempt_of_its_own_stage() -> None:
    job = make_job("normalization")
    change = sent_back(job, NORMALIZATION, DOWNLOAD, SourceGoneError("download", "x_audio"))
    assert "normalization.attempt" not in change.values


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_parked_job_keeps_its_attempt_and_counts_the_park(*, is_paused: bool) -> None:
    job = with_stage(make_job(), "download", parks=2, attempt=2)
    error = ServiceUnavailableError("downloader", "away")
    change = parked(job, DOWNLOAD, error, in_s=6.0, clocks_paused=is_paused)
    assert change.move == Due(6.0)
    assert change.values == {"download.parks": 3}
    assert change.clocks_paused is is_paused
    assert change.event == Event("parked", "download", 2, "service_unavailable: downloader: away")


def test_a_parked_follower_is_woken_by_the_work_that_it_follows() -> None:
    error = SharedWorkError()
    change = parked(make_job(), DOWNLOAD, error, in_s=5.0, clocks_paused=False, follow="digest")
    assert change.move == Due(5.0, "digest")
    reason = "shared_work: Another job is submitting the same work"
    assert change.event == Event("parked", "download", 1, reason)


def test_a_turn_that_ends_hands_its_stage_back() -> None:
    assert handed_back(DOWNLOAD, etag='"x-5"').values == {"download.etag": '"x-5"'}
    change = handed_back()
    assert change.move == Wake()
    assert (change.values, change.stamps, change.cleared, change.event) == ({}, (), (), None)


def test_captions_complete_the_job_at_the_download() -> None:
    transcript = Transcript("Olá", ({"text": "Olá", "start": 0, "end": 1, "duration": 1},), "pt")
    change = captioned(
        make_job(), DOWNLOAD, filename="talk.vtt", language="pt-BR", transcript=transcript
    )
    assert change.move == End(JobStatus.COMPLETED)
    assert change.transcript == transcript
    assert change.stamps == ("download.completed_at", "completed_at")
    assert change.values == {
        "download.status": "completed",
        "download.progress": 100.0,
        "download.filename": "talk.vtt",
        "overall_progress": 100.0,
        "captions_language": "pt-BR",
        "normalization.status": "skipped",
        "normalization.progress": 100.0,
        "transcription.status": "skipped",
        "transcription.progress": 100.0,
        "transcription.filename": "transcription.srt",
    }


def test_unusable_captions_cost_a_remote_job_but_no_failure() -> None:
    job = with_stage(make_job(), "download", attempt=2, failures=1, job_id="dl_1")
    change = without_captions(job, DOWNLOAD, StageError("they are empty"))
    assert change.move == Due(0)
    assert change.values["download.attempt"] == 3
    assert change.values["download.failures"] == 1
    assert change.values["lacks_captions"] == 1
    assert "download.job_id" in change.cleared
    assert change.shared == Shared("work of download", forget="dl_1")


CLIPPED = JobWarning("clipped", "The recording is clipped.")
SEGMENT = {"text": "Este é", "start": 0.0, "end": 2.5, "duration": 2.5}


def test_findings_are_written_when_their_stage_completes() -> None:
    change = completed(
        make_job("normalization"), NORMALIZATION, filename=None, findings=Findings((CLIPPED,))
    )
    written = change.values["normalization.warnings"]
    assert written == '[["clipped","The recording is clipped."]]'


def test_findings_of_an_earlier_attempt_are_removed_when_the_stage_completes() -> None:
    change = completed(make_job("normalization"), NORMALIZATION, filename=None)
    names = {"warnings", "quality", "languages", "audio_tracks"}
    assert {f"normalization.{name}" for name in names} <= set(change.cleared)


def test_a_stage_that_starts_over_removes_its_findings() -> None:
    change = started_over(make_job("normalization"), NORMALIZATION, LOST, in_s=0)
    assert {"normalization.warnings", "normalization.audio_tracks"} <= set(change.cleared)
    change = sent_back(make_job("transcription"), TRANSCRIPTION, NORMALIZATION, LOST)
    assert "normalization.warnings" in change.cleared
    assert not any(name.startswith("download.") for name in change.cleared)


def finish(transcript: Transcript, findings: Findings = NOTHING) -> dict[str, object]:
    job = make_job("transcription")
    change = completed(job, TRANSCRIPTION, filename=None, transcript=transcript, findings=findings)
    return dict(change.values)


def test_a_transcripts_findings_take_precedence_over_the_remote_jobs() -> None:
    own = Findings(quality=Quality(2.0, 1.5, 0.9), languages=(SpokenLanguage("pt", 2.0),))
    told = Findings((CLIPPED,), Quality(9.0, 9.0))
    values = finish(Transcript("Este é", (SEGMENT,), findings=own), told)
    assert values["transcription.quality"] == "[2.0,1.5,0.9]"
    assert values["transcription.languages"] == '[["pt",2.0]]'
    assert "clipped" in str(values["transcription.warnings"])


def test_a_transcript_without_text_explains_why() -> None:
    blank = {**SEGMENT, "text": "  "}
    for transcript in (Transcript("", ()), Transcript(" \n", (blank,))):
        assert '["no_speech","No words were' in str(finish(transcript)["transcription.warnings"])
    assert "transcription.warnings" not in finish(Transcript("Este é", (SEGMENT,)))


@pytest.mark.parametrize("code", ["no_speech", "speech_without_text"])
def test_a_transcript_that_explains_its_missing_text_gets_no_further_warning(
    code: str,
) -> None:
    told = Findings((JobWarning(code, "Nobody speaks."),))
    assert finish(Transcript("", ()), told)["transcription.warnings"] == (
        f'[["{code}","Nobody speaks."]]'
    )
    job = with_stage(make_job("transcription"), "normalization", findings=told)
    change = completed(job, TRANSCRIPTION, filename=None, transcript=Transcript("", ()))
    assert "transcription.warnings" not in change.values


def test_publisher_captions_have_no_quality() -> None:
    change = captioned(
        make_job(),
        DOWNLOAD,
        filename=None,
        language="pt",
        transcript=Transcript("Este é", (SEGMENT,)),
        findings=Findings((CLIPPED,), Quality(1.0, 1.0), (SpokenLanguage("pt", 1.0),)),
    )
    assert "download.warnings" in change.values
    assert not {"download.quality", "download.languages"} & change.values.keys()


def test_a_login_in_a_failure_reason_is_not_stored() -> None:
    reason = "http://user:secret@host.test/a.mp3 answers 404"
    error = RemoteJobFailedError("downloader", Failure(reason, "not_found", retryable=False))
    values = failed(make_job(), DOWNLOAD, error).values
    assert values["error_message"] == "http://host.test/a.mp3 answers 404"


@pytest.mark.parametrize("retryable", [True, False])
def test_a_failed_job_records_whether_a_retry_may_succeed(*, retryable: bool) -> None:
    error = RemoteJobFailedError("downloader", Failure("Later", "made_up", retryable=retryable))
    values = failed(make_job(), DOWNLOAD, error).values
    assert (values["error_code"], values["error_retryable"]) == ("made_up", int(retryable))


def test_waiting_for_a_model_costs_no_failure_and_no_time() -> None:
    job = with_stage(make_job("transcription"), "transcription", attempt=4, failures=1)
    change = awaiting_model(job, TRANSCRIPTION, LOST, in_s=30.0)
    assert change.move == Due(30.0)
    assert change.clocks_paused is True
    assert change.values["transcription.attempt"] == 5
    assert change.values["transcription.failures"] == 1
