"""Noise is removed only from noisy recordings, with the measured floor."""

from services.normalizer.noise import RUMBLE, NoiseSurvey


def survey(*, pauses_dbfs: float, voice_dbfs: float, silent_windows: int = 0) -> NoiseSurvey:
    noise = NoiseSurvey()
    levels = [pauses_dbfs] * 30 + [voice_dbfs] * 70 + [float("-inf")] * silent_windows
    for level in levels:
        noise.add(level)
    return noise


def test_noise_in_the_pauses_sets_the_floor_of_the_removal() -> None:
    removal = survey(pauses_dbfs=-34.6, voice_dbfs=-22).build_removal()
    assert removal == [RUMBLE, "afftdn=nr=10:nf=-34.5"]


def test_a_clean_recording_is_left_alone() -> None:
    assert survey(pauses_dbfs=-45, voice_dbfs=-22).build_removal() == []


def test_digital_silence_does_not_hide_the_noise() -> None:
    assert survey(pauses_dbfs=-35, voice_dbfs=-22, silent_windows=500).is_noisy


def test_pure_silence_has_no_noise() -> None:
    noise = NoiseSurvey()
    noise.add(float("-inf"))
    assert noise.build_removal() == []


def test_the_floor_stays_within_the_range_of_the_filter() -> None:
    removal = survey(pauses_dbfs=-12, voice_dbfs=-6).build_removal()
    assert removal == [RUMBLE, "afftdn=nr=10:nf=-20.0"]
