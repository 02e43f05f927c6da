"""Warnings about damaged recordings, and the repair of samples."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.media.assembly import Assembler
from services.media.cleaning import LevelCount, OffsetRemover
from services.media.damage import MAX_WARNINGS, Damage

Sound = NDArray[np.floating[Any]]


def test_nearby_damage_is_merged() -> None:
    damage = Damage(sound_end_s=60)
    for start_s, end_s in [(1, 1.1), (1.2, 1.3), (9, 9.5)]:
        damage.add_lost(start_s, end_s, 1)
    assert damage.lost == [(1, 1.3), (9, 9.5)]
    assert "3 packets" in damage.warnings()[0]["detail"]


def test_a_gap_that_is_found_later_is_merged_with_its_neighbours() -> None:
    damage = Damage(sound_end_s=60)
    for start_s, end_s in [(30.2, 30.3), (36.0, 36.1), (30.3, 36.0)]:
        damage.add_lost(start_s, end_s, 1)
    assert damage.lost == [(30.2, 36.1)]


def test_no_code_has_more_than_fifty_warnings() -> None:
    damage = Damage(sound_end_s=1000)
    for second in range(0, 140, 2):
        damage.add_lost(second, second + 0.1, 1)
    warnings = damage.warnings()
    assert len(warnings) == MAX_WARNINGS
    assert warnings[-1]["detail"].endswith("There are 20 more.")


def test_packets_lost_after_the_last_sound_are_truncation() -> None:
    damage = Damage(sound_end_s=5.0)
    damage.add_lost(5.0, 5.1, 1)
    damage.trim_end(is_timed=True)
    assert (damage.lost, damage.is_cut) == ([], True)


def test_single_samples_at_full_scale_are_not_clipped() -> None:
    damage = Damage(sound_end_s=10)
    touching = np.zeros((1, 16_000), np.int16)
    touching[0, ::100] = 32_767
    damage.clipping.add(touching, 0, 16_000)
    assert damage.warnings() == []


def test_consecutive_samples_at_full_scale_are_clipped() -> None:
    damage = Damage(sound_end_s=10)
    flat = np.full((1, 16_000), -32_768, np.int16)
    for second in (3, 4):
        damage.clipping.add(flat, second, 16_000)
    (warning,) = damage.warnings()
    assert (warning["code"], warning["start"], warning["end"]) == ("clipped", 3, 5)


def test_a_few_invalid_samples_do_not_change_the_scale() -> None:
    count = LevelCount()
    count.add(np.array([0.25] * 10_000 + [1e30, np.inf, np.nan]))
    assert count.choose_scale() == 1
    count.add(np.full(90_000, 1e6))
    assert 0.4 < count.choose_scale() * 1e6 < 1


@pytest.mark.parametrize(
    ("level", "expected"), [(0.2, 0.2), (1e-3, 0.2), (1e-4, 0.2), (1e-6, 1e-6)]
)
def test_floats_far_below_full_scale_are_amplified_unless_they_are_silence(
    level: float, expected: float
) -> None:
    count = LevelCount()
    count.add(np.linspace(-level, level, 10_000))
    assert level * count.choose_scale() == pytest.approx(expected, rel=0.4)


def test_samples_without_an_offset_are_unchanged() -> None:
    sound = np.random.default_rng(1).standard_normal((1, 16_000)).astype(np.float32) * 0.01
    assert OffsetRemover().remove(sound, 16_000) is sound


def test_an_offset_that_changes_is_removed() -> None:
    remover = OffsetRemover()
    for offset in (0.3, 0.3, -0.2, -0.2):
        left = remover.remove(np.full((1, 16_000), offset, np.float32), 16_000)
    assert np.abs(left).max() < 1e-6


def write_all(runs: list[tuple[float, Sound]], rate_hz: int = 1000) -> Sound:
    assembler = Assembler(rate_hz, 1, 1000)
    blocks = []
    for at_s, samples in runs:
        blocks += [*assembler.write(samples[np.newaxis].astype(np.float32), rate_hz, at_s)]
    blocks += [*assembler.finish()]
    return np.asarray(np.concatenate(blocks, axis=1)[0])


def alternate(length: int) -> Sound:
    """Return sound without a DC offset."""
    return np.asarray(np.tile([0.5, -0.5], length // 2))


def test_a_gap_becomes_silence_and_jitter_does_not() -> None:
    sound = write_all([(0, alternate(500)), (0.52, alternate(500)), (3, alternate(500))])
    assert np.flatnonzero(sound == 0).tolist() == [*range(1000, 3000)]


def test_overlapping_sound_is_kept_and_pauses_are_shortened() -> None:
    """The surplus half second is dropped from the pause, so the end is on time again."""
    loud, pause = alternate(1000), np.zeros(1000)
    sound = write_all([(0, loud), (0.5, loud), (1.5, pause), (2.5, loud)])
    assert len(sound) == 3500
    assert np.count_nonzero(sound) == 3000
