"""Frames of voice activity detection, 32 ms each, and their probabilities: pure."""

import numpy as np
from numpy.typing import NDArray

from services.transcriber.speech import SAMPLE_RATE_HZ

FRAME = 512
"""Samples per frame."""
FRAME_S = FRAME / SAMPLE_RATE_HZ
SPEECH = 0.5
"""Probability of a voice from which on a frame can start speech."""

Probabilities = NDArray[np.float32]
"""Probability of a voice in each frame."""


def find_runs(are_set: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the start and the end of each run of true values."""
    edges = np.flatnonzero(np.diff(are_set, prepend=False, append=False)).tolist()
    return [*zip(edges[::2], edges[1::2], strict=True)]
