"""Quality and speed of vocal isolation.

``python -m benchmarks.services.vocals`` mixes the sample clips with synthesized music and prints
SI-SDR before and after. It fails if the gain is below ``LEAST_GAIN_DB``.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.services.signals import (
    make_music,
    measure_si_sdr_db,
    mix,
    read_sound,
    write_sound,
)
from services.media import open_recording
from services.media.voices import plain_mix
from services.normalizer.isolation import RATE_HZ
from services.normalizer.settings import NormalizerSettings
from services.normalizer.source import Source
from services.normalizer.voice import Isolation, Isolator, open_isolator

CLIPS = ("jfk.wav", "sense_and_sensibility_01_austen_64kb-0870.wav")
RATIOS_DB = (5.0, 0.0, -5.0)
SHORTEST_S = 20.0  # more than one window, so that seams are included
LEAST_GAIN_DB = 4.0


@dataclass(frozen=True)
class Separation:
    """The result for one mix."""

    before_db: float
    """SI-SDR of the mix, relative to the voice alone."""
    after_db: float
    """SI-SDR of the isolated voice."""
    duration_s: float
    seconds: float

    @property
    def gain_db(self) -> float:
        """Return the gain in SI-SDR."""
        return self.after_db - self.before_db

    @property
    def real_time_factor(self) -> float:
        """Return seconds of work per second of audio."""
        return self.seconds / self.duration_s


def separate(isolator: Isolator, clip: Path, *, ratio_db: float, scratch: Path) -> Separation:
    """Mix a clip of speech with music and isolate the voice, using files.

    Args:
        isolator: The backend.
        clip: Speech, repeated if it is too short.
        ratio_db: Level of the voice relative to the music.
        scratch: A folder for files.
    """
    voice = read_sound(clip, rate_hz=RATE_HZ)
    voice = np.tile(voice, (int(np.ceil(SHORTEST_S * RATE_HZ / len(voice))), 1))
    mixed = mix(voice, make_music(len(voice), rate_hz=RATE_HZ), ratio_db=ratio_db)
    source = write_sound(scratch / "mix.wav", mixed, rate_hz=RATE_HZ)
    target = scratch / "voice.flac"
    started = time.perf_counter()
    recording = open_recording(source)
    decoded = Source(recording, plain_mix(recording.channels), float("inf"))
    isolation = Isolation(decoded, target, is_mono=False, on_progress=lambda _seconds: None)
    duration_s = isolation.run(isolator)
    seconds = time.perf_counter() - started
    isolated = read_sound(target, rate_hz=RATE_HZ)
    before_db, after_db = (measure_si_sdr_db(sound, voice) for sound in (mixed, isolated))
    return Separation(before_db, after_db, duration_s, seconds)


def main() -> None:
    """Print the gain for each mix, and fail if one is too small."""
    isolator = open_isolator(NormalizerSettings())
    least_db = float("inf")
    with tempfile.TemporaryDirectory() as scratch:
        for name in CLIPS:
            for ratio_db in RATIOS_DB:
                clip = Path("samples") / name
                found = separate(isolator, clip, ratio_db=ratio_db, scratch=Path(scratch))
                least_db = min(least_db, found.gain_db)
                levels = f"SI-SDR {found.before_db:5.1f} -> {found.after_db:5.1f} dB"
                factor = f"real-time factor {found.real_time_factor:.3f}"
                print(f"{name[:24]:24} voice {ratio_db:+.0f} dB: {levels}, {factor}", flush=True)
    print(f"minimum gain: {least_db:.1f} dB")
    if least_db < LEAST_GAIN_DB:
        sys.exit("Vocal isolation leaves too much of the music.")


if __name__ == "__main__":
    main()
