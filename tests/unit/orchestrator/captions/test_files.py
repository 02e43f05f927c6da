"""Third-party parsers read the caption files, with all words."""

import html
import re
from typing import Any

import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.captions import Cue, CueStyle, make_cues, write_srt, write_text, write_vtt
from tests.support.speech import talk

CUES = [
    Cue(0, 1_500, ("First line", "and second.")),
    Cue(3_661_042, 3_662_000, ("R&B <i> is --> odd",)),
]


def read_srt(content: str) -> list[tuple[int, int, str]]:
    events = pysubs2.SSAFile.from_string(content, format_="srt")
    return [(one.start, one.end, one.text.replace(r"\N", "\n")) for one in events]


def read_vtt(content: str) -> list[tuple[int, int, str]]:
    """Parse with both parsers, which must agree; neither resolves escapes."""
    events = pysubs2.SSAFile.from_string(content, format_="vtt")
    found = [(one.start, one.end, one.text.replace(r"\N", "\n")) for one in events]
    captions = webvtt.from_string(content).captions
    assert [caption.text for caption in captions] == [text for _, _, text in found]
    return [(start, end, html.unescape(text)) for start, end, text in found]


def written(cues: list[Cue]) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in cues]


def test_subrip_has_numbers_commas_and_two_digits_for_hours() -> None:
    assert write_srt(CUES[:1]) == ("1\n00:00:00,000 --> 00:00:01,500\nFirst line\nand second.\n\n")
    assert "\n2\n01:01:01,042 --> 01:01:02,000\n" in write_srt(CUES)


def test_webvtt_has_a_head_points_and_escapes() -> None:
    assert write_vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nFirst line\nand second.\n\n"
        "01:01:01.042 --> 01:01:02.000\nR&amp;B &lt;i&gt; is --&gt; odd\n\n"
    )


def test_text_that_looks_like_a_tag_is_kept_in_subrip() -> None:
    (_, _, text) = read_srt(write_srt(CUES))[1]
    assert text.replace("\u2060", "") == CUES[1].text


def test_a_number_at_the_end_is_not_parsed_as_a_cue_number() -> None:
    text = "This is what happened here in the year of 2024"
    cues = make_cues([{"text": text, "start": 0, "end": 5}], CueStyle())
    ((_, _, read),) = read_srt(write_srt(cues))
    assert read.split() == text.split()


def test_a_number_that_does_not_fit_the_line_before_makes_it_longer() -> None:
    text = "Donaudampfschifffahrtsgesellschaftskapitän 2024"
    cues = make_cues([{"text": text, "start": 0, "end": 5}], CueStyle())
    assert read_srt(write_srt(cues))[-1][2].split()[-1] == "2024"
    assert cues[-1].text.split()[-1] == "2024"


def test_an_empty_transcript_gives_files_without_cues() -> None:
    assert write_srt([]) == ""
    assert read_vtt(write_vtt([])) == []


def test_a_text_ends_with_a_line_end_and_can_always_be_encoded() -> None:
    assert write_text(" One. Two.\n") == "One. Two.\n"
    assert write_text("half a pair: \ud800").encode() == b"half a pair:\n"


@pytest.mark.parametrize("write", [write_srt, write_vtt])
def test_a_talk_is_parsed_as_it_was_written(write: Any) -> None:
    cues = make_cues(talk(clip_count=50), CueStyle())
    read = read_srt if write is write_srt else read_vtt
    assert read(write(cues)) == written(cues)


# Spaces, and what keeps tags apart or states the direction of a line.
NOT_SHOWN = re.compile(r"[\s\u2060\u200e\u200f\u202a-\u202e\u2066-\u2069]")

# Without what the readers themselves take for markup whatever is done: braces and backslashes.
words = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"], exclude_characters="{}\\"),
    min_size=1,
    max_size=15,
)


@settings(max_examples=50)
@given(st.lists(words, min_size=1, max_size=40), st.floats(0.01, 60))
def test_both_files_contain_all_words(spoken: list[str], length_s: float) -> None:
    segment = {"text": " ".join(spoken), "start": 1.0, "end": 1.0 + length_s}
    cues = make_cues([segment], CueStyle())
    expected = "".join(spoken)
    for read in (read_srt(write_srt(cues)), read_vtt(write_vtt(cues))):
        assert [(start, end) for start, end, _ in read] == [one[:2] for one in written(cues)]
        letters = NOT_SHOWN.sub("", "".join(text for _, _, text in read))
        assert letters == NOT_SHOWN.sub("", expected)
