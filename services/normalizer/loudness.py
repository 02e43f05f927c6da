"""How loud a recording is, and what brings it to the target: pure.

The target is that of EBU R128 for listening on the go. Where the peaks leave room, a plain
gain is all it takes, and the dynamics of the voice stay. Else FFmpeg's loudnorm, which needs
a costly measuring pass of its own, also holds the peaks down.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TARGET_LUFS = -16
TARGET_PEAK_DBTP = -1.5
TARGET_RANGE_LU = 11
OPUS_OVERSHOOT_DB = 1.0  # on speech its peaks come out up to 0.6 dB higher than they went in
SHORTEST_S = 3.1  # loudnorm looks 3 s ahead, and holds no peaks down in what is shorter
METER = "ebur128=peak=true:framelog=verbose"  # seven times as fast as loudnorm's measuring
# R128 hears nothing below this gate; what is as quiet is silence and stays so.
SILENCE_LUFS = -70
METER_ERROR_DB = 0.1  # it prints one decimal

_METER_SUMMARY = re.compile(r"I:\s+(\S+) LUFS.*Peak:\s+(\S+) dBFS", re.DOTALL)


@dataclass(frozen=True)
class Loudness:
    """What the meter showed for a whole recording."""

    integrated_lufs: float
    peak_dbtp: float

    @property
    def is_silence(self) -> bool:
        """Return whether there is nothing to make louder."""
        return not self.integrated_lufs > SILENCE_LUFS

    @property
    def gain_db(self) -> float:
        """Return the gain that leads to the target."""
        return TARGET_LUFS - self.integrated_lufs

    def has_headroom(self, peak_dbtp: float) -> bool:
        """Return whether the peaks stay below the given one after that gain."""
        return self.peak_dbtp + self.gain_db <= peak_dbtp - METER_ERROR_DB


def read_meter(log: str) -> Loudness | None:
    """Return what ``METER`` wrote at its end, nothing if it did not get so far."""
    found = _METER_SUMMARY.search(log)
    return Loudness(float(found[1]), float(found[2])) if found else None


def choose_peak_dbtp(output_format: str) -> float:
    """Return how high peaks may be before encoding, so that they keep the target after it."""
    return TARGET_PEAK_DBTP - (OPUS_OVERSHOOT_DB if output_format == "webm" else 0.0)


def build_gain(loudness: Loudness) -> list[str]:
    """Return the filter for audio whose peaks leave room, none for silence."""
    return [] if loudness.is_silence else [f"volume={loudness.gain_db:.1f}dB"]


def build_measuring(*, peak_dbtp: float, duration_s: float) -> list[str]:
    """Return the filters that report at their end what ``build_loudnorm`` has to be told."""
    return [*_lengthen(duration_s), f"{_name_target(peak_dbtp)}:print_format=json"]


def build_loudnorm(
    measured: Mapping[str, str], *, peak_dbtp: float, duration_s: float
) -> list[str]:
    """Return the filters for any audio, none for silence.

    Args:
        measured: The report of a pass with ``build_measuring``.
        peak_dbtp: How high peaks may be.
        duration_s: How long the audio is.
    """
    # A file without any sound measures "-inf".
    if not float(measured["input_i"]) > SILENCE_LUFS:
        return []
    second_pass = (
        f"{_name_target(peak_dbtp)}:linear=true"
        f":measured_I={measured['input_i']}:measured_TP={measured['input_tp']}"
        f":measured_LRA={measured['input_lra']}:measured_thresh={measured['input_thresh']}"
        f":offset={measured['target_offset']}"
    )
    longer = _lengthen(duration_s)
    return [*longer, second_pass, f"atrim=end={duration_s}"] if longer else [second_pass]


def _lengthen(duration_s: float) -> list[str]:
    return [f"apad=whole_dur={SHORTEST_S}"] if duration_s < SHORTEST_S else []


def _name_target(peak_dbtp: float) -> str:
    return f"loudnorm=I={TARGET_LUFS}:TP={peak_dbtp}:LRA={TARGET_RANGE_LU}"
