"""The summary of a transcript: languages, quality and warnings."""

from dataclasses import replace

import pytest

from services.transcriber.summary import summarize
from services.transcriber.transcript import Channel, Segment, Transcript


def segment(start: float, end: float, language: str = "en", *, is_marked: bool = False) -> Segment:
    return Segment(" Words.", start, end, (), "", None, language, 0.1, 0.8, is_marked)


def codes(transcript: Transcript, requested: str | None = None) -> list[str]:
    return [warning["code"] for warning in summarize(transcript, requested=requested)["warnings"]]


@pytest.mark.parametrize(
    ("transcript", "detail"),
    [
        (Transcript(), "silent"),
        (Transcript(peak=0.5), "no speech"),
        (Transcript(peak=0.5, whispered=((1.0, 5.0),)), "whispering"),
        (Transcript(peak=0.5, speech_s=4.0, unheard=((1.0, 5.0),)), "could not transcribe"),
    ],
)
def test_a_transcript_without_words_states_the_reason(transcript: Transcript, detail: str) -> None:
    (warning, *_) = summarize(transcript)["warnings"]
    assert warning["code"] == "no_speech"
    assert detail in warning["detail"]


def test_a_complete_transcript_in_one_language_has_no_warning() -> None:
    assert codes(Transcript(segments=(segment(0, 3),), speech_s=3, peak=0.5)) == []


def test_languages_are_summed_and_the_longest_is_first() -> None:
    found = Transcript(segments=(segment(0, 2), segment(2, 7, "pt"), segment(7, 9)), peak=0.5)
    summary = summarize(found)
    assert summary["languages"] == [
        {"code": "pt", "seconds": 5},
        {"code": "en", "seconds": 4},
    ]
    assert found.with_channels((Channel(0, "en"),)).language == "pt"
    (warning,) = summary["warnings"]
    assert (warning["code"], warning["start"]) == ("language_changes", 2)


def test_another_language_than_the_requested_one_causes_a_warning() -> None:
    assert codes(Transcript(segments=(segment(0, 5),), peak=0.5), requested="es") == [
        "language_changes"
    ]


def test_speech_without_text_counts_as_not_transcribed() -> None:
    found = Transcript(
        segments=(segment(0, 3),), speech_s=5.0, unheard=((3.0, 5.0),), unheard_s=2.0, peak=0.5
    )
    summary = summarize(found)
    (warning,) = summary["warnings"]
    assert (warning["start"], warning["end"]) == (3.0, 5.0)
    assert summary["quality"] == {"speech_s": 5.0, "transcribed_s": 3.0, "mean_confidence": 0.8}


def test_whispering_is_speech_without_text_but_not_voice() -> None:
    found = Transcript(segments=(segment(0, 3),), speech_s=3.0, whispered=((5.0, 9.0),), peak=0.5)
    summary = summarize(found)
    (warning,) = summary["warnings"]
    assert (warning["code"], warning["start"], warning["end"]) == ("speech_without_text", 5.0, 9.0)
    assert "whispering" in warning["detail"]
    assert summary["quality"]["transcribed_s"] == 3.0


@pytest.mark.parametrize(("written_s", "is_reported"), [(1.0, True), (2.5, False)])
def test_whispering_is_reported_unless_any_channel_has_words_there(
    written_s: float, *, is_reported: bool
) -> None:
    said = replace(segment(5, 5 + written_s), speaker="CHANNEL_01")
    found = Transcript(segments=(said,), speech_s=3.0, whispered=((5.0, 9.0),), peak=0.5)
    assert codes(found) == ["speech_without_text"] * is_reported


def test_marked_neighbours_are_one_span() -> None:
    segments = tuple(
        segment(start, start + 1, is_marked=is_marked)
        for start, is_marked in enumerate([True, True, False, True])
    )
    warnings = summarize(Transcript(segments=segments, peak=0.5))["warnings"]
    assert [(one["start"], one["end"]) for one in warnings] == [(0, 2), (3, 4)]


def test_the_last_of_fifty_warnings_states_how_many_more_there_are() -> None:
    unheard = tuple((float(start), start + 1.0) for start in range(60))
    warnings = summarize(Transcript(segments=(segment(0, 3),), unheard=unheard, peak=0.5))[
        "warnings"
    ]
    assert len(warnings) == 50
    assert "10 more" in warnings[-1]["detail"]


def test_segments_of_a_channel_ahead_of_the_others_are_not_published_yet() -> None:
    channels = (Channel(heard=32_000), Channel(heard=160_000))
    transcript = Transcript(segments=(segment(1, 2), segment(5, 6))).with_channels(channels)
    assert [one.start for one in transcript.settled.segments] == [1]
    even = replace(transcript, channels=(channels[1],) * 2)
    assert len(even.settled.segments) == 2
