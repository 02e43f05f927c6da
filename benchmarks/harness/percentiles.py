"""Percentiles and means."""

import math
from collections.abc import Sequence

__all__ = ["mean", "percentile"]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the percentile of values by the nearest-rank method.

    Args:
        values: At least one, in any order.
        share: The percentile, e.g. 99.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no values")
    rank = max(1, math.ceil(share / 100 * len(values)))
    return sorted(values)[rank - 1]


def mean(values: Sequence[float]) -> float:
    """Return the mean.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no values")
    return math.fsum(values) / len(values)
