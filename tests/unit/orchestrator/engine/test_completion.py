"""A completed remote job completes its stage, with a transcript where there is one."""

from typing import cast

import pytest

from orchestrator.domain.findings import Findings
from orchestrator.domain.job import CaptionsChoice, JobOptions, JobStatus, Transcript
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.transitions import End, Enter
from orchestrator.engine.completion import Completion
from orchestrator.engine.partial_transcripts import PartialTranscripts
from orchestrator.errors import CaptionsUnusableError, RemoteJobLostError
from orchestrator.microservice import MicroserviceClient, RemoteJob, RemoteStatus
from tests.support.fake_worker import FakeWorker

DOWNLOAD, NORMALIZATION, TRANSCRIPTION = STAGES
PREFERS_CAPTIONS = {"options": JobOptions(captions=CaptionsChoice.PREFER)}
TRANSCRIPT = Transcript("text", ({"text": "text", "start": 0.0, "end": 1.0, "duration": 1.0},))
DONE = RemoteJob(
    "r1", RemoteStatus.COMPLETED, filename="audio.webm", findings=Findings(duration_s=60.0)
)
WITH_CAPTIONS = RemoteJob("r1", RemoteStatus.COMPLETED, captions_language="pt-BR")


def make(worker: FakeWorker) -> Completion:
    held, client = worker.hold(), cast("MicroserviceClient", worker.client)
    return Completion(held, client, PartialTranscripts(client, held.stage, held.record))


def test_the_next_stage_follows() -> None:
    change = make(FakeWorker(DOWNLOAD)).complete(DONE)
    assert change.move == Enter(NORMALIZATION)
    assert change.values["download.filename"] == "audio.webm"
    assert "download.duration_s" in change.values
    assert change.transcript is None


def test_the_last_stage_brings_the_transcript_and_its_segments() -> None:
    worker = FakeWorker(TRANSCRIPTION)
    worker.client.transcript = TRANSCRIPT
    change = make(worker).complete(DONE)
    assert change.move == End(JobStatus.COMPLETED)
    assert change.transcript == TRANSCRIPT
    assert change.segments is not None
    assert change.segments.count == 1


def test_captions_complete_a_job_that_prefers_them() -> None:
    worker = FakeWorker(request=PREFERS_CAPTIONS)
    worker.client.transcript = TRANSCRIPT
    change = make(worker).complete(WITH_CAPTIONS)
    assert change.move == End(JobStatus.COMPLETED)
    assert change.values["captions_language"] == "pt-BR"


def test_captions_that_nobody_asked_for_are_ignored() -> None:
    assert make(FakeWorker()).complete(WITH_CAPTIONS).move == Enter(NORMALIZATION)


def test_captions_that_are_gone_are_an_error() -> None:
    worker = FakeWorker(request=PREFERS_CAPTIONS)
    worker.client.transcript = RemoteJobLostError("video-downloader", "r1")
    with pytest.raises(CaptionsUnusableError):
        make(worker).complete(WITH_CAPTIONS)


def test_captions_that_the_service_could_not_take_are_in_the_history() -> None:
    remote = RemoteJob("r1", RemoteStatus.COMPLETED, captions_error="429")
    event = make(FakeWorker()).complete(remote).event
    assert event is not None
    assert event.reason == "without captions: 429"
