"""Word times are aligned with the energy of the sound."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.timing import LEAD_S, refine_times
from services.transcriber.transcript import Word

QUIET, NOISY, DEAFENING = 1e-4, 3e-3, 0.1

Voices = Sequence[tuple[float, float]]


def make_sound(*voices: tuple[float, float], seconds: float, noise: float) -> NDArray[np.float32]:
    """Return noise with a voiced sound between each pair of times."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    sound = noise * np.random.default_rng(seed=1).standard_normal(len(time_s))
    for start_s, end_s in voices:
        is_voiced = (time_s >= start_s) & (time_s < end_s)
        sound[is_voiced] += 0.2 * np.sin(2 * np.pi * 150 * time_s[is_voiced])
    return sound.astype(np.float32)


def make_words(*times: tuple[float, float]) -> list[Word]:
    return [Word(f" {number}", start, end, 0.9) for number, (start, end) in enumerate(times)]


def make_spans(*times: tuple[float, float]) -> list[Span]:
    return [
        Span(round(start * SAMPLE_RATE_HZ), round(end * SAMPLE_RATE_HZ)) for start, end in times
    ]


def get_times(words: Sequence[Word]) -> list[tuple[float, float]]:
    return [(word.start, word.end) for word in words]


@pytest.mark.parametrize("noise", [QUIET, NOISY])
@pytest.mark.parametrize("recognized_at", [0.6, 0.85, 1.2, 1.4])
def test_the_first_word_after_a_pause_starts_just_before_the_sound_does(
    noise: float, recognized_at: float
) -> None:
    sound = make_sound((1.0, 2.5), seconds=4, noise=noise)
    words = make_words((recognized_at, 1.6), (1.6, 2.5))
    first, second = refine_times(words, sound, make_spans((0.6, 2.9)))
    assert first.start == pytest.approx(1.0 - LEAD_S, abs=0.03)
    assert second.start == pytest.approx(1.6)


@pytest.mark.parametrize("noise", [QUIET, NOISY])
def test_a_word_across_a_pause_belongs_to_the_sound_with_most_of_it(noise: float) -> None:
    sound = make_sound((0.5, 1.5), (3.0, 4.0), seconds=5, noise=noise)
    words = make_words((0.5, 1.0), (1.0, 1.5), (1.45, 3.4), (3.4, 4.0))
    refined = refine_times(words, sound, make_spans((0.2, 4.4)))
    assert refined[1].end == pytest.approx(1.5, abs=0.03)
    assert refined[2].start == pytest.approx(3.0 - LEAD_S, abs=0.03)
    assert refined[2].end == pytest.approx(3.4, abs=0.03)


@pytest.mark.parametrize("recognized", [(1.5, 1.7), (1.5, 1.9), (1.48, 2.1)])
def test_a_word_in_the_pause_after_a_sound_that_has_all_its_words_belongs_to_the_next(
    recognized: tuple[float, float],
) -> None:
    sound = make_sound((0.5, 1.5), (2.2, 3.0), seconds=4, noise=QUIET)
    words = make_words((0.5, 1.0), (1.0, 1.5), recognized, (2.4, 3.0))
    refined = refine_times(words, sound, make_spans((0.2, 1.8), (1.9, 3.4)))
    assert refined[1].end == pytest.approx(1.5, abs=0.06)
    assert refined[2].start == pytest.approx(2.2 - LEAD_S, abs=0.03)
    assert refined[3].start == pytest.approx(2.4, abs=0.03)


def test_a_word_that_is_missing_after_a_long_silence_is_moved_there() -> None:
    sound = make_sound((0.5, 1.5), (9.2, 10.2), seconds=11, noise=QUIET)
    words = make_words((0.5, 1.0), (1.0, 1.5), (1.55, 1.8), (9.5, 10.2))
    refined = refine_times(words, sound, make_spans((0.2, 1.8), (8.9, 10.5)))
    assert refined[2].start == pytest.approx(9.2 - LEAD_S, abs=0.03)
    words[3] = make_words((9.2, 10.2))[0]
    assert refine_times(words, sound, make_spans((0.2, 1.8), (8.2, 10.5)))[2].start < 1.6


