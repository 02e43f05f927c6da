"""Whispered speech, resynthesized from voiced speech."""

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float64]

ORDER = 18
WINDOW, HOP = 400, 200
TRANSFORM, SETTLED = 1024, 300
TILT = 0.97
LEVEL = 0.03


def whisper(wave: Wave) -> Wave:
    """Return a clip with its formants and times, but with noise instead of the voice.

    Linear prediction (order 18, windows of 25 ms) keeps the spectral envelope of each window.

    Args:
        wave: Mono at 16 kHz.
    """
    random = np.random.default_rng(seed=4)
    tilted = np.append(wave[0], wave[1:] - TILT * wave[:-1])  # whispering lacks low frequencies
    window = np.hanning(WINDOW)
    whispered = np.zeros(len(wave))
    for start in range(0, len(wave) - WINDOW, HOP):
        predictor, error = _predict(tilted[start : start + WINDOW] * window)
        noise = random.standard_normal(TRANSFORM) * np.sqrt(error * WINDOW / np.sum(window**2))
        spectrum = np.fft.rfft(noise) / np.fft.rfft(predictor, TRANSFORM)
        shaped = np.fft.irfft(spectrum, TRANSFORM)[SETTLED : SETTLED + WINDOW]
        whispered[start : start + WINDOW] += shaped * window
    return np.asarray(whispered * (LEVEL / np.sqrt(np.mean(whispered**2))))


def _predict(frame: Wave) -> tuple[Wave, float]:
    """Return the predictor of a frame and its mean squared error (Levinson and Durbin)."""
    powers = np.correlate(frame, frame, "full")[len(frame) - 1 : len(frame) + ORDER]
    predictor = np.zeros(ORDER + 1)
    predictor[0] = 1.0
    error = powers[0] * 1.0001 + 1e-12
    for order in range(1, ORDER + 1):
        reflection = -(predictor[:order] @ powers[order:0:-1]) / error
        predictor[1 : order + 1] += reflection * predictor[order - 1 :: -1][:order]
        error *= 1 - reflection**2
    return predictor, float(max(error, 0.0)) / len(frame)
