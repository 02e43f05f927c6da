"""Spleeter's two stems in onnxruntime: the voice of a window of audio."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from services.normalizer.isolation import SPLEETER
from services.normalizer.overlap import Samples, work_in_windows
from services.weights.onnx import open_session

FRAME = 4096
HOP = 1024
BINS = 1024
"""The model knows the frequencies up to 11 kHz; above there is little of a voice, and it goes."""
FRAMES = 512
"""What the model was trained on at once, 11.9 seconds."""
WINDOW = (FRAMES - 1) * HOP
OVERLAP = 44_100
"""A second: the model's view at the edges of a window is poorer."""

HANN: Samples = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
WEIGHT_FLOOR = 1e-8  # at a recording's very first sample
Spectrum = NDArray[np.complex64]


class Spleeter:
    """The loaded model; it takes some 500 MB as long as it is in use.

    Args:
        models_dir: Where the model's file lies.

    Raises:
        ModelFileError: The file is missing or not what it should be.
    """

    def __init__(self, models_dir: Path) -> None:
        self._session = open_session(SPLEETER.locate(models_dir))

    def isolate(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the voice; see ``services.normalizer.voice.Isolator``."""
        return work_in_windows(audio, self.separate, window=WINDOW, overlap=OVERLAP)

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
    """Return the spectrum by channel, frame and frequency; a frame's middle is its instant."""
    padded = np.pad(window.T, ((0, 0), (FRAME // 2, FRAME // 2)))
    frames = sliding_window_view(padded, FRAME, axis=1)[:, ::HOP]
    return np.fft.rfft(frames * HANN, axis=2).astype(np.complex64)


def restore(spectrum: Spectrum, length: int) -> Samples:
    """Return the samples of which ``transform`` made a spectrum."""
    frames = np.fft.irfft(spectrum, FRAME, axis=2).astype(np.float32) * HANN
    channels, count, _ = frames.shape
    summed = np.zeros((channels, FRAME + HOP * count), np.float32)
    weight = np.zeros(FRAME + HOP * count, np.float32)
    for number in range(count):
        place = slice(number * HOP, number * HOP + FRAME)
        summed[:, place] += frames[:, number]
        weight[place] += HANN**2
    middle = slice(FRAME // 2, FRAME // 2 + length)
    return (summed[:, middle] / np.maximum(weight[middle], WEIGHT_FLOOR)).T.astype(np.float32)


def open_isolator(models_dir: Path, model: str) -> Spleeter:  # noqa: ARG001 - as every back end
    """Load the model; see ``services.normalizer.voice``."""
    return Spleeter(models_dir)
