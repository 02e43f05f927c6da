"""The loudness meter is parsed, and decides the filters."""

import pytest

from services.normalizer.loudness import (
    SHORTEST_S,
    Loudness,
    build_gain,
    build_loudnorm,
    build_measurement,
    choose_peak_dbtp,
    read_meter,
)

REPORT = {
    "input_i": "-27.28",
    "input_tp": "-3.80",
    "input_lra": "2.20",
    "input_thresh": "-37.50",
    "target_offset": "1.75",
}
METER_LOG = """
  Integrated loudness:
    I:         -21.1 LUFS
    Threshold: -31.3 LUFS

  Loudness range:
    LRA:         3.9 LU
    Threshold: -41.7 LUFS

  True peak:
    Peak:       -8.9 dBFS
"""


def test_the_meter_is_read() -> None:
    assert read_meter(METER_LOG) == Loudness(-21.1, -8.9)


def test_a_meter_that_did_not_finish_has_no_result() -> None:
    assert read_meter(METER_LOG[:80]) is None


@pytest.mark.parametrize(
    ("peak_dbtp", "has_headroom"), [(-8.9, True), (-6.8, True), (-6.6, False), (0.3, False)]
)
def test_a_constant_gain_suffices_with_headroom(peak_dbtp: float, *, has_headroom: bool) -> None:
    assert Loudness(-21.1, peak_dbtp).has_headroom(-1.5) == has_headroom


def test_a_form_that_loses_something_gets_lower_peaks() -> None:
    assert choose_peak_dbtp("flac") == choose_peak_dbtp("wav") == -1.5
    assert choose_peak_dbtp("webm") == -2.5


def test_the_gain_leads_to_the_target() -> None:
    assert build_gain(Loudness(-21.1, -8.9)) == ["volume=5.1dB"]
    assert build_gain(Loudness(-11.0, -0.2)) == ["volume=-5.0dB"]


@pytest.mark.parametrize("loudness", [float("-inf"), -70.0, -83.1])
def test_silence_gets_no_gain(loudness: float) -> None:
    assert build_gain(Loudness(loudness, float("-inf"))) == []


def test_loudnorm_receives_the_measurements_of_its_first_pass() -> None:
    (loudnorm,) = build_loudnorm(REPORT, peak_dbtp=-1.5, duration_s=SHORTEST_S)
    assert loudnorm.startswith("loudnorm=I=-16:TP=-1.5:")
    assert ":measured_I=-27.28:measured_TP=-3.80:" in loudnorm
    assert loudnorm.endswith(":measured_LRA=2.20:measured_thresh=-37.50:offset=1.75")


def test_audio_shorter_than_loudnorms_window_is_padded() -> None:
    longer = f"apad=whole_dur={SHORTEST_S}"
    assert build_measurement(peak_dbtp=-1.5, duration_s=2.9)[0] == longer
    first, _, last = build_loudnorm(REPORT, peak_dbtp=-1.5, duration_s=2.9)
    assert (first, last) == (longer, "atrim=end=2.9")


@pytest.mark.parametrize("loudness", ["-inf", "-70.00", "-83.10"])
def test_silence_is_not_levelled(loudness: str) -> None:
    measured = REPORT | {"input_i": loudness}
    assert build_loudnorm(measured, peak_dbtp=-1.5, duration_s=10) == []
