"""Cues respect the style as far as no word is lost or delayed."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.captions import Cue, CueStyle, make_cues
from tests.support.speech import breaches, clips, spoken, talk, without_words

NETFLIX = CueStyle()


def shown(cues: list[Cue]) -> list[str]:
    return " ".join(cue.text for cue in cues).split()


def word(text: str, start: float, end: float) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end}


def segment(text: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"text": text, "start": start, "end": end, **more}


def test_the_default_is_the_guide_of_netflix() -> None:
    assert NETFLIX.model_dump() == {
        "max_line_chars": 42,
        "max_lines": 2,
        "min_cue_s": pytest.approx(5 / 6, abs=0.001),
        "max_cue_s": 7.0,
        "max_chars_per_s": 20.0,
        "min_gap_s": pytest.approx(2 / 23.976, abs=0.001),
    }


@pytest.mark.parametrize("clip", clips(), ids=lambda clip: clip["text"][:20])
def test_every_recorded_clip_respects_the_guide(clip: dict[str, Any]) -> None:
    cues = make_cues([clip], NETFLIX)
    assert not breaches(cues)
    assert shown(cues) == spoken([clip])


@pytest.mark.parametrize("speed", [0.8, 1.0, 1.25])
@pytest.mark.parametrize("has_words", [True, False], ids=["timed words", "segments"])
def test_a_talk_of_real_speech_respects_the_guide(speed: float, has_words: bool) -> None:  # noqa: FBT001
    segments = talk(clip_count=70, speed=speed)
    segments = segments if has_words else without_words(segments)
    cues = make_cues(segments, NETFLIX, duration_s=segments[-1]["end"] + 1)
    broken = breaches(cues)
    assert len(cues) > 50
    assert len(broken) <= 0.05 * len(cues), broken
    assert shown(cues) == spoken(segments)


def test_speech_too_fast_for_the_guide_loses_and_delays_no_word() -> None:
    segments = talk(clip_count=60, speed=4.0)
    cues = make_cues(segments, NETFLIX)
    assert breaches(cues), "nobody reads that fast"
    assert shown(cues) == spoken(segments)
    words = iter([one for part in segments for one in part["words"]])
    for cue in cues:
        letters = "".join(cue.text.split())
        while letters:
            spoken_word = next(words)
            assert cue.start_ms / 1000 <= spoken_word["start"]
            assert letters.startswith(spoken_word["word"])
            letters = letters.removeprefix(spoken_word["word"])


def test_a_long_text_without_a_pause_or_a_full_stop_is_split() -> None:
    text = " ".join(["uninterrupted", "words", "of", "somebody", "who", "never", "stops"] * 200)
    cues = make_cues([segment(text, 0, len(text) / 15)], NETFLIX)
    assert not breaches(cues)
    assert shown(cues) == text.split()


def test_cues_end_with_sentences_where_they_can() -> None:
    text = "This is a first sentence that is long. And this is a second one, longer than that."
    cues = make_cues([segment(text, 0, 6)], CueStyle(max_lines=1, max_line_chars=50))
    assert [cue.text for cue in cues] == [
        "This is a first sentence that is long.",
        "And this is a second one, longer than that.",
    ]


def test_a_title_does_not_end_a_sentence() -> None:
    text = "Yesterday evening we met the famous Mr. Dashwood of Norland Park in Sussex"
    cues = make_cues([segment(text, 0, 6)], CueStyle(max_lines=1))
    assert not any(cue.text.endswith("Mr.") for cue in cues)


def test_cues_start_with_their_first_word_and_stay_until_it_can_be_read() -> None:
    words = [word("Hello", 1.25, 1.5), word("there.", 1.5, 1.7)]
    (cue,) = make_cues([segment("Hello there.", 1.0, 2.0, words=words)], NETFLIX, duration_s=9)
    assert (cue.start_ms, cue.end_ms) == (1250, 1250 + 834)


def test_a_short_gap_between_cues_is_closed() -> None:
    first, second = segment("One two three four.", 0, 2.0), segment("Five six seven.", 2.4, 4.0)
    cues = make_cues([first, second], CueStyle(max_lines=1, max_line_chars=20))
    assert [(cue.start_ms, cue.end_ms) for cue in cues] == [(0, 2400 - 84), (2400, 4000)]


@pytest.mark.parametrize("gap_ms", range(0, 1000, 40))
def test_no_gap_is_shorter_than_half_a_second(gap_ms: int) -> None:
    first = segment("One two three four.", 0, 2)
    second = segment("Five six seven.", 2 + gap_ms / 1000, 4 + gap_ms / 1000)
    cues = make_cues([first, second], CueStyle(max_lines=1, max_line_chars=20))
    left_ms = cues[1].start_ms - cues[0].end_ms
    assert left_ms == (gap_ms if gap_ms >= 500 else 84)
    assert (cues[1].start_ms, cues[1].end_ms) == (2000 + gap_ms, 4000 + gap_ms)


def test_a_short_gap_after_a_cue_of_almost_maximum_length_is_avoided() -> None:
    for hold_s in (6.6, 6.8, 6.9, 7.0):
        for gap_s in (0.15, 0.3, 0.45):
            words = [
                word("One", 0, 0.5),
                word("two", hold_s / 2, hold_s / 2 + 0.5),
                word("three", hold_s - 0.5, hold_s),
                word("four.", hold_s + gap_s, hold_s + gap_s + 1),
            ]
            cues = make_cues([segment("One two three four.", 0, 9, words=words)], NETFLIX)
            assert not breaches(cues), (hold_s, gap_s)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("has_words", [True, False], ids=["timed words", "segments"])
def test_a_talk_has_no_gap_that_flickers(seed: int, has_words: bool) -> None:  # noqa: FBT001
    segments = talk(clip_count=40, seed=seed)
    cues = make_cues(segments if has_words else without_words(segments), NETFLIX)
    gaps_ms = [after.start_ms - before.end_ms for before, after in pairwise(cues)]
    assert not [gap_ms for gap_ms in gaps_ms if 84 < gap_ms < 500]


@pytest.mark.parametrize("duration_s", [10.4, 10.36, 10.0])
def test_no_cue_ends_after_the_audio(duration_s: float) -> None:
    (clip, *_) = clips()
    cues = make_cues([clip], NETFLIX, duration_s=duration_s)
    assert shown(cues) == spoken([clip])
    assert cues[-1].end_ms <= duration_s * 1000


def test_with_an_unknown_duration_no_cue_ends_after_the_last_word() -> None:
    cues = make_cues([segment("Yes, of course.", 1, 1.4)], NETFLIX)
    assert cues[-1].end_ms <= 1400


def test_a_word_at_the_very_end_is_shown_a_little_early() -> None:
    (cue,) = make_cues([segment("Yes.", 10.2, 10.4)], NETFLIX, duration_s=10.4)
    assert (cue.start_ms, cue.end_ms) == (9950, 10400)


def test_words_after_the_end_of_the_audio_are_not_lost() -> None:
    words = [word("one", 9, 9.5), word("two.", 12, 13)]
    cues = make_cues([segment("one two.", 9, 13, words=words)], NETFLIX, duration_s=10.4)
    assert shown(cues) == ["one", "two."]
    assert cues[-1].end_ms <= 10_400


def test_the_last_word_of_a_sentence_has_no_cue_of_its_own() -> None:
    first = "An adjective in the superlative, as every schoolboy knows, means the highest degree"
    words, at_s = [], 0.0
    for text in f"{first} of comparison only.".split():
        length_s = len(text) / 14
        words.append(word(text, at_s, at_s + length_s))
        at_s += length_s + 0.05
    segments = [  # as a transcriber cuts them that fills two lines
        segment(f"{first} of comparison", 0, words[-2]["end"], words=words[:-1]),
        segment("only.", words[-1]["start"], words[-1]["end"], words=words[-1:]),
    ]
    for duration_s in (at_s, at_s + 5, None):
        cues = make_cues(segments, NETFLIX, duration_s=duration_s)
        assert shown(cues) == spoken(segments)
        assert len(cues[-1].text.split()) > 2
        assert not breaches(cues)


@pytest.mark.parametrize("seed", range(8))
def test_no_word_is_separated_from_its_sentence(seed: int) -> None:
    draw = random.Random(seed)
    vocabulary = ["the", "degree", "of", "comparison", "only", "because", "country", "a", "three"]
    for _ in range(15):
        texts = draw.choices(vocabulary, k=draw.randint(4, 60))
        words, at_s = [], 0.0
        for text in [*texts[:-1], f"{texts[-1]}."]:
            length_s = len(text) / 15 + 0.05
            words.append(word(text, at_s, at_s + length_s))
            at_s += length_s + draw.choice([0, 0, 0, 0.3])
        whole = " ".join(one["word"] for one in words)
        cues = make_cues([segment(whole, 0, at_s, words=words)], NETFLIX, duration_s=at_s)
        assert not [cue.text for cue in cues if len(cue.text.split()) == 1]


def test_a_word_that_is_a_sentence_may_have_a_cue_of_its_own() -> None:
    segments = [segment("Will you come with me?", 0, 2), segment("No.", 3, 3.5)]
    assert [cue.text for cue in make_cues(segments, NETFLIX, duration_s=9)] == [
        "Will you come with me?",
        "No.",
    ]


def test_no_cue_has_two_languages() -> None:
    segments = [
        segment("Bom dia", 0, 1, language="pt"),
        segment("good morning", 1, 2, language="en"),
        segment("my friends", 2, 3, language="en"),
    ]
    cues = make_cues(segments, NETFLIX, language="pt")
    assert [(cue.text, cue.language) for cue in cues] == [
        ("Bom dia", "pt"),
        ("good morning my friends", "en"),
    ]


def test_words_are_not_shown_long_before_they_are_spoken() -> None:
    words = [word("well", 0, 0.5), word("now", 5.0, 5.5)]
    cues = make_cues([segment("well now", 0, 5.5, words=words)], NETFLIX)
    assert [(cue.text, cue.start_ms) for cue in cues] == [("well", 0), ("now", 5000)]


def test_a_word_longer_than_a_cue_is_cut_short() -> None:
    (cue,) = make_cues([segment("Ooooh", 0, 12)], NETFLIX)
    assert (cue.start_ms, cue.end_ms) == (0, 7000)


def test_words_that_start_together_are_shown_together() -> None:
    text = "word " * 300
    (cue,) = make_cues([segment(text, 3, 3)], NETFLIX)
    assert cue.text.split() == text.split()
    assert cue.end_ms > cue.start_ms


@pytest.mark.parametrize(
    "text",
    [
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で泣いていた。",
        "今天天气很好我们一起去公园散步吧然后在那里吃午饭再回家休息晚上看一部电影你觉得怎么样呢",
        "สวัสดีครับวันนี้เราจะมาพูดถึงเรื่องการเขียนโปรแกรมคอมพิวเตอร์ซึ่งเป็นเรื่องที่น่าสนใจมาก",
    ],
    ids=["Japanese", "Chinese", "Thai"],
)
def test_scripts_without_spaces_are_split_between_characters(text: str) -> None:
    cues = make_cues([segment(text, 0, len(text) / 5)], NETFLIX)
    assert not breaches(cues)
    assert len(cues) > 1
    assert "".join("".join(cue.lines) for cue in cues) == text
    assert not any(line[0] in "。、" for cue in cues for line in cue.lines)


def test_timed_words_of_a_script_without_spaces_are_kept_whole() -> None:
    words = [
        word(text, at * 0.5, at * 0.5 + 0.5) for at, text in enumerate(["東京", "タワー"] * 20)
    ]
    text = "".join(one["word"] for one in words)
    cues = make_cues([segment(text, 0, 20, words=words)], NETFLIX)
    lines = [line for cue in cues for line in cue.lines]
    assert "".join(lines) == text
    assert all(line.startswith(("東京", "タワー")) for line in lines)
    assert not breaches(cues)


def test_a_custom_style_is_respected() -> None:
    style = CueStyle(max_line_chars=20, max_lines=3, min_cue_s=1, max_cue_s=4, min_gap_s=0.2)
    cues = make_cues(talk(clip_count=50), style)
    assert len(breaches(cues, style)) <= 0.05 * len(cues)
    assert max(len(cue.lines) for cue in cues) == 3


def test_a_transcript_of_silence_has_no_cues() -> None:
    assert make_cues([], NETFLIX) == []
    assert make_cues([segment("  ", 0, 2)], NETFLIX) == []


times = st.one_of(st.floats(-5, 500), st.just(float("nan")), st.none())
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60)
timed_words = st.lists(
    st.fixed_dictionaries({"word": st.text(max_size=10), "start": times, "end": times}), max_size=20
)
wild = st.lists(
    st.fixed_dictionaries(
        {"text": texts, "start": times, "end": times}, optional={"words": timed_words}
    ),
    max_size=6,
)


@settings(max_examples=50)
@given(wild)
def test_any_answer_of_a_service_keeps_its_words_in_order_of_time(
    segments: list[dict[str, Any]],
) -> None:
    segments = [one for one in segments if one["text"].strip()]  # else its words are the text
    cues = make_cues(segments, NETFLIX)
    assert all(before.start_ms < after.start_ms for before, after in pairwise(cues))
    assert all(0 <= cue.start_ms < cue.end_ms for cue in cues)
    expected = sorted("".join("".join(one["text"].split()) for one in segments))
    assert sorted("".join("".join(cue.text.split()) for cue in cues)) == expected


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.floats(0, 2), st.floats(0, 2), st.text("abcde.,", min_size=1)), min_size=1
    )
)
def test_no_cue_starts_after_its_first_word(timed: list[tuple[float, float, str]]) -> None:
    words, at_s = [], 0.0
    for pause_s, length_s, text in timed:
        words.append(word(text, at_s + pause_s, at_s + pause_s + length_s))
        at_s += pause_s + length_s
    text = " ".join(one["word"] for one in words)
    starts = iter([one["start"] for one in words])
    for cue in make_cues([segment(text, words[0]["start"], at_s, words=words)], NETFLIX):
        for _ in cue.text.split():
            assert cue.start_ms / 1000 <= next(starts) + 1e-6
