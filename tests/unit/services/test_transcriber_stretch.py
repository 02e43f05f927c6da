"""How heard words become segments."""

import numpy as np
import pytest

from services.transcriber.detection import FRAME, Speech
from services.transcriber.doubt import Evidence
from services.transcriber.hearing import Said
from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.stretch import LEAD_IN_S, Stretch, compose
from services.transcriber.transcript import Segment, Word

SURE = Evidence(log_probability=-0.1, no_speech=0.01, temperature=0.0, confidence=0.95)
GUESSED = Evidence(log_probability=-0.9, no_speech=0.2, temperature=0.0, confidence=0.4)


def write(*words: tuple[str, float, float], evidence: Evidence = SURE) -> list[Segment]:
    """Return the segments of words that are heard in sound without pauses."""
    samples = np.full(10 * SAMPLE_RATE_HZ, 0.1, np.float32)
    probabilities = np.ones(len(samples) // FRAME, np.float32)
    speech = Speech((Span(0, len(samples)),), probabilities)
    said = [
        Said(Word(word, start, end, evidence.confidence), evidence, "en")
        for word, start, end in words
    ]
    return compose(said, Stretch(samples, speech, (), 0.0), language_probability=1.0)


def test_a_segment_starts_before_its_first_word_and_the_word_keeps_its_time() -> None:
    (segment,) = write((" Ask", 2.0, 2.5), (" not.", 2.5, 3.0))
    assert segment.start == pytest.approx(2.0 - LEAD_IN_S)
    assert segment.words[0].start == 2.0


def test_a_segment_never_starts_before_the_previous_one_ends() -> None:
    first, second = write((" Ask", 0.1, 0.5), (" not.", 0.5, 3.0), (" Ask", 3.16, 3.5))
    assert first.start == 0.0
    assert second.start == first.end == 3.0


@pytest.mark.parametrize(("evidence", "is_marked"), [(SURE, False), (GUESSED, True)])
def test_segments_that_may_not_have_been_said_are_marked(
    evidence: Evidence, *, is_marked: bool
) -> None:
    (segment,) = write((" Ask", 2.0, 2.5), (" not.", 2.5, 3.0), evidence=evidence)
    assert (segment.is_marked, segment.language) == (is_marked, "en")
