"""Spans of speech are found from the probabilities of the frames."""

from itertools import pairwise

import numpy as np
import pytest

from services.transcriber.detection import PADDING, Speech, detect_speech, find_spans
from services.transcriber.frames import FRAME
from services.transcriber.speech import SAMPLE_RATE_HZ, Span

SECOND = SAMPLE_RATE_HZ // FRAME  # frames


def voiced(*parts: tuple[float, float]) -> np.ndarray:
    """Return the frames' probabilities, for parts of seconds and a probability."""
    return np.concatenate(
        [np.full(round(seconds * SECOND), value, np.float32) for seconds, value in parts]
    )


def test_speech_gets_a_margin_on_both_sides() -> None:
    probabilities = voiced((2, 0), (1, 0.9), (2, 0))
    (span,) = find_spans(probabilities, len(probabilities) * FRAME)
    assert span == Span(2 * SECOND * FRAME - PADDING, 3 * SECOND * FRAME + PADDING)


def test_a_short_pause_does_not_split_a_span_and_a_long_one_is_divided() -> None:
    probabilities = voiced((1, 0.9), (0.1, 0.0), (1, 0.9), (0.5, 0.0), (1, 0.9))
    first, second = find_spans(probabilities, len(probabilities) * FRAME)
    assert first.end == second.start
    assert first.length > 2 * SAMPLE_RATE_HZ


def test_frames_between_the_thresholds_continue_speech_but_do_not_start_it() -> None:
    assert find_spans(voiced((3, 0.4)), 3 * SAMPLE_RATE_HZ) == []
    (span,) = find_spans(voiced((1, 0.9), (1, 0.4), (1, 0.9)), 3 * SECOND * FRAME)
    assert span == Span(0, 3 * SECOND * FRAME)


def test_no_span_is_longer_than_the_window_of_the_model() -> None:
    probabilities = voiced((25, 0.9), (0.1, 0.4), (40, 0.9))
    spans = find_spans(probabilities, len(probabilities) * FRAME)
    assert max(span.length for span in spans) <= 30 * SAMPLE_RATE_HZ
    assert spans[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert abs(spans[0].end / SAMPLE_RATE_HZ - 25) < 0.5


@pytest.mark.parametrize("length", [0, 1, FRAME, SAMPLE_RATE_HZ])
def test_silence_of_any_length_has_no_speech(length: int) -> None:
    assert detect_speech(np.zeros(length, np.float32)).spans == ()


@pytest.mark.parametrize("seed", [0, 2])
def test_noise_has_no_speech(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(60 * SAMPLE_RATE_HZ).astype(np.float32)
    assert detect_speech(noise * 0.3).spans == ()


def test_voice_is_measured_in_seconds() -> None:
    speech = Speech((), voiced((1, 0.0), (2, 1.0), (1, 0.0)))
    assert speech.measure_s(0, 4 * SAMPLE_RATE_HZ) == pytest.approx(2, abs=0.1)
    assert speech.mean_probability(0, 4 * SECOND * FRAME) == pytest.approx(0.5, abs=0.05)
    assert speech.find_dip(0, 2 * SAMPLE_RATE_HZ) < SAMPLE_RATE_HZ
