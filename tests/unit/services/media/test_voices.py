"""Decide from a survey which channels carry voices."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from benchmarks.services.signals import make_music
from services.media.survey import Survey
from services.media.voices import Channels, Voices, find_voices, plain_mix
from tests.support.recordings import (
    AUSTEN,
    JFK,
    LENGTH,
    RATE_HZ,
    Sound,
    load,
    make_call,
    place,
)


def detect(
    *channels: Sound, mode: Channels = "auto", layout: Sequence[str] | None = None
) -> Voices:
    samples = np.stack(channels).astype(np.float32)
    survey = Survey(len(samples), RATE_HZ)
    for start in range(0, samples.shape[1], RATE_HZ):
        survey.add(samples[:, start : start + RATE_HZ])
    survey.finish()
    return find_voices(survey, mode, layout)


def shift(sound: Sound, samples: int) -> Sound:
    return np.concatenate([np.zeros(samples, np.float32), sound[:-samples]])


def make_calls() -> dict[str, Sequence[Sound]]:
    first, second = make_call()
    little = place(load(AUSTEN)[: round(1.3 * RATE_HZ)], 12)
    return {
        "both at once": (first, second),
        "crosstalk": (first + 0.1 * second, second + 0.1 * first),
        "who says little": (first, little),
        "a quiet party": (first, 0.1 * second),
        "three": (place(load(JFK), 0), place(load(AUSTEN), 10), place(load(AUSTEN), 17)),
        "two of three": (first, np.zeros_like(first), second),
    }


def make_stereo() -> dict[str, Sequence[Sound]]:
    first, second = make_call()
    music = make_music(LENGTH, rate_hz=RATE_HZ).T.astype(np.float32) * 0.3
    return {
        "one voice": (first, first),
        "another level": (first, 0.1 * first),
        "another delay": (first, shift(first, 400)),
        "one silent": (first, np.zeros_like(first)),
        "music": tuple(music),
        "wide music": (music[0] - 0.8 * music[1], music[1] - 0.8 * music[0]),
        "voice over music": (first + music[0], first + music[1]),
        "voice beside music": (first, music[1]),
        "interview": (first + 0.4 * shift(second, 60), second + 0.4 * shift(first, 60)),
        "panned": (first + 0.3 * second, second + 0.3 * first),
    }


@pytest.mark.parametrize(
    ("make", "name", "expected"),
    [
        *((make_calls, name, "separate") for name in make_calls()),
        *((make_stereo, name, "mix") for name in make_stereo()),
    ],
)
def test_only_channels_that_are_clearly_different_voices_are_separated(
    make: Callable[[], dict[str, Sequence[Sound]]], name: str, expected: str
) -> None:
    assert detect(*make()[name]).is_separate == (expected == "separate")


def test_silent_channels_are_left_out() -> None:
    first, second = make_call()
    voices = detect(first, np.zeros_like(first), second)
    np.testing.assert_array_equal(voices.weights, [[1, 0, 0], [0, 0, 1]])


def test_a_copy_with_inverted_polarity_is_inverted_back() -> None:
    first, _ = make_call()
    np.testing.assert_allclose(np.abs(detect(first, -0.9 * first).weights), [[0.5, 0.5]])
    assert np.prod(detect(first, -0.9 * first).weights) < 0


def test_of_copies_whose_polarity_changes_one_is_used() -> None:
    first, _ = make_call()
    half = 5 * RATE_HZ
    changed = np.concatenate([first[:half], -first[half:]])
    assert np.count_nonzero(detect(first, changed).weights) == 1


def test_the_quieter_of_two_voices_is_amplified_in_a_mix() -> None:
    first, second = make_call()
    loud, quiet = detect(first, 0.1 * second, mode="mix").weights[0]
    assert quiet > 4 * loud


def test_an_lfe_channel_is_used_only_if_it_carries_a_voice() -> None:
    first, _ = make_call()
    tone = np.sin(2 * np.pi * 40 * np.arange(LENGTH) / RATE_HZ).astype(np.float32)
    layout = ("FL", "FR", "LFE")
    assert detect(first, first, tone, layout=layout).weights[0, 2] == 0
    assert detect(0 * first, 0 * first, first, layout=layout).weights[0, 2] == 1


def test_a_downmix_to_stereo_keeps_the_sides() -> None:
    voices = plain_mix(3).to_stereo(("FL", "FR", "FC"))
    np.testing.assert_array_equal(voices.weights > 0, [[True, False, True], [False, True, True]])
    np.testing.assert_array_equal(plain_mix(2).to_stereo(None).weights, np.eye(2))


def test_more_voices_than_a_file_can_hold_share_the_last_channel() -> None:
    parties = [place(load(JFK)[: 2 * RATE_HZ], 2 * number) for number in range(10)]
    weights = detect(*parties, mode="separate").weights
    assert weights.shape == (8, 10)
    assert np.count_nonzero(weights, axis=1).tolist() == [1] * 7 + [3]


def test_silence_has_one_voice() -> None:
    assert detect(np.zeros(LENGTH, np.float32), np.zeros(LENGTH, np.float32)).weights.shape == (
        1,
        2,
    )
