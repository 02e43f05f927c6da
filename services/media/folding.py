"""Converts a part of a recording to the number of channels of the whole: pure."""

import numpy as np

from services.media.cleaning import Samples

LEAST_ALIKE = -0.5
"""A correlation below this one means a copy with the opposite sign."""


def fold(samples: Samples, channels: int) -> Samples:
    """Return samples with the wanted number of channels, and nothing of them lost.

    Args:
        samples: A row per channel.
        channels: How many rows are wanted. More are copies of a mix; fewer are a mix.
    """
    if len(samples) == channels:
        return samples
    mixed = _mix(samples)
    return np.broadcast_to(mixed, (channels, mixed.shape[1]))


def _mix(samples: Samples) -> Samples:
    """Return one channel; copies with the opposite sign do not cancel each other."""
    powers = np.square(samples).sum(axis=1)
    strongest = samples[int(powers.argmax())]
    alike = samples @ strongest / np.sqrt(np.maximum(powers * powers.max(), 1e-12))
    signs = np.where(alike < LEAST_ALIKE, -1, 1).astype(np.float32)
    return (signs @ samples / len(samples))[np.newaxis].astype(np.float32)
