"""Which segments are doubted."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

from services.transcriber.doubt import (
    Evidence,
    Verdict,
    find_first_confidences,
    join,
    judge,
    weigh,
)
from services.transcriber.transcript import Word

SURE = Evidence(
    log_probability=-0.15,
    no_speech=0.2,
    temperature=0.0,
    confidence=0.9,
    word_log_probability=-0.12,
)
VOICED = 0.8


def say(text: str, confidence: float = 0.9) -> list[tuple[str, float]]:
    return [(f" {word}", confidence) for word in text.split()]


def test_what_the_model_is_sure_of_is_kept() -> None:
    assert judge(say("ask not"), SURE, voice=VOICED) is Verdict.KEEP


def test_a_single_unusual_word_is_no_doubt() -> None:
    words = [*say("the open source"), (" PBX.", 0.25)]
    assert judge(words, SURE, voice=VOICED) is Verdict.KEEP


def test_the_model_says_no_speech_of_much_that_was_said() -> None:
    assert judge(say("ask not"), replace(SURE, no_speech=0.9), voice=VOICED) is Verdict.KEEP


@pytest.mark.parametrize(
    "evidence",
    [
        replace(SURE, word_log_probability=-0.6),
        replace(SURE, log_probability=-0.35, temperature=0.4),
        replace(SURE, confidence=0.5),
    ],
)
def test_surely_written_words_of_an_unsure_passage_are_marked(evidence: Evidence) -> None:
    assert judge(say("bless you", 0.95), evidence, voice=VOICED) is Verdict.MARK


def test_a_sampled_passage_that_the_model_is_sure_of_is_kept() -> None:
    assert judge(say("ask not"), replace(SURE, temperature=0.4), voice=VOICED) is Verdict.KEEP


@pytest.mark.parametrize("log_probability", [-0.45, -0.65])
def test_doubt_about_where_a_text_ends_is_no_doubt_about_its_words(log_probability: float) -> None:
    cut = replace(SURE, log_probability=log_probability, confidence=0.76, word_log_probability=-0.4)
    assert judge(say("and so my fellow americans"), cut, voice=VOICED) is Verdict.KEEP
    assert judge([(" ask", 0.28), (" not", 0.63)], cut, voice=VOICED) is Verdict.KEEP


def test_unsure_words_of_a_sure_passage_are_marked() -> None:
    assert judge(say("tra la", 0.2), SURE, voice=VOICED) is Verdict.MARK


def test_one_unsure_word_of_a_sure_passage_is_no_doubt() -> None:
    assert judge(say("standard", 0.2), SURE, voice=VOICED) is Verdict.KEEP


def test_words_without_a_voice_are_marked_and_left_out_if_they_are_unsure_too() -> None:
    unsure = replace(SURE, confidence=0.4, word_log_probability=-1.1)
    assert judge(say("thank you"), SURE, voice=0.05) is Verdict.MARK
    assert judge(say("thank you", 0.3), unsure, voice=0.05) is Verdict.DROP


def test_a_guess_for_what_the_model_takes_for_silence_is_left_out() -> None:
    guess = replace(SURE, log_probability=-1.3, no_speech=0.8)
    assert judge(say("thanks for watching"), guess, voice=VOICED) is Verdict.DROP


def test_words_in_a_language_that_is_hardly_recognized_are_marked() -> None:
    assert judge(say("a"), SURE, voice=VOICED, language_probability=0.2) is Verdict.MARK


def test_a_loop_counts_by_what_it_began_with() -> None:
    loop = [("La", 0.3), ("la", 0.9), ("la.", 0.99), ("la", 0.99)]
    segment = SimpleNamespace(
        avg_logprob=-0.3,
        no_speech_prob=0.1,
        temperature=None,
        words=[SimpleNamespace(word=f" {word}", probability=sure) for word, sure in loop],
    )
    assert weigh(segment) == Evidence(-0.3, 0.1, 0.0, 0.3, math.log(0.3))


def test_a_passage_without_a_letter_is_not_sure_of_anything() -> None:
    segment = SimpleNamespace(avg_logprob=-0.3, no_speech_prob=0.1, temperature=0.0, words=None)
    assert weigh(segment) == Evidence(-0.3, 0.1, 0.0, 0.0, math.log(0.01))


def test_of_two_passages_each_counts_by_its_words() -> None:
    other = Evidence(-0.55, 0.6, 0.2, 0.5, word_log_probability=-0.72)
    found = join([SURE, SURE, SURE, other])
    assert found.log_probability == pytest.approx(-0.25)
    assert found.word_log_probability == pytest.approx(-0.27)
    assert found.no_speech == pytest.approx(0.3)
    assert found.confidence == pytest.approx(0.8)
    assert found.temperature == 0


@pytest.mark.parametrize("text", ["", " .", " . .", " ♪ ♪", " - ..."])
def test_a_segment_without_a_letter_says_nothing(text: str) -> None:
    assert judge([(text, 0.9)], SURE, voice=VOICED) is Verdict.DROP


WEAK = replace(SURE, confidence=0.57, word_log_probability=-0.7)


def test_a_sure_sentence_beside_a_weak_one_of_its_passage_is_kept() -> None:
    sentence = say("he was not an ill disposed young man", 0.93)
    assert judge(sentence, WEAK, voice=VOICED) is Verdict.KEEP


def test_a_few_sure_words_do_not_outweigh_a_weak_passage() -> None:
    assert judge(say("thank you", 0.97), WEAK, voice=VOICED) is Verdict.MARK


def test_a_fluent_sentence_of_an_invented_passage_is_marked() -> None:
    invented = replace(SURE, confidence=0.45, word_log_probability=-1.0)
    sentence = say("I am going to the store to get some milk", 0.8)
    assert judge(sentence, invented, voice=VOICED) is Verdict.MARK


def test_a_repeated_word_is_as_sure_as_its_first_occurrence_in_the_passage() -> None:
    other = replace(SURE, confidence=0.7)
    words = [(" La", 0.3, SURE), (" la,", 0.95, SURE), (" la", 0.99, SURE), (" La", 0.9, other)]
    assert find_first_confidences(
        (Word(text, 0.0, 1.0, confidence), passage) for text, confidence, passage in words
    ) == [0.3, 0.3, 0.3, 0.9]


def test_a_word_that_repeats_its_letters_again_and_again_is_marked() -> None:
    assert judge(say("Neko" + "ta" * 30), SURE, voice=VOICED) is Verdict.MARK
    assert judge(say("hahaha 1000000 www"), SURE, voice=VOICED) is Verdict.KEEP
