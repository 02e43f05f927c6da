"""Computes speaker embeddings: vectors of one speaker have a high cosine similarity."""

import functools
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.transcriber.audio import Samples
from services.transcriber.diarization import Embedding
from services.transcriber.encoder_file import ENCODER
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.weights.onnx import open_session

# The encoder's training input: 40 mel bands, frames of 25 ms, a hop of 10 ms.
BANDS = 40
FRAME = SAMPLE_RATE_HZ // 40
HOP = SAMPLE_RATE_HZ // 100
WINDOW_FRAMES = 160
STEP_FRAMES = 80
LEAST_DBFS = -30.0
LEAST_LENGTH = 1e-8  # avoids a division by zero for silence
# Slaney's mel scale: linear up to 1 kHz, logarithmic above.
LINEAR_HZ = 200 / 3
BREAK_HZ = 1000.0
LOG_STEP = np.log(6.4) / 27

Bands = NDArray[np.float32]


class SpeakerEncoder:
    """The loaded speaker encoder.

    Args:
        models_dir: Folder with its file.

    Raises:
        ModelFileError: The file is missing or has the wrong content.
    """

    def __init__(self, models_dir: Path) -> None:
        self._session = open_session(ENCODER.locate(models_dir))

    def encode(self, samples: Samples) -> Embedding:
        """Return the embedding of speech, a vector of length 1."""
        # Padding with silence would make all short speech similar, so it is repeated instead.
        enough = np.resize(samples, max(len(samples), WINDOW_FRAMES * HOP))
        bands = measure_bands(_amplify(enough))
        windows = sliding_window_view(bands, WINDOW_FRAMES, axis=0)[::STEP_FRAMES]
        (found,) = self._session.run(["voices"], {"bands": windows.transpose(2, 0, 1)})
        return _unit(_unit(found).mean(axis=0))


def _unit(vectors: NDArray[np.float32]) -> Embedding:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.float32(LEAST_LENGTH)))


def measure_bands(samples: Samples) -> Bands:
    """Return the power in each band of each frame."""
    padded = np.pad(samples, FRAME // 2)
    frames = sliding_window_view(padded, FRAME)[::HOP]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    power = np.abs(np.fft.rfft(frames * hann, axis=1)) ** 2
    return (power @ make_filters()).astype(np.float32)


@functools.cache
def make_filters() -> NDArray[np.float64]:
    """Return the mel filters: the weight of each frequency (row) in each band (column)."""
    top = BREAK_HZ / LINEAR_HZ + np.log(SAMPLE_RATE_HZ / 2 / BREAK_HZ) / LOG_STEP
    steps = np.linspace(0, top, BANDS + 2)
    above = steps - BREAK_HZ / LINEAR_HZ
    edges_hz = np.where(above < 0, steps * LINEAR_HZ, BREAK_HZ * np.exp(LOG_STEP * above))
    bins_hz = np.fft.rfftfreq(FRAME, 1 / SAMPLE_RATE_HZ)[:, np.newaxis]
    widths_hz = np.diff(edges_hz)
    rising = (bins_hz - edges_hz[:-2]) / widths_hz[:-1]
    falling = (edges_hz[2:] - bins_hz) / widths_hz[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    return np.asarray(triangles * (2 / (edges_hz[2:] - edges_hz[:-2])))


def _amplify(samples: Samples) -> Samples:
    """Amplify quiet speech to the level of the encoder's training data."""
    level = float(np.sqrt(np.mean(samples**2)))
    wanted = 10 ** (LEAST_DBFS / 20)
    return samples * np.float32(wanted / level) if 0 < level < wanted else samples
