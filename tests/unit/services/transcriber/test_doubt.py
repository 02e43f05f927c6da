"""Segments that may be hallucinated are marked or dropped, and others are kept."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from services.transcriber.doubt import (
    Evidence,
    Verdict,
    find_doubtful,
    find_first_confidences,
    join,
    judge,
    weigh,
)
from services.transcriber.transcript import Segment, Word

SURE = Evidence(
    log_probability=-0.15,
    no_speech=0.2,
    temperature=0.0,
    confidence=0.9,
    word_log_probability=-0.12,
)
VOICED = 0.8


def make_words(text: str, confidence: float = 0.9) -> list[tuple[str, float]]:
    return [(f" {word}", confidence) for word in text.split()]


def test_confident_words_are_kept() -> None:
    assert judge(make_words("ask not"), SURE, voice=VOICED) is Verdict.KEEP


def test_a_single_unusual_word_does_not_mark_a_segment() -> None:
    words = [*make_words("the open source"), (" PBX.", 0.25)]
    assert judge(words, SURE, voice=VOICED) is Verdict.KEEP


def test_a_high_no_speech_probability_alone_does_not_mark_a_segment() -> None:
    assert judge(make_words("ask not"), replace(SURE, no_speech=0.9), voice=VOICED) is Verdict.KEEP


@pytest.mark.parametrize(
    "evidence",
    [
        replace(SURE, word_log_probability=-0.6),
        replace(SURE, log_probability=-0.35, temperature=0.4),
        replace(SURE, confidence=0.5),
    ],
)
def test_confident_words_of_a_weak_passage_are_marked(evidence: Evidence) -> None:
    assert judge(make_words("bless you", 0.95), evidence, voice=VOICED) is Verdict.MARK


def test_a_confident_sampled_passage_is_kept() -> None:
    assert (
        judge(make_words("ask not"), replace(SURE, temperature=0.4), voice=VOICED) is Verdict.KEEP
    )


@pytest.mark.parametrize("log_probability", [-0.45, -0.65])
def test_a_low_probability_of_the_end_of_a_text_does_not_mark_its_words(
    log_probability: float,
) -> None:
    cut = replace(SURE, log_probability=log_probability, confidence=0.76, word_log_probability=-0.4)
    assert judge(make_words("and so my fellow americans"), cut, voice=VOICED) is Verdict.KEEP
    assert judge([(" ask", 0.28), (" not", 0.63)], cut, voice=VOICED) is Verdict.KEEP


def test_weak_words_of_a_confident_passage_are_marked() -> None:
    assert judge(make_words("tra la", 0.2), SURE, voice=VOICED) is Verdict.MARK


def test_one_weak_word_of_a_confident_passage_does_not_mark_a_segment() -> None:
    assert judge(make_words("standard", 0.2), SURE, voice=VOICED) is Verdict.KEEP


def test_words_without_a_voice_are_marked_and_dropped_if_they_are_weak_too() -> None:
    unsure = replace(SURE, confidence=0.4, word_log_probability=-1.1)
    assert judge(make_words("thank you"), SURE, voice=0.05) is Verdict.MARK
    assert judge(make_words("thank you", 0.3), unsure, voice=0.05) is Verdict.DROP


def test_a_guess_for_no_speech_is_dropped() -> None:
    guess = replace(SURE, log_probability=-1.3, no_speech=0.8)
    assert judge(make_words("thanks for watching"), guess, voice=VOICED) is Verdict.DROP


def test_words_in_a_language_with_a_low_probability_are_marked() -> None:
    assert judge(make_words("a"), SURE, voice=VOICED, language_probability=0.2) is Verdict.MARK


def test_a_loop_counts_with_its_first_occurrence() -> None:
    loop = [("La", 0.3), ("la", 0.9), ("la.", 0.99), ("la", 0.99)]
    segment = SimpleNamespace(
        avg_logprob=-0.3,
        no_speech_prob=0.1,
        temperature=None,
        words=[SimpleNamespace(word=f" {word}", probability=sure) for word, sure in loop],
    )
    assert weigh(segment) == Evidence(-0.3, 0.1, 0.0, 0.3, math.log(0.3))


def test_a_passage_without_a_letter_has_no_confidence() -> None:
    segment = SimpleNamespace(avg_logprob=-0.3, no_speech_prob=0.1, temperature=0.0, words=None)
    assert weigh(segment) == Evidence(-0.3, 0.1, 0.0, 0.0, math.log(0.01))


def test_two_passages_are_weighted_by_their_words() -> None:
    other = Evidence(-0.55, 0.6, 0.2, 0.5, word_log_probability=-0.72)
    found = join([SURE, SURE, SURE, other])
    assert found.log_probability == pytest.approx(-0.25)
    assert found.word_log_probability == pytest.approx(-0.27)
    assert found.no_speech == pytest.approx(0.3)
    assert found.confidence == pytest.approx(0.8)
    assert found.temperature == 0


@pytest.mark.parametrize("text", ["", " .", " . .", " ♪ ♪", " - ..."])
def test_a_segment_without_a_letter_is_dropped(text: str) -> None:
    assert judge([(text, 0.9)], SURE, voice=VOICED) is Verdict.DROP


WEAK = replace(SURE, confidence=0.57, word_log_probability=-0.7)


def test_a_confident_sentence_beside_a_weak_one_of_its_passage_is_kept() -> None:
    sentence = make_words("he was not an ill disposed young man", 0.93)
    assert judge(sentence, WEAK, voice=VOICED) is Verdict.KEEP


def test_a_few_confident_words_do_not_outweigh_a_weak_passage() -> None:
    assert judge(make_words("thank you", 0.97), WEAK, voice=VOICED) is Verdict.MARK


def test_a_fluent_sentence_of_a_hallucinated_passage_is_marked() -> None:
    hallucinated = replace(SURE, confidence=0.45, word_log_probability=-1.0)
    sentence = make_words("I am going to the store to get some milk", 0.8)
    assert judge(sentence, hallucinated, voice=VOICED) is Verdict.MARK


def test_a_repeated_word_has_the_confidence_of_its_first_occurrence_in_the_passage() -> None:
    other = replace(SURE, confidence=0.7)
    words = [(" La", 0.3, SURE), (" la,", 0.95, SURE), (" la", 0.99, SURE), (" La", 0.9, other)]
    assert find_first_confidences(
        (Word(text, 0.0, 1.0, confidence), passage) for text, confidence, passage in words
    ) == [0.3, 0.3, 0.3, 0.9]


def test_a_word_that_repeats_its_letters_again_and_again_is_marked() -> None:
    assert judge(make_words("Neko" + "ta" * 30), SURE, voice=VOICED) is Verdict.MARK
    assert judge(make_words("hahaha 1000000 www"), SURE, voice=VOICED) is Verdict.KEEP


def _segment(words: int, *, is_marked: bool) -> Segment:
    spoken = tuple(Word(" no", at, at + 0.2, 0.9) for at in range(words))
    return Segment(" no" * words, 0.0, float(words), spoken, is_marked=is_marked)


@pytest.mark.parametrize(
    ("words", "before", "after", "expected"),
    [
        (1, True, True, True),
        (2, True, True, True),
        (3, True, True, False),
        (1, True, False, False),
        (1, False, True, False),
        (0, True, True, False),
    ],
)
def test_a_short_segment_between_doubtful_ones_is_doubtful(
    *, words: int, before: bool, after: bool, expected: bool
) -> None:
    segments = [
        _segment(5, is_marked=before),
        _segment(words, is_marked=False),
        _segment(5, is_marked=after),
    ]
    assert find_doubtful(segments) == [before, expected, after]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_segments_are_judged_by_themselves(count: int) -> None:
    segments = [_segment(5, is_marked=True), _segment(1, is_marked=False)]
    assert find_doubtful(segments[:count]) == [True, False][:count]


@pytest.mark.parametrize(
    ("log_probability", "verdict"), [(-0.55, Verdict.KEEP), (-0.8, Verdict.MARK)]
)
def test_certain_words_of_a_very_uncertain_passage_are_marked(
    log_probability: float, verdict: Verdict
) -> None:
    evidence = replace(SURE, log_probability=log_probability)
    assert judge(make_words("they look so certain"), evidence, voice=VOICED) is verdict
