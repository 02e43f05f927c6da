"""No channel that carries speech is lost, and different voices are separated."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.services.signals import make_music
from services.media import open_recording
from services.normalizer.work import run
from tests.support.recordings import (
    AUSTEN,
    JFK,
    RATE_HZ,
    Sound,
    Workshop,
    load,
    locate,
    make_call,
    place,
    read,
)
from tests.support.work_context import make_context

NEAR_S = 0.15


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path / "media")


def normalize(path: Path, **options: str) -> tuple[Sound, str]:
    """Return the normalized sound, as the next service reads it, and the channel mode."""
    artifact = run(make_context(path.with_suffix(".work"), path, options))
    return read(open_recording(artifact.path)), artifact.details["channels"]


@pytest.mark.parametrize("count", [3, 6, 9, 32])
def test_a_single_microphone_of_many_is_used(workshop: Workshop, count: int) -> None:
    clip, rest = load(JFK), np.zeros(11 * RATE_HZ, np.float32)
    path = workshop.write_channels("desk.wav", *[rest] * (count - 1), clip)
    sound, channels = normalize(path)
    assert (len(sound), channels) == (1, "mix")
    assert locate(sound[0], clip) == pytest.approx([0.0], abs=NEAR_S)


def test_a_single_microphone_is_not_masked_by_the_noise_of_others(workshop: Workshop) -> None:
    clip = load(JFK)
    noise = np.random.default_rng(1).standard_normal((15, len(clip))).astype(np.float32) * 0.003
    sound, _ = normalize(workshop.write_channels("noisy.wav", *noise, clip))
    voice, pause = sound[0, : 2 * RATE_HZ], sound[0, round(2.5 * RATE_HZ) : 3 * RATE_HZ]
    assert np.abs(voice).mean() > 20 * np.abs(pause).mean()


@pytest.mark.parametrize("gain", [1.0, 0.9])
def test_a_copy_with_inverted_polarity_cancels_nothing(workshop: Workshop, gain: float) -> None:
    clip = load(JFK)
    sound, _ = normalize(workshop.write_channels("inverted.wav", clip, -gain * clip))
    assert locate(sound[0], clip) == pytest.approx([0.0], abs=NEAR_S)


def test_a_polarity_that_changes_cancels_nothing(workshop: Workshop) -> None:
    clip = load(JFK)
    changed = np.concatenate([clip[: 5 * RATE_HZ], -clip[5 * RATE_HZ :]])
    sound, _ = normalize(workshop.write_channels("changed.wav", clip, changed))
    for half in (clip[: 5 * RATE_HZ], clip[5 * RATE_HZ :]):
        assert locate(sound[0], half)


@pytest.mark.parametrize(
    ("name", "pan", "codec"),
    [
        ("inverted.mp3", "stereo|c0=c0|c1=-1*c0", "libmp3lame"),
        ("inverted.m4a", "5.1|FL=c0|FR=-1*c0", "aac"),
        ("center.ac3", "5.1|FC=c0", "ac3"),
        ("side.flac", "7.1|SL=c0", "flac"),
        ("low.flac", "5.1|LFE=c0", "flac"),
    ],
)
def test_a_voice_on_any_channel_of_a_layout_is_used(
    workshop: Workshop, name: str, pan: str, codec: str
) -> None:
    path = workshop.make(name, "-i", JFK, "-af", f"pan={pan}", "-c:a", codec)
    sound, _ = normalize(path)
    assert locate(sound[0], load(JFK)) == pytest.approx([0.0], abs=NEAR_S)


def test_low_frequencies_on_an_lfe_channel_are_left_out(workshop: Workshop) -> None:
    """The LFE channel contains a loud tone of 40 Hz."""
    rumble = "aevalsrc=0.9*sin(2*PI*40*t):d=11:s=16000"
    graph = "[0]pan=5.1|FC=0.3*c0[voice];[1]pan=5.1|LFE=c0[low];[voice][low]amix=normalize=0"
    path = workshop.make(
        "explosion.flac", "-i", JFK, "-f", "lavfi", "-i", rumble, "-filter_complex", graph
    )
    sound, _ = normalize(path)
    pause = sound[0, round(2.5 * RATE_HZ) : 3 * RATE_HZ]
    assert np.abs(pause).max() < 0.05


@pytest.mark.parametrize("output_format", ["webm", "flac"])
def test_each_party_of_a_call_keeps_its_own_channel(workshop: Workshop, output_format: str) -> None:
    """Mono is the default; separate channels override it."""
    path = workshop.write_channels("call.wav", *make_call())
    sound, channels = normalize(path, output_format=output_format)
    assert (len(sound), channels) == (2, "separate")
    assert locate(sound[0], load(JFK)) == pytest.approx([0.0], abs=NEAR_S)
    assert locate(sound[1], load(AUSTEN), 2) == pytest.approx([3.0, 14.0], abs=NEAR_S)
    assert not locate(sound[0], load(AUSTEN))


def test_more_than_two_parties_keep_their_order(workshop: Workshop) -> None:
    parties = [place(load(JFK)[: 3 * RATE_HZ], 4 * number) for number in range(5)]
    sound, channels = normalize(workshop.write_channels("five.wav", *parties))
    assert channels == "separate"
    starts = [locate(row, load(JFK)[: 3 * RATE_HZ])[0] for row in sound]
    assert starts == pytest.approx([0, 4, 8, 12, 16], abs=NEAR_S)


def test_the_option_of_the_client_overrides_the_detection(workshop: Workshop) -> None:
    call = workshop.write_channels("call.wav", *make_call())
    assert normalize(call, channels="mix")[1] == "mix"
    voice, _ = make_call()
    music = make_music(len(voice), rate_hz=RATE_HZ).T.astype(np.float32) * 0.3
    beside = workshop.write_channels("beside.wav", voice, music[1])
    assert [normalize(beside, channels=choice)[1] for choice in ("auto", "separate")] == [
        "mix",
        "separate",
    ]


@pytest.mark.parametrize("choice", ["auto", "separate"])
def test_crosstalk_between_the_parties_of_a_call_is_removed(
    workshop: Workshop, choice: str
) -> None:
    first, second = make_call()
    leaking = (first + 0.25 * second, second + 0.25 * first)
    sound, channels = normalize(workshop.write_channels("leaking.wav", *leaking), channels=choice)
    assert (len(sound), channels) == (2, "separate")
    assert locate(sound[0], load(JFK)) == pytest.approx([0.0], abs=NEAR_S)
    assert locate(sound[1], load(AUSTEN), 2) == pytest.approx([3.0, 14.0], abs=NEAR_S)
    before_second, after_first = sound[1, RATE_HZ : 2 * RATE_HZ], sound[0, 15 * RATE_HZ :]
    for silenced in (before_second, after_first[: 4 * RATE_HZ]):
        assert np.abs(silenced).mean() < 0.001


def test_one_voice_on_two_channels_is_never_separated(workshop: Workshop) -> None:
    clip = load(JFK)
    sound, channels = normalize(
        workshop.write_channels("twice.wav", clip, 0.5 * clip), channels="separate"
    )
    assert (len(sound), channels) == (1, "mix")
