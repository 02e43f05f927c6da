"""The vocal isolation backend Spleeter (two stems), run by onnxruntime."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.normalizer.isolation import SPLEETER
from services.normalizer.overlap import Samples, process_in_windows
from services.weights.onnx import open_session

FRAME = 4096
HOP = 1024
BINS = 1024
"""The model covers frequencies up to 11 kHz; those above, with little voice, are removed."""
FRAMES = 512
"""The length of the model's training windows: 11.9 seconds."""
WINDOW = (FRAMES - 1) * HOP
OVERLAP = 44_100
"""One second, because the model is less accurate at the edges of a window."""

HANN: Samples = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
WEIGHT_FLOOR = 1e-8  # for the first sample of a recording
Spectrum = NDArray[np.complex64]


class Spleeter:
    """The loaded model, which needs about 500 MB of memory.

    Args:
        models_dir: The folder with the model's file.

    Raises:
        ModelFileError: The file is missing or has the wrong checksum.
    """

    def __init__(self, models_dir: Path) -> None:
        self._session = open_session(SPLEETER.locate(models_dir))

    def isolate(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the voice; see ``services.normalizer.voice.Isolator``."""
        return process_in_windows(audio, self.separate, window=WINDOW, overlap=OVERLAP)

    def separate(self, window: Samples) -> Samples:
        """Return the voice of at most ``WINDOW`` samples of stereo audio."""
        spectrum = transform(window)
        magnitudes = np.zeros((1, 2, FRAMES, BINS), np.float32)
        magnitudes[0, :, : spectrum.shape[1]] = np.abs(spectrum[:, :, :BINS])
        (mask,) = self._session.run(["mask"], {"magnitudes": magnitudes})
        spectrum[:, :, :BINS] *= mask[0, :, : spectrum.shape[1]]
        spectrum[:, :, BINS:] = 0
        return restore(spectrum, len(window))


def transform(window: Samples) -> Spectrum:
    """Return the spectrum by channel, frame and frequency; frames are centred on their instants."""
    padded = np.pad(window.T, ((0, 0), (FRAME // 2, FRAME // 2)))
    frames = sliding_window_view(padded, FRAME, axis=1)[:, ::HOP]
    return np.fft.rfft(frames * HANN, axis=2).astype(np.complex64)


def restore(spectrum: Spectrum, length: int) -> Samples:
    """Return the samples of a spectrum; the inverse of ``transform``."""
    frames = np.fft.irfft(spectrum, FRAME, axis=2).astype(np.float32) * HANN
    channels, count, _ = frames.shape
    summed = np.zeros((channels, FRAME + HOP * count), np.float32)
    weight = np.zeros(FRAME + HOP * count, np.float32)
    for number in range(count):
        span = slice(number * HOP, number * HOP + FRAME)
        summed[:, span] += frames[:, number]
        weight[span] += HANN**2
    middle = slice(FRAME // 2, FRAME // 2 + length)
    return (summed[:, middle] / np.maximum(weight[middle], WEIGHT_FLOOR)).T.astype(np.float32)


def open_isolator(models_dir: Path, model: str) -> Spleeter:  # noqa: ARG001 - the interface of all backends
    """Load the model; see ``services.normalizer.voice``."""
    return Spleeter(models_dir)
