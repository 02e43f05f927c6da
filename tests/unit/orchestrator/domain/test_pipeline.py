"""The pipeline as data."""

from typing import Any

import pytest

from orchestrator.domain.job import CaptionsChoice, Channels, JobOptions, JobRequest, Upload
from orchestrator.domain.pipeline import SERVICES, STAGES, asks_for_captions, stage_named, stages_of
from orchestrator.domain.sources import Source
from tests.support.jobs import URL, make_job, make_request

DOWNLOAD, NORMALIZATION, TRANSCRIPTION = STAGES


def test_the_stages_come_in_order_and_each_has_its_service_and_task() -> None:
    assert [(stage.name, stage.task, stage.service.name) for stage in STAGES] == [
        ("download", "download", "video-downloader"),
        ("normalization", "normalize", "audio-normalization"),
        ("transcription", "transcribe", "audio-transcriber"),
    ]


def test_the_weights_sum_to_one() -> None:
    assert sum(stage.weight for stage in STAGES) == pytest.approx(1)
    assert all(stage.weight > 0 for stage in STAGES)


def test_the_status_of_a_job_names_its_stage() -> None:
    statuses = [stage.running.value for stage in STAGES]
    assert statuses == ["downloading", "normalizing", "transcribing"]


def test_the_downloader_is_asked_for_the_audio() -> None:
    assert DOWNLOAD.fields(URL, JobOptions()) == {"url": URL, "quality": "audio"}


@pytest.mark.parametrize(
    "name",
    [
        "remove_noise",
        "convert_to_mono",
        "apply_highpass_filter",
        "set_sample_rate_16k",
        "isolate_vocals",
    ],
)
def test_the_normalizer_gets_every_option_as_text(name: str) -> None:
    options: list[dict[str, Any]] = [{name: True}, {name: False}]
    on, off = (NORMALIZATION.fields(URL, JobOptions(**chosen)) for chosen in options)
    assert (on[name], off[name]) == ("true", "false")
    assert len(on) == len(off) == 5


def test_the_transcriber_gets_the_language_alone() -> None:
    assert TRANSCRIPTION.fields(URL, JobOptions(language="pt")) == {"language_in": "pt"}


def test_the_transcriber_gets_the_target_language_if_there_is_one() -> None:
    options = JobOptions(language="pt", language_out="en")
    assert TRANSCRIPTION.fields(URL, options) == {"language_in": "pt", "language_out": "en"}


def test_channels_and_track_are_sent_if_they_were_chosen() -> None:
    chosen = JobOptions(channels=Channels.SEPARATE, audio_track=2)
    normalization = NORMALIZATION.fields(URL, chosen)
    assert (normalization["channels"], normalization["audio_track"]) == ("separate", "2")
    assert TRANSCRIPTION.fields(URL, chosen) == {"language_in": "auto", "channels": "separate"}
    assert NORMALIZATION.fields(URL, JobOptions(audio_track="pt"))["audio_track"] == "pt"
    assert not {"channels", "audio_track"} & NORMALIZATION.fields(URL, JobOptions()).keys()


def test_the_normalizer_gets_the_language_to_choose_a_track() -> None:
    assert NORMALIZATION.fields(URL, JobOptions(language="pt"))["language"] == "pt"
    assert "language" not in NORMALIZATION.fields(URL, JobOptions(language="auto"))


def test_only_the_first_stage_takes_no_audio_and_only_the_last_has_a_transcript() -> None:
    assert [stage.takes_audio for stage in STAGES] == [False, True, True]
    assert [stage.gives_transcript for stage in STAGES] == [False, False, True]


def test_each_stage_has_its_own_log_message_for_a_submission() -> None:
    assert DOWNLOAD.submitted % "FtnKP8fSSdc_audio" == "Video job submitted: FtnKP8fSSdc_audio"
    assert all("%s" in stage.submitted for stage in STAGES)


def test_a_services_variables_start_with_its_name() -> None:
    assert [service.variable for service in SERVICES.values()] == [
        "VIDEO_DOWNLOADER",
        "AUDIO_NORMALIZATION",
        "AUDIO_TRANSCRIBER",
    ]


def test_a_job_with_an_upload_has_nothing_to_download() -> None:
    assert stages_of(JobRequest(Source(URL))) == STAGES
    upload = Upload("talk.mp3", 3, "00" * 32)
    assert stages_of(JobRequest(Source("upload:talk.mp3"), upload=upload)) == STAGES[1:]


def test_a_stage_is_found_by_its_name() -> None:
    assert stage_named("normalization") is NORMALIZATION
    with pytest.raises(KeyError):
        stage_named("captions")


@pytest.mark.parametrize(
    ("languages", "asked"),
    [
        ({}, "auto"),
        ({"language": "pt"}, "pt"),
        ({"language": "pt", "language_out": "en"}, "en"),
        ({"language_out": "en"}, "en"),
    ],
)
def test_captions_are_requested_in_the_language_of_the_text(
    languages: dict[str, Any], asked: str
) -> None:
    options = JobOptions(captions=CaptionsChoice.PREFER, **languages)
    assert DOWNLOAD.fields(URL, options)["captions"] == asked


def test_only_the_download_requests_captions_and_not_after_they_were_unusable() -> None:
    request = make_request(options=JobOptions(captions=CaptionsChoice.PREFER))
    job = make_job(request=request)
    assert [asks_for_captions(stage, job) for stage in STAGES] == [True, False, False]
    declined = make_job(request=request, lacks_captions=True)
    assert not asks_for_captions(DOWNLOAD, declined)
    assert not asks_for_captions(DOWNLOAD, make_job())
    assert "captions" not in DOWNLOAD.fields(URL, declined.options)
