"""Findings that services report about a recording are parsed and stored."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.domain.findings import (
    AudioTrack,
    Findings,
    JobWarning,
    Quality,
    SpokenLanguage,
    decode_findings,
    encode_findings,
    merge_findings,
)
from orchestrator.microservice.findings import parse_findings
from orchestrator.microservice.responses import parse_job, parse_transcript

WARNING = {"code": "low_confidence", "detail": "Hard to hear.", "start": 1.5, "end": 3}
TRACK = {
    "number": 2,
    "language": "pt-BR",
    "title": "Comentários",
    "codec": "aac",
    "channels": 2,
    "default": False,
    "chosen": True,
}
TOLD = {
    "warnings": [WARNING, {"code": "clipped", "detail": "Clipped."}],
    "quality": {"speech_s": 60.5, "transcribed_s": 58, "mean_confidence": 0.91},
    "languages": [{"code": "pt", "seconds": 40.2}, {"code": "en", "seconds": 18}],
    "audio_tracks": [{"number": 1, "default": True}, TRACK],
    "duration": 61.25,
}
FOUND = Findings(
    warnings=(
        JobWarning("low_confidence", "Hard to hear.", 1.5, 3.0),
        JobWarning("clipped", "Clipped."),
    ),
    quality=Quality(60.5, 58.0, 0.91),
    languages=(SpokenLanguage("pt", 40.2), SpokenLanguage("en", 18.0)),
    audio_tracks=(
        AudioTrack(1, is_default=True),
        AudioTrack(2, "pt-BR", "Comentários", "aac", 2, is_chosen=True),
    ),
    duration_s=61.25,
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*TOLD, *WARNING, *TRACK, "seconds", "speech_s"]), inner)
    ),
    max_leaves=12,
)


def warnings_of(*told: Any) -> list[JobWarning]:
    return list(parse_findings({"warnings": list(told)}).warnings)


def test_all_findings_are_parsed() -> None:
    assert parse_findings(TOLD) == FOUND


@pytest.mark.parametrize("place", ["details", "job"])
def test_a_completed_job_has_its_findings_in_details_or_beside_them(place: str) -> None:
    facts = {"details": TOLD} if place == "details" else TOLD
    assert parse_job({"id": "a", "status": "completed", **facts}).findings == FOUND
    assert parse_job({"id": "a", "status": "processing", **facts}).findings == Findings()


def test_a_transcription_has_findings_and_its_segments_have_attributes() -> None:
    segment = {"text": "Oi", "start": 0, "end": 1}
    marks = {"language": "pt", "confidence": 0.9, "no_speech": 0.02, "speaker": "CHANNEL_01"}
    wrong = {"language": 7, "confidence": 1.5, "no_speech": "low", "speaker": None}
    read = parse_transcript({**TOLD, "segments": [segment | marks, segment | wrong]})
    assert read.findings == FOUND
    assert marks.items() <= read.segments[0].items()
    assert not marks.keys() & read.segments[1].keys()


def test_a_service_that_reports_nothing_leaves_everything_empty() -> None:
    assert parse_findings({}) == Findings()
    assert encode_findings(Findings()) == {}
    assert decode_findings({"status": "completed"}) == Findings()


def test_a_warning_of_an_unknown_code_is_kept() -> None:
    assert warnings_of({"code": "next_year", "detail": "New."}) == [JobWarning("next_year", "New.")]


@pytest.mark.parametrize(
    "told", [None, "clipped", {}, {"code": ""}, {"code": 7, "detail": "x"}, {"detail": "x"}]
)
def test_a_warning_without_a_code_is_dropped(told: Any) -> None:
    assert warnings_of(told, WARNING) == [FOUND.warnings[0]]


@pytest.mark.parametrize("time", [-1, float("nan"), float("inf"), 10**400, 1e9, "1", True, [1]])
def test_an_invalid_time_is_dropped(time: Any) -> None:
    told = {"code": "clipped", "detail": "Clipped.", "start": time, "end": time}
    assert warnings_of(told) == [JobWarning("clipped", "Clipped.")]


def test_an_end_before_the_start_is_dropped() -> None:
    assert warnings_of(WARNING | {"end": 1})[0].end is None


def test_texts_are_limited_to_one_line() -> None:
    told = {"code": "x" * 500, "detail": "a\nb\x00c\u2028" + "d" * 5000}
    (read,) = warnings_of(told)
    assert read.code == "x" * 64
    assert read.detail == ("a b c " + "d" * 5000)[:300]


def test_no_login_is_kept() -> None:
    (read,) = warnings_of({"code": "truncated_source", "detail": "http://u:secret@h/ ends."})
    assert read.detail == "http://h/ ends."


def test_there_are_at_most_two_hundred_warnings() -> None:
    assert len(warnings_of(*[WARNING] * 1000)) == 200


@given(st.fixed_dictionaries(dict.fromkeys(TOLD, JUNK)))
def test_any_report_of_a_service_can_be_stored(told: dict[str, Any]) -> None:
    found = parse_findings(told)
    fields = encode_findings(found)
    json.dumps(fields, allow_nan=False).encode()
    assert decode_findings(fields) == found


def test_findings_survive_the_store_and_are_compact() -> None:
    fields = encode_findings(FOUND)
    assert decode_findings({f"{name}": value for name, value in fields.items()}) == FOUND
    one = Findings(quality=FOUND.quality, audio_tracks=FOUND.audio_tracks[:1])
    assert all(len(value) <= 64 for value in encode_findings(one).values()), "packed by Redis"


def test_findings_of_a_later_release_are_ignored() -> None:
    assert decode_findings({"warnings": '[["clipped","Clipped.",null,null,"new"]]'}).warnings == (
        JobWarning("clipped", "Clipped."),
    )


def test_the_warnings_of_all_stages_are_merged_in_order_without_duplicates() -> None:
    first, second = FOUND.warnings
    merged = merge_findings(
        [Findings((second,)), Findings((first, second), audio_tracks=FOUND.audio_tracks), FOUND]
    )
    assert merged == replace(FOUND, warnings=(second, first))
