"""Which channels carry voices, whether they are different ones, and the mix of them. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from services.media.cleaning import Samples
from services.media.crosstalk import Path
from services.media.crosstalk_removal import CrosstalkRemover
from services.media.survey import FRAME_S, FRAMES, MOST_COMPARED, Survey, pairs

Channels = Literal["auto", "mix", "separate"]

QUIETEST_DBFS = -75.0
FURTHEST_DB = 50.0
"""A channel that is quieter than the loudest one by more carries nothing."""
STEADY_DB = 6.0
MODULATED_DB = 12.0
ACTIVE_DB = 25.0
"""A voice is heard down to this much below its own level."""
APART_DB = 15.0
"""A voice that is louder by more on one channel than on another is that channel's own."""
LEAST_APART_DB = 9.0
SHARED = 0.4
"""Of the largest correlation possible: what two channels share."""
MOST_SHARED = 0.1
"""Of the time, for channels that are different voices."""
MOSTLY_SHARED = 0.5
LEAST_OWN_S = 0.6
LEAST_PAUSES = 0.15
"""Of the time: music has fewer, and who speaks on a telephone listens about half of it."""
MOST_ALIKE_LEVELS = 0.6
LEVEL_LAG_S = 2.0
COURSE_DB = 18.0
"""What is quieter may be what one channel hears of the other."""
MOST_LIFT_DB = 15.0
LEAST_HIGH_SHARE = 0.2
"""Of the energy: a channel for low tones only has less above 250 Hz."""
COPY_SHARE = 0.9
FEW = 0.05
MOST_VOICES = 8
"""FLAC has no more channels; what is left is mixed into the last one."""
DOWNMIX = {"FC": 1.0, "FL": 0.707, "FR": 0.707, "LFE": 0.707, "LFE2": 0.707}
SURROUND = 0.5
LOW_TONES = frozenset({"LFE", "LFE2"})
LEFT = frozenset({"FL", "BL", "SL", "FLC", "DL", "WL", "SDL"})
RIGHT = frozenset({"FR", "BR", "SR", "FRC", "DR", "WR", "SDR"})


