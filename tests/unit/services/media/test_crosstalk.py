"""Crosstalk between the parties of a call is found and removed; other stereo is unchanged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from benchmarks.services.signals import make_music
from services.media.crosstalk import Path, find_paths
from services.media.crosstalk_removal import CrosstalkRemover
from services.media.survey import Survey
from services.media.voices import find_voices
from tests.support.recordings import LENGTH, RATE_HZ, Sound, make_call, place

Channels = Sequence[Sound]


def delay(sound: Sound, seconds: float) -> Sound:
    return place(sound[: len(sound) - round(seconds * RATE_HZ)], seconds)


def gain(level_db: float) -> np.float32:
    return np.float32(10 ** (level_db / 20))


def leak(level_db: float, seconds: float) -> Channels:
    first, second = make_call()
    return (
        first + gain(level_db) * delay(second, seconds),
        second + gain(level_db) * delay(first, seconds),
    )


def in_room(sound: Sound, distance: float, seconds: float) -> Sound:
    """Return the sound as a distant microphone records it, with reverberation."""
    length = round(0.4 * RATE_HZ)
    tail = np.random.default_rng(round(1000 * seconds)).standard_normal(length)
    response = 0.04 * tail * 10 ** (-3 * np.arange(length) / length)
    response[0] += 1 / distance
    recorded = np.convolve(sound, response)[: len(sound)].astype(np.float32)
    return delay(recorded, seconds)


def survey(channels: Channels) -> Survey:
    made = Survey(len(channels), RATE_HZ)
    made.add(np.stack(channels).astype(np.float32))
    made.finish()
    return made


def remove(channels: Channels) -> Any:
    samples = np.stack(channels).astype(np.float32)
    blocks = (samples[:, start : start + RATE_HZ] for start in range(0, samples.shape[1], RATE_HZ))
    remover = CrosstalkRemover(find_paths(survey(channels)), RATE_HZ)
    return np.concatenate([*remover.run(blocks)], axis=1)


def measure_db(sound: Sound) -> float:
    return float(10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) + 1e-12))


def make_stereo() -> dict[str, Channels]:
    first, second = make_call()
    music = make_music(LENGTH, rate_hz=RATE_HZ).T.astype(np.float32) * 0.3
    near = {"distance": 1.0, "seconds": 0.0}
    far = {"distance": 1.6, "seconds": 0.003}
    return {
        "one voice": (first, first),
        "one voice, quieter": (first, 0.2 * first),
        "one voice, later": (first, delay(first, 0.025)),
        "panned slightly": (first + 0.7 * second, second + 0.7 * first),
        "an interview in a room": (
            in_room(first, **near) + in_room(second, **far),
            in_room(second, **near) + in_room(first, **far),
        ),
        "music": tuple(music),
        "voice over music": (first + music[0], first + music[1]),
        "voice beside the voice and music": (0.3 * first, first + music[0]),
        "a call without crosstalk": make_call(),
        "silence": (0 * first, 0 * first),
    }


@pytest.mark.parametrize(
    ("level_db", "seconds"), [(-6, 0.0), (-6, 0.1), (-12, 0.02), (-12, 0.25), (-20, 0.1)]
)
def test_the_path_of_crosstalk_is_found(level_db: float, seconds: float) -> None:
    paths = find_paths(survey(leak(level_db, seconds)))
    assert [(path.source, path.target) for path in paths] == [(1, 0), (0, 1)]
    for path in paths:
        assert path.delay_s == pytest.approx(seconds, abs=0.005)
        assert path.gain_db == pytest.approx(level_db, abs=3)


@pytest.mark.parametrize("name", make_stereo())
def test_other_stereo_has_no_crosstalk(name: str) -> None:
    assert find_paths(survey(make_stereo()[name])) == ()


@pytest.mark.parametrize(("level_db", "seconds"), [(-6, 0.0), (-12, 0.1)])
def test_each_channel_keeps_its_own_voice_only(level_db: float, seconds: float) -> None:
    own, leaking = make_call(), leak(level_db, seconds)
    cleaned = remove(leaking)
    assert cleaned.shape == np.stack(leaking).shape
    # From 3.2 to 9.9 s both speak; before it only the first, after 14.5 s only the second does.
    both, one, other = (
        slice(round(start * RATE_HZ), round(end * RATE_HZ))
        for start, end in ((3.2, 9.9), (0.5, 2.2), (14.5, 20.5))
    )
    assert measure_db(cleaned[1, one]) < measure_db(leaking[1][one]) - 15
    assert measure_db(cleaned[0, other]) < measure_db(leaking[0][other]) - 15
    for voice, before, after in zip(own, leaking, cleaned, strict=True):
        if level_db > -10:
            # Each voice leaks back to its own channel, which changes its level only.
            before, after = before / 0.75, after / 0.75  # noqa: PLW2901
        assert measure_db(after[both] - voice[both]) < measure_db(before[both] - voice[both]) - 3
    assert measure_db(cleaned[1, other] - own[1][other]) < measure_db(own[1][other]) - 5


def test_the_size_of_blocks_does_not_matter() -> None:
    samples = np.stack(leak(-12, 0.02))[:, : 9 * RATE_HZ]
    paths = [Path(0, 1, 0.02, -12), Path(1, 0, 0.02, -12)]
    whole = np.concatenate([*CrosstalkRemover(paths, RATE_HZ).run([samples])], axis=1)
    parts = np.array_split(samples, 13, axis=1)
    joined = np.concatenate([*CrosstalkRemover(paths, RATE_HZ).run(parts)], axis=1)
    np.testing.assert_allclose(joined, whole, atol=1e-6)


def test_reverberant_crosstalk_that_cannot_be_subtracted_is_silenced() -> None:
    first, second = make_call()
    tail = np.random.default_rng(3).standard_normal(RATE_HZ // 5)
    response = tail * 10 ** (-3 * np.arange(len(tail)) / len(tail))
    response /= np.linalg.norm(response)
    echo = delay(np.convolve(first, response)[: len(first)].astype(np.float32), 0.08)
    cleaned = remove((first, second + gain(-12) * echo))
    alone = slice(round(0.5 * RATE_HZ), round(2.2 * RATE_HZ))
    assert measure_db(cleaned[1, alone]) < measure_db(gain(-12) * echo[alone]) - 15
    np.testing.assert_array_equal(cleaned[0], first)


def test_without_the_crosstalk_channels_are_different_voices() -> None:
    first, second = leak(-6, 0.1)
    leaking = (first, 0.2 * second)
    assert not find_voices(survey(leaking), "auto").is_separate
    assert find_voices(survey(remove(leaking)), "auto").is_separate
