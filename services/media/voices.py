"""Decide which channels carry voices, whether to separate them, and how to mix them. No I/O."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.media.cleaning import Samples
from services.media.crosstalk import Path
from services.media.crosstalk_removal import CrosstalkRemover
from services.media.survey import FRAME_S, FRAMES, MAX_COMPARED, Survey, pairs

Channels = Literal["auto", "mix", "separate"]

MIN_DBFS = -75.0
MAX_BELOW_LOUDEST_DB = 50.0
"""A channel further below the loudest one is silent."""
STEADY_DB = 6.0
MODULATED_DB = 12.0
ACTIVE_DB = 25.0
"""A voice is active down to this much below its level."""
APART_DB = 15.0
"""A voice that is this much louder on one channel than on another belongs to that channel."""
MIN_APART_DB = 9.0
SHARED = 0.4
"""Minimum share of the largest possible correlation for sound that two channels share."""
MAX_SHARED = 0.1
"""Maximum share of time with shared sound of channels with different voices."""
MOSTLY_SHARED = 0.5
MIN_OWN_S = 0.6
MIN_PAUSES = 0.15
"""Minimum share of time. Music has fewer pauses; a party of a call pauses half of the time."""
MAX_ALIKE_LEVELS = 0.6
LEVEL_LAG_S = 2.0
COURSE_DB = 18.0
"""Quieter sound may be crosstalk."""
MAX_LIFT_DB = 15.0
MIN_HIGH_SHARE = 0.2
"""Minimum share of energy above 250 Hz; an LFE channel with low frequencies only has less."""
COPY_SHARE = 0.9
FEW = 0.05
MAX_VOICES = 8
"""Channel limit of FLAC; further voices are mixed into the last channel."""
DOWNMIX = {"FC": 1.0, "FL": 0.707, "FR": 0.707, "LFE": 0.707, "LFE2": 0.707}
SURROUND = 0.5
LOW_FREQUENCY = frozenset({"LFE", "LFE2"})
LEFT = frozenset({"FL", "BL", "SL", "FLC", "DL", "WL", "SDL"})
RIGHT = frozenset({"FR", "BR", "SR", "FRC", "DR", "WR", "SDR"})


@dataclass(frozen=True)
class Voices:
    """The mix matrix that converts the channels of a recording to voices."""

    weights: NDArray[np.float32]
    """One row per output, one column per channel."""
    is_separate: bool = False
    """Each output is a different voice; otherwise there is one output, the mix."""

    paths: tuple[Path, ...] = ()
    """Paths of crosstalk between the channels, which is removed first."""

    def run(self, blocks: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
        """Yield the mixed samples, as many as were read.

        Args:
            blocks: All channels of a recording, from its start.
            rate_hz: Sample rate.
        """
        if self.paths:
            blocks = CrosstalkRemover(self.paths, rate_hz).run(blocks)
        is_copy = self.weights.shape == (1, 1) and self.weights[0, 0] == 1
        for samples in blocks:
            yield samples if is_copy else self.weights @ samples

    def to_stereo(self, layout: Sequence[str] | None) -> "Voices":
        """Return a mix to stereo: unchanged for two channels, a downmix for more.

        Args:
            layout: The names of the channels, if the file states them.
        """
        (weights,) = self.weights
        channels = len(weights)
        if channels == 2:  # noqa: PLR2004 - stereo
            return Voices(np.eye(2, dtype=np.float32))
        rows = np.stack([weights, weights])
        for number, name in enumerate(layout or ()):
            rows[0, number] *= name not in RIGHT
            rows[1, number] *= name not in LEFT
        return Voices(rows.astype(np.float32))


def plain_mix(channels: int) -> Voices:
    """Return the mean of all channels, which suits most recordings."""
    return Voices(np.full((1, channels), 1 / channels, np.float32))


def find_voices(survey: Survey, mode: Channels, layout: Sequence[str] | None = None) -> Voices:
    """Decide which channels of a recording are used, and whether they are mixed or separated.

    Args:
        survey: The finished survey of the whole recording.
        mode: ``mix`` for one output, ``separate`` for one per channel with a voice, ``auto`` to
            separate channels that clearly carry different voices.
        layout: The names of the channels (``FL``, ``FR``, ``LFE``), if the file states them.
    """
    if survey.channels == 1:
        return Voices(np.ones((1, 1), np.float32))
    levels = survey.levels
    carrying = _find_carrying(survey, levels, layout)
    relations = _relate(survey, levels, carrying)
    groups = _group(relations, carrying)
    if _are_separate(relations, groups, mode):
        first, rest = groups[: MAX_VOICES - 1], groups[MAX_VOICES - 1 :]
        voices = [*first, [channel for group in rest for channel in group]] if rest else first
        rows = [_mix(survey, group, None, relations, levels) for group in voices]
        return Voices(np.stack(rows), is_separate=True)
    return Voices(_mix(survey, carrying, layout, relations, levels)[np.newaxis])


def _find_carrying(
    survey: Survey, levels: NDArray[np.float32], layout: Sequence[str] | None
) -> list[int]:
    """Return the channels that may carry a voice, in doubt too many rather than too few."""
    loud = np.percentile(levels, 95, axis=1)
    spread = loud - np.percentile(levels, 10, axis=1)
    peak = levels.max(axis=1)
    sounding = peak > max(MIN_DBFS, float(peak.max()) - MAX_BELOW_LOUDEST_DB)
    low = np.zeros(survey.channels, bool)
    for number, name in enumerate(layout or ()):
        low[number] = name in LOW_FREQUENCY and survey.high_share[number] < MIN_HIGH_SHARE
    steady = (peak - np.percentile(levels, 10, axis=1) < STEADY_DB) & (spread < STEADY_DB)
    wanted = sounding & ~low
    if (wanted & (spread >= MODULATED_DB)).any():
        wanted &= ~steady
    found = [int(number) for number in np.flatnonzero(wanted)]
    return found or [int(peak.argmax())]


def _relate(
    survey: Survey, levels: NDArray[np.float32], carrying: Sequence[int]
) -> dict[tuple[int, int], str]:
    """Classify each pair of channels: ``same``, ``different`` or ``unclear``."""
    if survey.channels > MAX_COMPARED:
        return _relate_many(survey, carrying)
    correlation = np.repeat(survey.correlation, FRAMES, axis=2)[:, :, : levels.shape[1]]
    return {
        (one, other): _relate_pair(levels[one], levels[other], correlation[one, other])
        for one, other in pairs(carrying)
    }


def _relate_many(survey: Survey, carrying: Sequence[int]) -> dict[tuple[int, int], str]:
    """Classify the pairs of many channels, by their correlation without delays."""
    alike = survey.same_sign + survey.other_sign
    return {
        (one, other): "same" if is_copy else "unclear"
        for one, other in pairs(carrying)
        for is_copy in [
            alike[one, other] >= COPY_SHARE * max(1, survey.sounding[one], survey.sounding[other])
        ]
    }


def _relate_pair(
    one: NDArray[np.float32], other: NDArray[np.float32], correlation: NDArray[np.float32]
) -> str:
    own_level, other_level = _find_level(one), _find_level(other)
    active = _find_active(one, own_level), _find_active(other, other_level)
    either = active[0] | active[1]
    if not either.any():
        return "unclear"
    difference = one - other
    relative = difference - (own_level - other_level)
    # Compare with and without equal levels: microphones differ in level, and so do voices.
    larger, smaller = np.maximum(difference, relative), np.minimum(difference, relative)
    is_one = (larger >= APART_DB) & (smaller >= MIN_APART_DB)
    is_other = (smaller <= -APART_DB) & (larger <= -MIN_APART_DB)
    near = either & ~is_one & ~is_other
    shared = near & (correlation >= SHARED)
    apart = near & (correlation < SHARED) & active[0] & active[1]
    share = float(shared.sum()) / float(either.sum())
    alike = _compare_levels(one, other)
    if share >= MOSTLY_SHARED:
        return "same"
    own_s = [
        float((active[0] & is_one | apart).sum()) * FRAME_S,
        float((active[1] & is_other | apart).sum()) * FRAME_S,
    ]
    pauses = [float((~each).mean()) for each in active]
    is_different = (
        min(own_s) >= MIN_OWN_S
        and share <= MAX_SHARED
        and min(pauses) >= MIN_PAUSES
        and alike < MAX_ALIKE_LEVELS
    )
    return "different" if is_different else "unclear"


def _drop_silence(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the levels that are not silence, so that a voice with few words has a level, too."""
    audible = levels[levels > max(MIN_DBFS, float(levels.max()) - 40)]
    return audible if audible.size else levels


