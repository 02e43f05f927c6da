"""Every format names the speakers, and a cue has the words of one."""

from itertools import pairwise
from typing import Any

import pysubs2
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.captions import Cue, CueStyle, make_cues, write_srt, write_text, write_vtt
from tests.support.speech import clips

NETFLIX = CueStyle()
JFK, PANGRAM, DASHWOOD, YOUNG_MAN, _ = clips()


def spoken_at(clip: dict[str, Any], speaker: str | None, at_s: float) -> dict[str, Any]:
    """Return a clip with a speaker and shifted times."""
    words = [
        word | {"start": word["start"] + at_s, "end": word["end"] + at_s} for word in clip["words"]
    ]
    times = {"start": clip["start"] + at_s, "end": clip["end"] + at_s}
    return clip | times | {"words": words} | ({"speaker": speaker} if speaker else {})


DUO = [
    spoken_at(YOUNG_MAN, "Ana", 0),
    spoken_at(PANGRAM, "Rui", 2.7),
    spoken_at(YOUNG_MAN, "Ana", 6.2),
]


def letters(texts: Any) -> str:
    return "".join("".join(text.split()) for text in texts)


def spoken_by(cues: list[Cue], speaker: str | None) -> str:
    return letters(cue.text for cue in cues if cue.speaker == speaker)


def test_no_cue_has_the_words_of_two_speakers() -> None:
    cues = make_cues(DUO, NETFLIX)
    assert [cue.speaker for cue in cues] == ["Ana", "Rui", "Ana"]
    assert spoken_by(cues, "Rui") == letters([PANGRAM["text"]])


def test_subrip_names_the_speaker_after_a_change() -> None:
    cues = make_cues([*DUO[:2], spoken_at(JFK, "Rui", 6.2)], NETFLIX)
    texts = [event.plaintext for event in pysubs2.SSAFile.from_string(write_srt(cues))]
    assert texts[0].startswith("Ana: He was not")
    assert texts[1].startswith("Rui: A rápida")
    assert len(texts) > 3
    assert not any(":" in text for text in texts[2:])


def test_a_name_counts_towards_the_line_length() -> None:
    cues = make_cues([spoken_at(DASHWOOD, "A rather long name of one", 0)], NETFLIX)
    lines = write_srt(cues).splitlines()
    assert lines[2].startswith("A rather long name of one: ")
    assert max(map(len, lines)) <= NETFLIX.max_line_chars
    assert max(len(cue.lines) for cue in cues) <= NETFLIX.max_lines


def test_an_unknown_speaker_is_distinguished_from_the_previous_one() -> None:
    cues = make_cues([spoken_at(YOUNG_MAN, "Ana", 0), spoken_at(PANGRAM, None, 2.7)], NETFLIX)
    assert "\n- A rápida" in write_srt(cues)


def test_webvtt_has_a_voice_tag_in_each_cue() -> None:
    captions = webvtt.from_string(write_vtt(make_cues(DUO, NETFLIX))).captions
    assert [caption.voice for caption in captions] == ["Ana", "Rui", "Ana"]


def test_a_name_cannot_break_out_of_its_voice_tag() -> None:
    cues = make_cues([spoken_at(YOUNG_MAN, "<b>R&B\n --> x", 0)], NETFLIX)
    assert "\n<v &lt;b&gt;R&amp;B --&gt; x>He was not" in write_vtt(cues)
    assert "<b>" not in write_srt(cues)


def test_plain_text_has_a_paragraph_for_each_turn() -> None:
    text = " ".join(segment["text"] for segment in DUO)
    assert write_text(text, DUO).split("\n\n") == [
        f"Ana: {YOUNG_MAN['text']}",
        f"Rui: {PANGRAM['text']}",
        f"Ana: {YOUNG_MAN['text']}\n",
    ]


def test_without_speakers_no_name_is_written() -> None:
    cues = make_cues([spoken_at(YOUNG_MAN, None, 0), spoken_at(PANGRAM, None, 2.7)], NETFLIX)
    assert ":" not in letters(cue.text for cue in cues)
    assert "<v" not in write_vtt(cues)
    assert "- " not in write_srt(cues)


def test_both_parties_of_a_call_can_be_read_while_they_talk_at_once() -> None:
    call = [spoken_at(JFK, "CHANNEL_00", 0), spoken_at(DASHWOOD, "CHANNEL_01", 0.5)]
    cues = make_cues(call, NETFLIX)
    assert spoken_by(cues, "CHANNEL_00") == letters([JFK["text"]])
    assert spoken_by(cues, "CHANNEL_01") == letters([DASHWOOD["text"]])
    assert all(one.start_ms <= other.start_ms for one, other in pairwise(cues))
    for cue in cues:
        shown_s = (cue.end_ms - cue.start_ms) / 1000
        assert len(cue.text) / shown_s <= 1.05 * NETFLIX.max_chars_per_s
    for own in ("CHANNEL_00", "CHANNEL_01"):
        of_one = [cue for cue in cues if cue.speaker == own]
        assert all(one.end_ms <= other.start_ms for one, other in pairwise(of_one))


def test_words_keep_their_times_where_two_speak_at_once() -> None:
    cues = make_cues([spoken_at(JFK, "A", 0), spoken_at(YOUNG_MAN, "B", 3)], NETFLIX)
    (own,) = (cue for cue in cues if cue.speaker == "B")
    assert own.start_ms == 3000
    starts = {word["word"]: word["start"] for word in JFK["words"]}
    for cue in (cue for cue in cues if cue.speaker == "A"):
        assert cue.start_ms <= 1000 * starts[cue.text.split()[0]] + 1


def test_an_interjection_hides_no_words() -> None:
    cues = make_cues(
        [spoken_at(JFK, "A", 0), {**spoken_at(YOUNG_MAN, "B", 4), "end": 6.6}], NETFLIX
    )
    for word in JFK["words"]:
        middle_ms = 500 * (word["start"] + word["end"])
        on_screen = [one for one in cues if one.start_ms <= middle_ms <= one.end_ms + 1100]
        assert any(word["word"] in one.text for one in on_screen if one.speaker == "A")


def test_turns_that_follow_each_other_do_not_overlap() -> None:
    cues = make_cues(DUO, NETFLIX)
    assert all(other.start_ms - one.end_ms >= 84 for one, other in pairwise(cues))


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", None]),
            st.floats(0, 30),
            st.floats(0, 5),
            st.lists(st.text("abcde.,", min_size=1, max_size=9), min_size=1, max_size=12),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from([None, 0.4, 10, 40]),
)
def test_no_word_is_lost_and_each_has_its_speaker(
    turns: list[tuple[str | None, float, float, list[str]]], duration_s: float | None
) -> None:
    segments = [
        {"text": " ".join(words), "start": at, "end": at + length, "speaker": speaker}
        for speaker, at, length, words in turns
    ]
    cues = make_cues(segments, NETFLIX, duration_s=duration_s)
    for speaker in {speaker for speaker, *_ in turns}:
        expected = letters(" ".join(words) for who, _, _, words in turns if who == speaker)
        assert sorted(spoken_by(cues, speaker)) == sorted(expected)
    assert all(one.start_ms <= other.start_ms for one, other in pairwise(cues))
    most_ms = 40_000 if duration_s is None else duration_s * 1000
    assert all(0 <= cue.start_ms < cue.end_ms <= most_ms for cue in cues)
    read = pysubs2.SSAFile.from_string(write_srt(cues), format_="srt")
    assert [(event.start, event.end) for event in read] == [
        (cue.start_ms, cue.end_ms) for cue in cues
    ]
