"""A job's findings are parsed, serialized and formatted."""

from typing import Any

import pytest

from tests.support.jobs import make_job
from web.schemas.jobs import JobDetail
from ytcaption import Job
from ytcaption.commands.findings import finding_rows, format_time, warning_lines

LOW = {"code": "low_confidence", "detail": "These words are uncertain."}
FOUND: dict[str, Any] = {
    "status": "completed",
    "transcription_text": "One two.",
    "detected_language": "en",
    "warnings": [
        {"code": "truncated_source", "detail": "The file ends early.", "start": 61.0},
        LOW | {"start": 5.0, "end": 7.5},
        LOW | {"start": 3661.0, "end": 3662.0},
        {"code": "several_tracks", "detail": "The file has 2 audio tracks."},
    ],
    "quality": {"speech_s": 90.0, "transcribed_s": 81.0, "mean_confidence": 0.874},
    "languages": [{"code": "en", "seconds": 70.2}, {"code": "pt", "seconds": 11.0}],
    "audio_tracks": [
        {"number": 1, "language": None, "title": None, "codec": None, "channels": None}
        | {"default": True, "chosen": False},
        {"number": 2, "language": "por", "title": "Dub", "codec": "aac", "channels": 2}
        | {"default": False, "chosen": True},
    ],
}


def shown(**facts: Any) -> dict[str, Any]:
    return JobDetail.of(make_job(), None, None).model_dump(mode="json") | facts


def test_findings_are_serialized_as_the_api_sent_them() -> None:
    sent = shown(**FOUND)
    job = Job.model_validate(sent)
    assert job.model_dump(mode="json") == sent
    assert job.quality
    assert (job.quality.mean_confidence, job.languages[1].code) == (0.874, "pt")
    assert (job.warnings[1].end, job.warnings[3].start) == (7.5, None)
    assert [track.number for track in job.audio_tracks if track.chosen] == [2]


def test_a_job_of_an_older_api_without_findings_is_parsed() -> None:
    sent = shown()
    for name in FOUND.keys() & {"warnings", "quality", "languages", "audio_tracks"}:
        sent.pop(name, None)
    job = Job.model_validate(sent)
    assert (job.warnings, job.quality, job.languages, job.audio_tracks) == ((), None, (), ())
    assert job.model_dump(mode="json") == sent, "no field is added"


def test_all_fields_of_a_segment_are_parsed() -> None:
    sent = {"text": "Olá", "start": 1.0, "end": 2.0, "duration": 1.0}
    more = sent | {"language": "pt", "confidence": 0.4, "no_speech": 0.1, "speaker": "CHANNEL_01"}
    job = Job.model_validate(shown(transcription_segments=[more, sent]))
    assert job.transcription_segments
    first, second = job.transcription_segments
    assert (first.language, first.confidence, first.speaker) == ("pt", 0.4, "CHANNEL_01")
    assert (second.language, second.no_speech) == (None, None)
    assert [one.model_dump() for one in job.transcription_segments] == [more, sent]


def test_a_warning_line_has_the_code_the_detail_and_the_times() -> None:
    assert list(warning_lines(Job.model_validate(shown(**FOUND)))) == [
        "truncated_source: The file ends early. [1:01]",
        "low_confidence: These words are uncertain. [0:05-0:07, 1:01:01-1:01:02]",
        "several_tracks: The file has 2 audio tracks.",
    ]


def test_a_warning_line_lists_ten_times_and_counts_the_rest() -> None:
    many = [LOW | {"start": 10.0 * at, "end": 10.0 * at + 1} for at in range(13)]
    (line,) = warning_lines(Job.model_validate(shown(**FOUND | {"warnings": many})))
    assert line.endswith("1:30-1:31 and 3 more]")


@pytest.mark.parametrize(
    ("facts", "lines"),
    [
        ({"transcription_text": "Words."}, 0),
        ({"transcription_text": " \n"}, 1),
        ({"transcription_text": None}, 1),
        ({"transcription_text": "", "status": "transcribing"}, 0),
        ({"transcription_text": "", "warnings": [{"code": "no_speech", "detail": "None."}]}, 1),
    ],
)
def test_a_completed_job_without_text_has_a_warning(facts: dict[str, Any], lines: int) -> None:
    job = Job.model_validate(shown(**{"status": "completed"} | facts))
    assert len(list(warning_lines(job))) == lines


def test_languages_tracks_and_quality_are_rows() -> None:
    assert dict(finding_rows(Job.model_validate(shown(**FOUND)))) == {
        "languages": "en 1:10, pt 0:11",
        "audio track 1": "default",
        "audio track 2": "por, Dub, aac, 2 channels, transcribed",
        "quality": "1:21 of 1:30 of speech transcribed, mean confidence 87%",
    }
    assert dict(finding_rows(Job.model_validate(shown(detected_language="pt")))) == {
        "language": "pt"
    }


def test_a_position_has_the_format_of_media_players() -> None:
    assert [format_time(one) for one in (-1.0, 7.9, 61, 3723)] == [
        "0:00",
        "0:07",
        "1:01",
        "1:02:03",
    ]
