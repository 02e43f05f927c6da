"""Find crosstalk: the voice of one channel that leaks into another. No I/O.

In a call that is recorded with one party per channel, crosstalk and echo copy each voice to the
other channel, quieter and up to a third of a second later.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.media.survey import FRAMES, MAX_COMPARED, WINDOW_S, Survey, pairs

MIN_DBFS = -70.0
MAX_BELOW_LOUDEST_DB = 40.0
"""A window further below the loudest one is not speech."""
MIN_APART_DB = 7.0
"""Minimum distance of the level difference while one party speaks from that of the other."""
MAX_APART_DB = 12.0
MAX_GAIN_DB = -5.0
"""Maximum level of crosstalk relative to its source. Two people who are slightly panned, or
recorded in one room, are louder on each other's channel."""
USUAL = 35
"""Percentile of the level differences that is used; in some windows both parties speak."""
SHARED = 0.3
"""Share of the largest possible correlation."""
LAG_BIN_S = 0.005
MIN_AGREEING = 0.4
"""Minimum share of the windows with crosstalk that have the same delay."""
MIN_WINDOWS = 2


@dataclass(frozen=True)
class Path:
    """A path of crosstalk from one channel to another.

    Args:
        source: Channel of the voice.
        target: Channel that the voice leaks into.
        delay_s: Delay in the target; negative if it is earlier there.
        gain_db: Level in the target relative to the source.
    """

    source: int
    target: int
    delay_s: float
    gain_db: float


def find_paths(survey: Survey) -> tuple[Path, ...]:
    """Return the paths of crosstalk between the channels of a recording.

    Args:
        survey: The finished survey of the whole recording.
    """
    if survey.channels > MAX_COMPARED:
        return ()
    levels = _measure_windows(survey)
    found = []
    for one, other in pairs(range(survey.channels)):
        difference = levels[one] - levels[other]
        louder = np.maximum(levels[one], levels[other])
        is_active = louder > max(MIN_DBFS, float(louder.max()) - MAX_BELOW_LOUDEST_DB)
        split_db = _split(difference[is_active])
        if split_db is None:
            continue
        candidates = [
            _find_path(survey, one, other, difference, is_active & (difference < split_db)),
            _find_path(survey, other, one, -difference, is_active & (difference > split_db)),
        ]
        paths = [path for path in candidates if path]
        # The parties may differ in level; the mean of both directions does not depend on it.
        if paths and np.mean([path.gain_db for path in paths]) <= MAX_GAIN_DB:
            found += paths
    return tuple(found)


def _measure_windows(survey: Survey) -> NDArray[np.float64]:
    """Return the levels of the windows in dBFS, one row per channel."""
    powers = 10 ** (survey.levels.astype(np.float64) / 10)
    windows = powers.reshape(survey.channels, -1, FRAMES) if powers.shape[1] >= FRAMES else powers
    return np.asarray(10 * np.log10(windows.mean(axis=-1).reshape(survey.channels, -1)))


def _split(values: NDArray[np.float64]) -> float | None:
    """Return the threshold between two distinct groups of values (Otsu's method), if any."""
    if len(values) < 2 * MIN_WINDOWS:
        return None
    middle = np.median(values)
    ordered = np.sort(np.clip(values, middle - MAX_APART_DB, middle + MAX_APART_DB))
    counts = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    low, high = sums[:-1] / counts, (sums[-1] - sums[:-1]) / (len(ordered) - counts)
    between = counts * (len(ordered) - counts) * np.square(high - low)
    between[: MIN_WINDOWS - 1] = between[len(between) - MIN_WINDOWS + 1 :] = 0
    best = int(between.argmax())
    if high[best] - low[best] < MIN_APART_DB:
        return None
    return float(ordered[best] + ordered[best + 1]) / 2


def _find_path(
    survey: Survey,
    target: int,
    source: int,
    difference_db: NDArray[np.float64],
    is_crosstalk: NDArray[np.bool_],
) -> Path | None:
    correlation = survey.correlation[target, source]
    lags_s = survey.lags_s[target, source]
    # A lag shortens the part of a window that can be compared.
    possible = 1 - np.abs(lags_s) / WINDOW_S
    is_correlated = is_crosstalk & (correlation > SHARED * possible)
    if is_correlated.sum() < MIN_WINDOWS:
        return None
    bins = np.round(lags_s[is_correlated] / LAG_BIN_S)
    values, positions = np.unique(bins, return_inverse=True)
    mode = values[np.bincount(positions, correlation[is_correlated]).argmax()] * LAG_BIN_S
    agrees = is_correlated & (np.abs(lags_s - mode) <= 2 * LAG_BIN_S)
    if agrees.sum() < max(MIN_WINDOWS, MIN_AGREEING * is_correlated.sum()):
        return None
    delay_s = float(np.percentile(lags_s[agrees], USUAL))
    return Path(source, target, delay_s, float(np.percentile(difference_db[agrees], USUAL)))