@pytest.mark.parametrize("next_start_s", [4.4, 4.55, 4.6])
def test_a_removed_silence_does_not_separate_a_word_from_the_sound_after_it(
    next_start_s: float,
) -> None:
    """The word precedes the next sound directly in the model's input, without the pause."""
    sound = make_sound((0.5, 1.5), (4.5, 5.5), seconds=6, noise=QUIET)
    words = make_words((0.5, 1.0), (1.0, 1.48), (1.48, 1.8), (next_start_s, 5.5))
    refined = refine_times(words, sound, make_spans((0.2, 1.8), (4.3, 5.8)))
    assert refined[1].end == pytest.approx(1.5, abs=0.03)
    assert refined[2].start == pytest.approx(4.5 - LEAD_S, abs=0.03)


def test_a_last_word_belongs_to_a_sound_without_enough_words() -> None:
    sound = make_sound((0.5, 1.5), (2.2, 3.0), seconds=4, noise=QUIET)
    words = make_words((0.5, 1.0), (1.52, 1.8), (2.2, 3.0))
    assert refine_times(words, sound, make_spans((0.2, 3.4)))[1].start < 1.55


@pytest.mark.parametrize("recognized", [(1.5, 2.6), (1.5, 2.05)])
def test_a_word_that_starts_in_a_breath_belongs_to_the_voice_after_it(
    recognized: tuple[float, float],
) -> None:
    sound = make_sound((0.5, 1.5), (2.4, 3.0), seconds=4, noise=QUIET)
    breath = slice(round(1.5 * SAMPLE_RATE_HZ), round(2.1 * SAMPLE_RATE_HZ))
    sound[breath] = np.random.default_rng(2).standard_normal(sound[breath].shape) * 0.006
    words = make_words((0.5, 1.0), (1.0, 1.5), recognized, (2.6, 3.0))
    refined = refine_times(words, sound, make_spans((0.2, 2.2), (2.2, 3.4)))
    assert refined[2].start == pytest.approx(2.4 - LEAD_S, abs=0.03)


@pytest.mark.parametrize("recognized_at", [1.75, 1.95, 2.1])
def test_a_word_does_not_start_in_the_noise_before_it(recognized_at: float) -> None:
    """Loud noise ends, somebody takes a breath and speaks; speech is detected late."""
    sound = make_sound((2.3, 3.5), seconds=5, noise=QUIET)
    loud, breath = slice(0, 2 * SAMPLE_RATE_HZ), slice(2 * SAMPLE_RATE_HZ, 37_000)
    random = np.random.default_rng(2)
    sound[loud] = random.standard_normal(sound[loud].shape) * 0.3
    sound[breath] += random.standard_normal(sound[breath].shape) * 0.004
    words = make_words((recognized_at, 2.6), (2.6, 3.5))
    refined = refine_times(words, sound, make_spans((1.75, 3.9)))
    assert refined[0].start == pytest.approx(2.3 - LEAD_S, abs=0.03)
    assert refined[1].start == pytest.approx(2.6)


def test_a_noise_without_words_does_not_take_a_word_from_the_sound_after_it() -> None:
    """Speech is detected in noise, and the first word seems to start there."""
    sound = make_sound((4.3, 5.5), seconds=7, noise=QUIET)
    loud = slice(0, 4 * SAMPLE_RATE_HZ)
    sound[loud] = np.random.default_rng(2).standard_normal(sound[loud].shape) * 0.2
    words = make_words((3.7, 4.5), (4.5, 5.5))
    refined = refine_times(words, sound, make_spans((0.2, 5.9)))
    assert refined[0].start == pytest.approx(4.3 - LEAD_S, abs=0.03)
    assert refined[1].start == pytest.approx(4.5)


