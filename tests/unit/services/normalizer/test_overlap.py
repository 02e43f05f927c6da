"""Overlapping windows are cross-faded, and only one window is in memory."""

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.normalizer.overlap import Samples, process_in_windows

WINDOW, OVERLAP = 10, 4


def make_sound(length: int) -> Samples:
    return np.random.default_rng(length).uniform(-1, 1, (length, 2)).astype(np.float32)


@given(parts=st.lists(st.integers(1, 25), min_size=1, max_size=8))
def test_unfiltered_audio_is_unchanged(parts: list[int]) -> None:
    sound = make_sound(sum(parts))
    split = np.split(sound, np.cumsum(parts)[:-1])
    made = [*process_in_windows(split, lambda window: window, window=WINDOW, overlap=OVERLAP)]
    np.testing.assert_allclose(np.concatenate(made), sound, atol=1e-6)


def test_a_window_fades_into_the_next() -> None:
    """Each window becomes its own number, so that the transition is seen."""
    numbers = iter(range(3))

    def number(window: Samples) -> Samples:
        return np.full_like(window, next(numbers))

    made = np.concatenate([*process_in_windows([make_sound(17)], number, window=10, overlap=4)])
    assert made[:6].max() == 0
    np.testing.assert_allclose(made[6:10, 0], [0, 1 / 3, 2 / 3, 1], atol=1e-6)
    np.testing.assert_allclose(made[12:16, 0], [1, 4 / 3, 5 / 3, 2], atol=1e-6)


def test_a_recording_is_read_as_it_is_worked_on() -> None:
    read = 0

    def parts() -> Iterator[Samples]:
        nonlocal read
        for _ in range(1000):
            read += 5
            yield make_sound(5)

    made = process_in_windows(parts(), lambda window: window, window=WINDOW, overlap=OVERLAP)
    written = sum(len(next(made)) for _ in range(50))
    assert read <= written + WINDOW + OVERLAP + 5


def test_an_empty_recording_yields_nothing() -> None:
    def never(_window: Samples) -> Samples:
        raise AssertionError

    assert [*process_in_windows([], never, window=WINDOW, overlap=OVERLAP)] == []
