"""How a transcript is written down."""

import json

import pytest

from services.transcriber.transcript import Segment, Transcript, Word

SPOKEN = Transcript(
    language="en",
    language_probability=0.93,
    segments=(
        Segment(" Ask not.", 0.0, 2.5, (Word(" Ask", 0.0, 1.1, 0.9), Word(" not.", 1.1, 2.5, 0.8))),
        Segment(" Ask what.", 3661.007, 3662.0),
    ),
)


def test_subtitles_number_their_cues_and_count_hours_and_milliseconds() -> None:
    assert SPOKEN.to_srt() == (
        "1\n00:00:00,000 --> 00:00:02,500\nAsk not.\n"
        "\n"
        "2\n01:01:01,007 --> 01:01:02,000\nAsk what.\n"
    )


def test_web_subtitles_escape_what_would_be_markup() -> None:
    transcript = Transcript(segments=(Segment(" A < B & C", 1.0, 2.0),))
    assert transcript.to_vtt() == ("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nA &lt; B &amp; C\n")


def test_plain_text_has_a_line_for_each_segment() -> None:
    assert SPOKEN.to_txt() == "Ask not.\nAsk what.\n"


def test_a_transcript_survives_being_kept_as_json() -> None:
    state = json.loads(json.dumps(SPOKEN.to_state()))
    assert Transcript.from_state(state) == SPOKEN


def test_a_transcript_carries_text_segments_words_and_language() -> None:
    assert SPOKEN.to_json() == {
        "full_text": "Ask not. Ask what.",
        "segments": [
            {
                "text": "Ask not.",
                "start": 0.0,
                "end": 2.5,
                "duration": 2.5,
                "words": [
                    {"word": "Ask", "start": 0.0, "end": 1.1, "confidence": 0.9},
                    {"word": "not.", "start": 1.1, "end": 2.5, "confidence": 0.8},
                ],
            },
            {
                "text": "Ask what.",
                "start": 3661.007,
                "end": 3662.0,
                "duration": 0.993,
                "words": [],
            },
        ],
        "detected_language": "en",
        "language_probability": 0.93,
    }


def test_a_language_without_spaces_gets_none_between_segments() -> None:
    segments = (Segment("你好。", 0.0, 1.0), Segment("再见。", 1.0, 2.0))
    assert Transcript("zh", 1.0, segments).text == "你好。再见。"


@pytest.mark.parametrize("language", [None, "en"])
def test_no_words_make_empty_subtitles(language: str | None) -> None:
    silence = Transcript(language, 0.0, ())
    assert (silence.text, silence.to_srt()) == ("", "")