@dataclass(frozen=True)
class Voices:
    """How the channels of a recording become what is heard."""

    weights: NDArray[np.float32]
    """A row for each result, a column for each channel."""
    is_separate: bool = False
    """Each result is another voice; else the only one is a mix."""

    paths: tuple[Path, ...] = ()
    """Crosstalk between the channels, which is removed first."""

    def run(self, blocks: Iterable[Samples], rate_hz: int) -> Iterator[Samples]:
        """Yield the results of samples with all channels, as many as were read.

        Args:
            blocks: A recording from its start.
            rate_hz: The rate of the samples.
        """
        if self.paths:
            blocks = CrosstalkRemover(self.paths, rate_hz).run(blocks)
        is_copy = self.weights.shape == (1, 1) and self.weights[0, 0] == 1
        for samples in blocks:
            yield samples if is_copy else self.weights @ samples

    def to_stereo(self, layout: Sequence[str] | None) -> "Voices":
        """Return the same for two results: of two channels those, of more a fold of them.

        Args:
            layout: The names of the channels, if the file has them.
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
    """Return the mean of all channels, which is right for most recordings."""
    return Voices(np.full((1, channels), 1 / channels, np.float32))


def find_voices(survey: Survey, mode: Channels, layout: Sequence[str] | None = None) -> Voices:
    """Decide which channels of a recording are used, and how.

    Args:
        survey: Of the whole recording, finished.
        mode: ``mix`` for one result, ``separate`` for one of each channel that carries a
            voice, ``auto`` for separate ones where they are clearly different voices.
        layout: The names of the channels (``FL``, ``FR``, ``LFE``), if the file has them.
    """
    if survey.channels == 1:
        return Voices(np.ones((1, 1), np.float32))
    levels = survey.levels
    carrying = _find_carrying(survey, levels, layout)
    relations = _relate(survey, levels, carrying)
    groups = _group(relations, carrying)
    if _are_separate(relations, groups, mode):
        first, rest = groups[: MOST_VOICES - 1], groups[MOST_VOICES - 1 :]
        heard = [*first, [channel for group in rest for channel in group]] if rest else first
        rows = [_mix(survey, group, None, relations, levels) for group in heard]
        return Voices(np.stack(rows), is_separate=True)
    return Voices(_mix(survey, carrying, layout, relations, levels)[np.newaxis])


def _find_carrying(
    survey: Survey, levels: NDArray[np.float32], layout: Sequence[str] | None
) -> list[int]:
    """Return the channels that may carry a voice; leaving one out is worse than one too many."""
    loud = np.percentile(levels, 95, axis=1)
    spread = loud - np.percentile(levels, 10, axis=1)
    peak = levels.max(axis=1)
    sounding = peak > max(QUIETEST_DBFS, float(peak.max()) - FURTHEST_DB)
    low = np.zeros(survey.channels, bool)
    for number, name in enumerate(layout or ()):
        low[number] = name in LOW_TONES and survey.high_share[number] < LEAST_HIGH_SHARE
    steady = (peak - np.percentile(levels, 10, axis=1) < STEADY_DB) & (spread < STEADY_DB)
    wanted = sounding & ~low
    if (wanted & (spread >= MODULATED_DB)).any():
        wanted &= ~steady
    found = [int(number) for number in np.flatnonzero(wanted)]
    return found or [int(peak.argmax())]


def _relate(
    survey: Survey, levels: NDArray[np.float32], carrying: Sequence[int]
) -> dict[tuple[int, int], str]:
    """Return what each pair of channels is: ``same``, ``different`` or ``unclear``."""
    if survey.channels > MOST_COMPARED:
        return _relate_many(survey, carrying)
    likeness = np.repeat(survey.likeness, FRAMES, axis=2)[:, :, : levels.shape[1]]
    return {
        (one, other): _relate_pair(levels[one], levels[other], likeness[one, other])
        for one, other in pairs(carrying)
    }


def _relate_many(survey: Survey, carrying: Sequence[int]) -> dict[tuple[int, int], str]:
    """Return which channels of many are copies, by what is known without any delay."""
    alike = survey.same_sign + survey.other_sign
    return {
        (one, other): "same" if is_copy else "unclear"
        for one, other in pairs(carrying)
        for is_copy in [
            alike[one, other] >= COPY_SHARE * max(1, survey.sounding[one], survey.sounding[other])
        ]
    }


def _relate_pair(
    one: NDArray[np.float32], other: NDArray[np.float32], likeness: NDArray[np.float32]
) -> str:
    own_level, other_level = _find_level(one), _find_level(other)
    active = _find_active(one, own_level), _find_active(other, other_level)
    either = active[0] | active[1]
    if not either.any():
        return "unclear"
    difference = one - other
    relative = difference - (own_level - other_level)
    # Both as it is and as it would be if both were as loud; microphones have levels, voices too.
    larger, smaller = np.maximum(difference, relative), np.minimum(difference, relative)
    is_one = (larger >= APART_DB) & (smaller >= LEAST_APART_DB)
    is_other = (smaller <= -APART_DB) & (larger <= -LEAST_APART_DB)
    near = either & ~is_one & ~is_other
    shared = near & (likeness >= SHARED)
    apart = near & (likeness < SHARED) & active[0] & active[1]
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
        min(own_s) >= LEAST_OWN_S
        and share <= MOST_SHARED
        and min(pauses) >= LEAST_PAUSES
        and alike < MOST_ALIKE_LEVELS
    )
    return "different" if is_different else "unclear"


def _above(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the levels of what is no silence, so that who says little has a level too."""
    heard = levels[levels > max(QUIETEST_DBFS, float(levels.max()) - 40)]
    return heard if heard.size else levels


def _find_level(levels: NDArray[np.float32]) -> float:
    """Return how loud a channel is where it is loud."""
    return float(np.percentile(_above(levels), 95))


def _find_active(levels: NDArray[np.float32], level: float) -> NDArray[np.bool_]:
    return levels > max(QUIETEST_DBFS, level - ACTIVE_DB)


def _compare_levels(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest correlation of two courses of levels, within some delay."""
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
    """Return the channels in groups that carry the same."""
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
    """Return the weights of a mix in which no member cancels another or drowns in it."""
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
            lift_db = min(MOST_LIFT_DB, loudest - loudness[channel])
            weights[channel] *= 10 ** (lift_db / 20)
    mixed: NDArray[np.float32] = (weights / np.abs(weights).sum()).astype(np.float32)
    return mixed


def _weigh(channel: int, layout: Sequence[str] | None) -> float:
    if not layout or len(layout) <= 2:  # noqa: PLR2004 - stereo
        return 1.0
    return DOWNMIX.get(layout[channel], SURROUND)


def _find_sign(survey: Survey, channel: int, taken: dict[int, int]) -> int:
    """Return 1, -1 for a copy with the opposite sign, or 0 where both occur by turns."""
    for other, sign in taken.items():
        same, opposite = survey.same_sign[channel, other], survey.other_sign[channel, other]
        is_copy = same + opposite >= COPY_SHARE * survey.sounding[channel]
        if is_copy and min(same, opposite) > FEW * max(same, opposite):
            return 0  # whatever it carries, the other one carries too
        if opposite > same:
            return -sign
    return 1
