"""Recognized words become segments with times and marks."""

import numpy as np
import pytest

from benchmarks.services.signals import read_sound
from services.transcriber.detection import Speech
from services.transcriber.doubt import Evidence
from services.transcriber.frames import FRAME
from services.transcriber.recognition import RecognizedWord
from services.transcriber.section import LEAD_IN_S, Section, compose_segments
from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.transcript import Segment, Transcript, Word
from tests.support.whispers import whisper
from tests.support.work_context import SAMPLES

SURE = Evidence(-0.1, 0.01, 0.0, confidence=0.95, word_log_probability=-0.06)
WEAK = Evidence(-0.5, 0.1, 0.0, confidence=0.62, word_log_probability=-0.55)
GUESSED = Evidence(-0.9, 0.2, 0.0, confidence=0.4, word_log_probability=-1.1)


SECOND = SAMPLE_RATE_HZ / FRAME


def make_section(*voiced_s: tuple[float, float]) -> Section:
    """Return ten seconds of sound without pauses, with a voice at the given times."""
    samples = np.full(10 * SAMPLE_RATE_HZ, 0.1, np.float32)
    probabilities = np.zeros(len(samples) // FRAME, np.float32)
    for start_s, end_s in voiced_s:
        probabilities[int(start_s * SECOND) : int(end_s * SECOND) + 1] = 0.6
    return Section(samples, Speech((Span(0, len(samples)),), probabilities), (), 0.0)


def compose(*words: tuple[str, float, float], evidence: Evidence = SURE) -> list[Segment]:
    """Return the segments of words in sound without pauses."""
    recognized = [
        RecognizedWord(Word(word, start, end, evidence.confidence), evidence, "en")
        for word, start, end in words
    ]
    return compose_segments(recognized, make_section((0.0, 10.0)), language_probability=1.0)


def test_a_segment_starts_before_its_first_word_and_the_word_keeps_its_time() -> None:
    (segment,) = compose((" Ask", 2.0, 2.5), (" not.", 2.5, 3.0))
    assert segment.start == pytest.approx(2.0 - LEAD_IN_S)
    assert segment.words[0].start == 2.0


def test_a_segment_never_starts_before_the_previous_one_ends() -> None:
    first, second = compose((" Ask", 0.1, 0.5), (" not.", 0.5, 3.0), (" Ask", 3.16, 3.5))
    assert first.start == 0.0
    assert second.start == first.end == 3.0


@pytest.mark.parametrize(("evidence", "is_marked"), [(SURE, False), (GUESSED, True)])
def test_segments_that_may_be_hallucinated_are_marked(
    evidence: Evidence, *, is_marked: bool
) -> None:
    (segment,) = compose((" Ask", 2.0, 2.5), (" not.", 2.5, 3.0), evidence=evidence)
    assert (segment.is_marked, segment.language) == (is_marked, "en")


def test_a_pause_within_a_segment_does_not_count_against_its_voice() -> None:
    times_s = ((2.0, 2.3), (3.2, 3.5))
    recognized = [RecognizedWord(Word(" ask", *at, 0.9), SURE, "en") for at in times_s]
    (segment,) = compose_segments(recognized, make_section(*times_s), language_probability=1.0)
    assert not segment.is_marked


@pytest.mark.parametrize("passages", [(SURE, GUESSED), (WEAK, WEAK)])
def test_weak_words_do_not_mark_the_confident_segment_before_them(
    passages: tuple[Evidence, Evidence],
) -> None:
    sure = [Word(f" word{number}", number / 2, number / 2 + 0.5, 0.95) for number in range(8)]
    weak = [Word(" Thank", 5.5, 6.0, 0.3), Word(" you.", 6.0, 6.5, 0.3)]
    recognized = [
        RecognizedWord(word, passage, "en")
        for words, passage in zip((sure, weak), passages, strict=True)
        for word in words
    ]
    segments = compose_segments(recognized, make_section((0.0, 10.0)), language_probability=1.0)
    assert [segment.is_marked for segment in segments] == [False, True]


def test_whispering_is_found_at_the_times_of_the_recording() -> None:
    clip = read_sound(SAMPLES / "jfk.wav", rate_hz=SAMPLE_RATE_HZ, layout="mono")[:, 0]
    samples = whisper(clip).astype(np.float32)
    speech = Speech((), np.zeros(len(samples) // FRAME, np.float32))
    section = Section(samples, speech, (), start_s=60.0)
    found = section.add(Transcript(whispered=((8.0, 12.0),)), [], [], len(samples)).whispered
    assert found[0] == (8.0, 12.0)
    assert [60 <= start_s < end_s <= 71 for start_s, end_s in found[1:]] == [True]


@pytest.mark.parametrize(
    ("word_s", "voiced_s", "is_marked"),
    [
        ((2.0, 2.4), (2.2, 4.0), False),
        ((2.0, 2.4), (1.5, 2.2), False),
        ((2.0, 2.4), (3.0, 4.0), True),
        ((0.0, 0.3), (0.1, 0.3), False),
    ],
)
def test_a_voice_that_is_detected_close_to_a_word_counts(
    word_s: tuple[float, float], voiced_s: tuple[float, float], *, is_marked: bool
) -> None:
    recognized = [RecognizedWord(Word(" And", *word_s, 0.9), SURE, "en")]
    (segment,) = compose_segments(recognized, make_section(voiced_s), language_probability=1.0)
    assert segment.is_marked is is_marked
