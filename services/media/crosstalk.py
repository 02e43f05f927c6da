"""Finds crosstalk: which channels carry voices that belong to other channels. Pure.

In a call that is recorded with one party per channel, crosstalk and echo put each voice onto the
other channel too: quieter, and up to a third of a second later.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.media.survey import FRAMES, MOST_COMPARED, WINDOW_S, Survey, pairs

QUIETEST_DBFS = -70.0
FURTHEST_DB = 40.0
"""Windows that are quieter than the loudest one by more are no speech."""
LEAST_APART_DB = 7.0
"""Between the differences in level while one party speaks and while the other one does."""
FURTHEST_APART_DB = 12.0
LOUDEST_DB = -5.0
"""Crosstalk is quieter than its source by this much; two people who are panned slightly, or who
share a room, are louder on each other's channel."""
USUAL = 35
"""The percentile of the differences that counts as the level: in some windows both speak."""
SHARED = 0.3
"""Of the largest correlation possible."""
LAG_BIN_S = 0.005
LEAST_AGREEING = 0.4
"""Of the windows with crosstalk: those with the same delay."""
LEAST_WINDOWS = 2


@dataclass(frozen=True)
class Path:
    """How the voice of one channel reaches another.

    Args:
        source: The channel that the voice belongs to.
        target: The channel that it leaks into.
        delay_s: How much later it is there; below zero, how much earlier.
        gain_db: Its level there relative to its own channel.
    """

    source: int
    target: int
    delay_s: float
    gain_db: float


def find_paths(survey: Survey) -> tuple[Path, ...]:
    """Return the paths of crosstalk between the channels of a recording.

    Args:
        survey: Of the whole recording, finished.
    """
    if survey.channels > MOST_COMPARED:
        return ()
    levels = _measure_windows(survey)
    found = []
    for one, other in pairs(range(survey.channels)):
        difference = levels[one] - levels[other]
        louder = np.maximum(levels[one], levels[other])
        is_active = louder > max(QUIETEST_DBFS, float(louder.max()) - FURTHEST_DB)
        split_db = _split(difference[is_active])
        if split_db is None:
            continue
        ways = [
            _find_path(survey, one, other, difference, is_active & (difference < split_db)),
            _find_path(survey, other, one, -difference, is_active & (difference > split_db)),
        ]
        paths = [path for path in ways if path]
        # The parties may differ in level: in both directions only the mean says how far apart.
        if paths and np.mean([path.gain_db for path in paths]) <= LOUDEST_DB:
            found += paths
    return tuple(found)


def _measure_windows(survey: Survey) -> NDArray[np.float64]:
    """Return the levels of the windows in dBFS: a row per channel."""
    powers = 10 ** (survey.levels.astype(np.float64) / 10)
    windows = powers.reshape(survey.channels, -1, FRAMES) if powers.shape[1] >= FRAMES else powers
    return np.asarray(10 * np.log10(windows.mean(axis=-1).reshape(survey.channels, -1)))


def _split(values: NDArray[np.float64]) -> float | None:
    """Return what divides values into two groups that are clearly apart (Otsu's method)."""
    if len(values) < 2 * LEAST_WINDOWS:
        return None
    middle = np.median(values)
    ordered = np.sort(np.clip(values, middle - FURTHEST_APART_DB, middle + FURTHEST_APART_DB))
    counts = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    low, high = sums[:-1] / counts, (sums[-1] - sums[:-1]) / (len(ordered) - counts)
    between = counts * (len(ordered) - counts) * np.square(high - low)
    between[: LEAST_WINDOWS - 1] = between[len(between) - LEAST_WINDOWS + 1 :] = 0
    best = int(between.argmax())
    if high[best] - low[best] < LEAST_APART_DB:
        return None
    return float(ordered[best] + ordered[best + 1]) / 2


def _find_path(
    survey: Survey,
    target: int,
    source: int,
    difference_db: NDArray[np.float64],
    is_crosstalk: NDArray[np.bool_],
) -> Path | None:
    likeness = survey.likeness[target, source]
    lags_s = survey.lags_s[target, source]
    # A lag leaves that much less of a window to compare.
    possible = 1 - np.abs(lags_s) / WINDOW_S
    is_alike = is_crosstalk & (likeness > SHARED * possible)
    if is_alike.sum() < LEAST_WINDOWS:
        return None
    bins = np.round(lags_s[is_alike] / LAG_BIN_S)
    values, places = np.unique(bins, return_inverse=True)
    mode = values[np.bincount(places, likeness[is_alike]).argmax()] * LAG_BIN_S
    agrees = is_alike & (np.abs(lags_s - mode) <= 2 * LAG_BIN_S)
    if agrees.sum() < max(LEAST_WINDOWS, LEAST_AGREEING * is_alike.sum()):
        return None
    delay_s = float(np.percentile(lags_s[agrees], USUAL))
    return Path(source, target, delay_s, float(np.percentile(difference_db[agrees], USUAL)))