def _find_level(levels: NDArray[np.float32]) -> float:
    """Return the level of the loud parts of a channel."""
    return float(np.percentile(_drop_silence(levels), 95))


def _find_active(levels: NDArray[np.float32], level: float) -> NDArray[np.bool_]:
    return levels > max(MIN_DBFS, level - ACTIVE_DB)


def _compare_levels(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest correlation of two level curves within ``LEVEL_LAG_S``."""
    floored = [np.maximum(each, _find_level(each) - COURSE_DB) for each in (one, other)]
    centred = [each - each.mean() for each in floored]
    norm = float(np.linalg.norm(centred[0]) * np.linalg.norm(centred[1]))
    if not norm:
        return 0.0
    size = 1 << (2 * len(one)).bit_length()
    first, second = (np.fft.rfft(each, size) for each in centred)
    found = np.fft.irfft(first * np.conj(second), size)
    lag = round(LEVEL_LAG_S / FRAME_S)
    return float(max(found[: lag + 1].max(), found[-lag:].max()) / norm)


def _group(relations: dict[tuple[int, int], str], carrying: Sequence[int]) -> list[list[int]]:
    """Group the channels that carry the same signal."""
    groups: list[list[int]] = []
    for channel in carrying:
        for group in groups:
            if any(relations.get((member, channel)) == "same" for member in group):
                group.append(channel)
                break
        else:
            groups.append([channel])
    return groups


def _are_separate(
    relations: dict[tuple[int, int], str], groups: list[list[int]], mode: Channels
) -> bool:
    if mode == "mix" or len(groups) < 2:  # noqa: PLR2004 - two voices
        return False
    if mode == "separate":
        return True
    return bool(relations) and all(
        relations[min(one, other), max(one, other)] == "different"
        for k, group in enumerate(groups)
        for rest in groups[k + 1 :]
        for one in group
        for other in rest
    )


def _mix(
    survey: Survey,
    members: Sequence[int],
    layout: Sequence[str] | None,
    relations: dict[tuple[int, int], str],
    levels: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the weights of a mix in which no channel is cancelled or masked by another."""
    weights = np.zeros(survey.channels, np.float64)
    loudness = [_find_level(row) for row in levels]
    signs: dict[int, int] = {}
    for channel in sorted(members, key=lambda number: -loudness[number]):
        sign = _find_sign(survey, channel, signs)
        if sign:
            signs[channel] = sign
    loudest = max(loudness[channel] for channel in signs)
    for channel, sign in signs.items():
        weights[channel] = sign * _weigh(channel, layout)
        others = [relations.get((min(channel, one), max(channel, one))) for one in signs]
        if "different" in others:
            lift_db = min(MAX_LIFT_DB, loudest - loudness[channel])
            weights[channel] *= 10 ** (lift_db / 20)
    mixed: NDArray[np.float32] = (weights / np.abs(weights).sum()).astype(np.float32)
    return mixed


def _weigh(channel: int, layout: Sequence[str] | None) -> float:
    if not layout or len(layout) <= 2:  # noqa: PLR2004 - stereo
        return 1.0
    return DOWNMIX.get(layout[channel], SURROUND)


def _find_sign(survey: Survey, channel: int, taken: dict[int, int]) -> int:
    """Return 1, -1 for a copy with inverted polarity, or 0 if the polarity changes."""
    for other, sign in taken.items():
        same, opposite = survey.same_sign[channel, other], survey.other_sign[channel, other]
        is_copy = same + opposite >= COPY_SHARE * survey.sounding[channel]
        if is_copy and min(same, opposite) > FEW * max(same, opposite):
            return 0  # the other channel carries the same signal
        if opposite > same:
            return -sign
    return 1
