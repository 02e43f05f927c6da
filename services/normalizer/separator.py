"""The vocal isolation backend ``audio-separator`` (PyTorch; downloads models on first use)."""

import tempfile
import wave
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from audio_separator.separator import Separator

from services.normalizer.isolation import CHANNELS, RATE_HZ
from services.normalizer.overlap import Samples, process_in_windows

WINDOW = 60 * RATE_HZ
"""The package holds whole files in memory, so it gets files of one minute."""
OVERLAP = RATE_HZ
STEM = "Vocals"
HEADROOM = 0.5
"""Attenuation of the input, because the package would normalize each loud file separately."""
FULL_SCALE = 32_767


class AudioSeparator:
    """One loaded model of the package.

    Args:
        models_dir: Folder for downloaded models.
        model: The name of a model with a vocals stem.
    """

    def __init__(self, models_dir: Path, model: str) -> None:
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._separator = Separator(
                model_file_dir=str(models_dir.absolute()),
                output_dir=str(self._folder),
                output_format="WAV",
                output_single_stem=STEM,
                normalization_threshold=1.0,
                sample_rate=RATE_HZ,
            )
            self._separator.load_model(model_filename=model)
            self._scratch = stack.pop_all()

    def isolate(self, audio: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the voice; see ``services.normalizer.voice.Isolator``."""
        with self._scratch:
            yield from process_in_windows(audio, self._separate, window=WINDOW, overlap=OVERLAP)

    def _separate(self, window: Samples) -> Samples:
        source = self._folder / "window.wav"
        _write(source, window * np.float32(HEADROOM))
        names = self._separator.separate(str(source), custom_output_names={STEM: "voice"})
        voice = _read(self._folder / names[0]) / HEADROOM
        made = np.zeros_like(window)  # a model may return slightly fewer or more samples
        length = min(len(made), len(voice))
        made[:length] = voice[:length]
        return made


def _write(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((CHANNELS, 2, RATE_HZ, 0, "NONE", "not compressed"))
        file.writeframes((samples.clip(-1, 1) * FULL_SCALE).astype("<i2").tobytes())


def _read(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return (samples.reshape(-1, CHANNELS) / FULL_SCALE).astype(np.float32)


def open_isolator(models_dir: Path, model: str) -> AudioSeparator:
    """Load a model, downloading it if necessary; see ``services.normalizer.voice``."""
    return AudioSeparator(models_dir, model)
