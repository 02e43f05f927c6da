"""Convert samples to the channel count of the whole recording. No I/O."""

import numpy as np

from services.media.cleaning import Samples

MIN_CORRELATION = -0.5
"""A lower correlation means a copy with inverted polarity."""


def fold(samples: Samples, channels: int) -> Samples:
    """Return the samples with the given number of channels, without losing any channel.

    Args:
        samples: One row per channel.
        channels: Number of rows to return. If it differs, each of them is the mix.
    """
    if len(samples) == channels:
        return samples
    mixed = _mix(samples)
    return np.broadcast_to(mixed, (channels, mixed.shape[1]))


def _mix(samples: Samples) -> Samples:
    """Return one channel; copies with inverted polarity are inverted back first."""
    powers = np.square(samples).sum(axis=1)
    strongest = samples[int(powers.argmax())]
    correlation = samples @ strongest / np.sqrt(np.maximum(powers * powers.max(), 1e-12))
    signs = np.where(correlation < MIN_CORRELATION, -1, 1).astype(np.float32)
    return (signs @ samples / len(samples))[np.newaxis].astype(np.float32)
