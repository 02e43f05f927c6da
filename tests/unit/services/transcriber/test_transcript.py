"""A transcript is written as captions, text and JSON, and restored from its state."""

import json
import re
from dataclasses import replace
from typing import Literal

import pytest
import webvtt
from bidi import get_display

from services.transcriber.transcript import Channel, Segment, Transcript, Word

SPOKEN = Transcript(
    language="en",
    language_probability=0.93,
    segments=(
        Segment(
            " Ask not.",
            0.0,
            2.5,
            (Word(" Ask", 0.0, 1.1, 0.9), Word(" not.", 1.1, 2.5, 0.8)),
            language="en",
            confidence=0.85,
            no_speech=0.1,
        ),
        Segment(" Ask what.", 3661.007, 3662.0),
    ),
)


def test_subtitles_number_their_cues_and_count_hours_and_milliseconds() -> None:
    assert SPOKEN.to_srt() == (
        "1\n00:00:00,000 --> 00:00:02,500\nAsk not.\n"
        "\n"
        "2\n01:01:01,007 --> 01:01:02,000\nAsk what.\n"
    )


def test_web_subtitles_escape_markup() -> None:
    transcript = Transcript(segments=(Segment(" A < B & C", 1.0, 2.0),))
    assert transcript.to_vtt() == ("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nA &lt; B &amp; C\n")


def test_plain_text_is_in_paragraphs() -> None:
    assert SPOKEN.to_txt() == "Ask not.\n\nAsk what.\n"
    soon = Segment(" Ask what.", 3.0, 4.0)
    assert replace(SPOKEN, segments=(SPOKEN.segments[0], soon)).to_txt() == "Ask not. Ask what.\n"


def test_a_long_text_without_pauses_is_in_paragraphs_too() -> None:
    segments = tuple(Segment(" A sentence of words.", at, at + 1.0) for at in range(100))
    found = Transcript("en", 1.0, segments).to_txt().split("\n\n")
    assert len(found) > 2
    assert max(map(len, found)) < 600


def test_speakers_are_named_where_they_change() -> None:
    segments = (
        Segment(" One.", 0.0, 1.0, speaker="A"),
        Segment(" Two.", 2.0, 3.0, speaker="A"),
        Segment(" Three.", 4.0, 5.0, speaker="<B>"),
        Segment(" Four.", 6.0, 7.0),
    )
    spoken = Transcript("en", 1.0, segments)
    assert re.findall(r"^.*\.$", spoken.to_srt(), re.MULTILINE) == [
        "A: One.",
        "Two.",
        "<\u2060B>: Three.",
        "- Four.",
    ]
    assert re.findall(r"^.*\.$", spoken.to_vtt(), re.MULTILINE) == [
        "<v A>One.",
        "<v A>Two.",
        "<v &lt;B&gt;>Three.",
        "Four.",
    ]
    assert spoken.to_txt() == "A: One. Two.\n\n<B>: Three.\n\nFour.\n"


def test_cues_of_two_channels_are_in_order_of_time() -> None:
    segments = (
        Segment(" One.", 0.0, 5.0, speaker="CHANNEL_00"),
        Segment(" Three.", 6.0, 9.0, speaker="CHANNEL_00"),
        Segment(" Two.", 2.0, 7.0, speaker="CHANNEL_01"),
    )
    captions = webvtt.from_string(Transcript("en", 1.0, segments).to_vtt()).captions
    assert [caption.text for caption in captions] == ["One.", "Two.", "Three."]


def test_a_short_gap_between_cues_is_closed_and_a_long_one_is_kept() -> None:
    segments = (Segment("One.", 0, 1), Segment("Two.", 1.4, 2), Segment("Three.", 2.5, 3))
    captions = webvtt.from_string(Transcript("en", 1.0, segments).to_vtt()).captions
    assert [caption.end for caption in captions] == ["00:00:01.316", "00:00:02.000", "00:00:03.000"]


def test_the_last_word_of_a_sentence_is_no_cue_of_its_own() -> None:
    segments = (
        Segment(" in the superlative degree of comparison", 0.0, 4.0),
        Segment(" only.", 4.0, 4.4),
        Segment(" No.", 5.0, 5.4),
    )
    captions = webvtt.from_string(Transcript("en", 1.0, segments).to_vtt()).captions
    assert [caption.text for caption in captions] == [
        "in the superlative degree of comparison only.",
        "No.",
    ]


@pytest.mark.parametrize("base", ["L", "R", None])
@pytest.mark.parametrize("text", ["שלום, עולם!", "iPhone הוא טלפון."])
def test_hebrew_reads_from_the_right_in_every_player(
    text: str, base: Literal["L", "R"] | None
) -> None:
    spoken = Transcript("he", 1.0, (Segment(f" {text}", 0.0, 2.0, speaker="SPEAKER_00"),))
    named = get_display(f"SPEAKER_00: {text}", base_dir="R")
    for line in (spoken.to_srt().splitlines()[2], spoken.to_txt().rstrip("\n")):
        assert re.sub("[\u200f\u202b\u202c]", "", str(get_display(line, base_dir=base))) == named


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        ([" One.", " Two."], "One. Two."),
        ([" One.", "Two."], "One. Two."),
        (["你好。", "再见。"], "你好。再见。"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["今日は", "iPhone", "を"], "今日はiPhoneを"),
        ([], ""),
    ],
)
def test_segments_are_joined_as_their_script_requires(texts: list[str], joined: str) -> None:
    segments = tuple(Segment(text, at, at + 1.0) for at, text in enumerate(texts))
    assert Transcript(None, 1.0, segments).text == joined


def test_a_transcript_survives_a_round_trip_through_json() -> None:
    state = json.loads(json.dumps(SPOKEN.to_state()))
    assert Transcript.from_state(state) == SPOKEN


def test_a_state_of_the_previous_version_is_read() -> None:
    word = {"word": " Hi.", "start": 0.0, "end": 0.5, "confidence": 0.9}
    segment = {
        "text": " Hi.",
        "start": 0.0,
        "end": 0.5,
        "words": [word],
        "voice": "",
        "speaker": None,
    }
    state = {"language": "en", "language_probability": 0.9, "segments": [segment], "heard": 8000}
    found = Transcript.from_state(state)
    assert (found.heard, found.segments[0].language, found.channels) == (8000, "en", ())


def test_a_transcript_of_channels_survives_a_round_trip_through_json() -> None:
    channels = (Channel(16_000, "en", 0.9), Channel(8000, "pt", 0.8))
    transcript = replace(
        SPOKEN, unheard=((1.0, 2.0),), whispered=((3.0, 7.0),), peak=0.5
    ).with_channels(channels)
    assert transcript.heard == 8000
    assert Transcript.from_state(json.loads(json.dumps(transcript.to_state()))) == transcript


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
                "language": "en",
                "confidence": 0.85,
                "no_speech": 0.1,
            },
            {
                "text": "Ask what.",
                "start": 3661.007,
                "end": 3662.0,
                "duration": 0.993,
                "words": [],
                "language": None,
                "confidence": None,
                "no_speech": 0.0,
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
