"""Build the filters that bring a recording to the target loudness. Pure.

The target is that of EBU R128 for mobile listening. If the peaks have headroom, a constant gain
suffices and keeps the dynamics of the voice. Otherwise FFmpeg's loudnorm, which needs an expensive
measuring pass, also limits the peaks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

TARGET_LUFS = -16
TARGET_PEAK_DBTP = -1.5
TARGET_RANGE_LU = 11
OPUS_OVERSHOOT_DB = 1.0  # encoding speech raises its peaks by up to 0.6 dB
SHORTEST_S = 3.1  # loudnorm looks 3 s ahead, and does not limit peaks of shorter audio
METER = "ebur128=peak=true:framelog=verbose"  # seven times as fast as loudnorm's measurement
# The gate of R128; quieter audio is silence and is not amplified.
SILENCE_LUFS = -70
METER_ERROR_DB = 0.1  # the meter prints one decimal

_METER_SUMMARY = re.compile(r"I:\s+(\S+) LUFS.*Peak:\s+(\S+) dBFS", re.DOTALL)


@dataclass(frozen=True)
class Loudness:
    """The measured loudness of a recording."""

    integrated_lufs: float
    peak_dbtp: float

    @property
    def is_silence(self) -> bool:
        """Return whether the recording is silent."""
        return not self.integrated_lufs > SILENCE_LUFS

    @property
    def gain_db(self) -> float:
        """Return the gain to the target."""
        return TARGET_LUFS - self.integrated_lufs

    def has_headroom(self, peak_dbtp: float) -> bool:
        """Return whether the peaks stay below ``peak_dbtp`` after that gain."""
        return self.peak_dbtp + self.gain_db <= peak_dbtp - METER_ERROR_DB


def read_meter(log: str) -> Loudness | None:
    """Parse the summary of ``METER``; return `None` if it is missing."""
    found = _METER_SUMMARY.search(log)
    return Loudness(float(found[1]), float(found[2])) if found else None


def choose_peak_dbtp(output_format: str) -> float:
    """Return the maximum peak before encoding that keeps the target after it."""
    return TARGET_PEAK_DBTP - (OPUS_OVERSHOOT_DB if output_format == "webm" else 0.0)


def build_gain(loudness: Loudness) -> list[str]:
    """Return the filter for audio with headroom; none for silence."""
    return [] if loudness.is_silence else [f"volume={loudness.gain_db:.1f}dB"]


def build_measurement(*, peak_dbtp: float, duration_s: float) -> list[str]:
    """Return the filters that report the measurements for ``build_loudnorm``."""
    return [*_build_padding(duration_s), f"{_format_target(peak_dbtp)}:print_format=json"]


def build_loudnorm(
    measured: Mapping[str, str], *, peak_dbtp: float, duration_s: float
) -> list[str]:
    """Return the filters for any audio; none for silence.

    Args:
        measured: The report of a pass with ``build_measurement``.
        peak_dbtp: The maximum peak.
        duration_s: The duration of the audio.
    """
    # Silence measures "-inf".
    if not float(measured["input_i"]) > SILENCE_LUFS:
        return []
    second_pass = (
        f"{_format_target(peak_dbtp)}:linear=true"
        f":measured_I={measured['input_i']}:measured_TP={measured['input_tp']}"
        f":measured_LRA={measured['input_lra']}:measured_thresh={measured['input_thresh']}"
        f":offset={measured['target_offset']}"
    )
    padding = _build_padding(duration_s)
    return [*padding, second_pass, f"atrim=end={duration_s}"] if padding else [second_pass]


def _build_padding(duration_s: float) -> list[str]:
    return [f"apad=whole_dur={SHORTEST_S}"] if duration_s < SHORTEST_S else []


def _format_target(peak_dbtp: float) -> str:
    return f"loudnorm=I={TARGET_LUFS}:TP={peak_dbtp}:LRA={TARGET_RANGE_LU}"