@pytest.mark.parametrize("noise", [QUIET, NOISY])
def test_the_last_word_before_a_pause_ends_when_the_sound_does(noise: float) -> None:
    sound = make_sound((0.5, 1.5), (4.0, 5.0), seconds=6, noise=noise)
    words = make_words((0.5, 1.0), (1.0, 2.4), (4.0, 5.0))
    refined = refine_times(words, sound, make_spans((0.2, 1.9), (3.7, 5.4)))
    assert refined[1].end == pytest.approx(1.5, abs=0.03)


def test_words_in_continuous_speech_keep_their_times() -> None:
    sound = make_sound((0.5, 3.5), seconds=4, noise=QUIET)
    words = make_words((0.5, 1.1), (1.1, 1.7), (1.9, 2.6), (2.6, 3.5))
    refined = refine_times(words, sound, make_spans((0.2, 3.8)))
    assert get_times(refined)[1:3] == [(1.1, 1.7), (1.9, 2.6)]


def test_the_closure_of_a_consonant_is_not_a_pause() -> None:
    sound = make_sound((0.5, 1.0), (1.1, 2.0), seconds=3, noise=QUIET)
    words = make_words((0.5, 0.8), (0.9, 1.4), (1.4, 2.0))
    refined = refine_times(words, sound, make_spans((0.2, 2.4)))
    assert refined[1].start == 0.9


def test_a_click_in_a_pause_is_not_a_word() -> None:
    sound = make_sound((0.5, 1.0), (1.6, 1.62), (2.0, 3.0), seconds=4, noise=QUIET)
    words = make_words((0.5, 1.0), (1.65, 2.4), (2.4, 3.0))
    refined = refine_times(words, sound, make_spans((0.2, 3.4)))
    assert refined[1].start == pytest.approx(2.0 - LEAD_S, abs=0.03)


def test_where_noise_hides_the_pauses_words_keep_their_times() -> None:
    sound = make_sound((1.0, 2.0), seconds=3, noise=DEAFENING)
    words = make_words((0.9, 1.5), (1.5, 2.1))
    refined = refine_times(words, sound, make_spans((0.6, 2.4)))
    assert get_times(refined) == get_times(words)


def test_a_breath_before_the_word_is_not_its_start() -> None:
    sound = make_sound((1.5, 2.5), seconds=4, noise=QUIET)
    breath = slice(round(1.0 * SAMPLE_RATE_HZ), round(1.5 * SAMPLE_RATE_HZ))
    generator = np.random.default_rng(seed=2)
    sound[breath] += 0.004 * generator.standard_normal(breath.stop - breath.start)
    words = make_words((1.42, 2.0), (2.0, 2.5))
    refined = refine_times(words, sound, make_spans((0.8, 2.9)))
    assert refined[0].start == pytest.approx(1.5 - LEAD_S, abs=0.03)


def test_words_stay_in_order_and_never_overlap_with_any_model_times() -> None:
    random = np.random.default_rng(seed=3)
    for _ in range(50):
        edges = np.sort(random.uniform(0, 10, size=8)).tolist()
        voices = [*zip(edges[::2], edges[1::2], strict=True)]
        starts = np.sort(random.uniform(0, 10, size=12))
        words = make_words(*((start, start + random.uniform(0, 1.5)) for start in starts.tolist()))
        sound = make_sound(*voices, seconds=10, noise=QUIET)
        refined = refine_times(words, sound, make_spans((0, 10)))
        assert [word.word for word in refined] == [word.word for word in words]
        times = [time for pair in get_times(refined) for time in pair]
        assert times == sorted(times)


def test_words_speech_and_samples_may_be_empty() -> None:
    words = make_words((0.0, 0.5))
    assert refine_times([], make_sound(seconds=1, noise=QUIET), make_spans((0, 1))) == []
    assert refine_times(words, make_sound(seconds=1, noise=QUIET), []) == words
    assert refine_times(words, np.empty(0, np.float32), []) == words
