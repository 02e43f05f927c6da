"""Speech after a change of language, speaker or noise, and channels that are voices."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.services.signals import read_sound, write_sound
from services.transcriber.bundled import BUNDLED
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.transcriber.work import run
from tests.support.words import words
from tests.support.work_context import SAMPLES, make_context

Sound = NDArray[np.float64]
ASK = words(
    "And so my fellow Americans ask not what your country can do for you "
    "ask what you can do for your country"
)
DASHWOOD = words(
    "and mr john dashwood had then leisure to consider how much there might be prudently "
    "in his power to do for them"
)
FOX = words("rápida raposa salta sobre o cachorro preguiçoso")
MOST_LATE_S = 0.4
"""The clip itself starts with a third of a second of background noise."""


def clip(name: str) -> Sound:
    return read_sound(SAMPLES / name, rate_hz=SAMPLE_RATE_HZ, layout="mono")[:, 0]


def pause(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE_HZ))


def pink(seconds: float) -> Sound:
    length = round(seconds * SAMPLE_RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(7).standard_normal(length))
    shaped = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 1)), length)
    return np.asarray(0.6 * shaped / np.abs(shaped).max())


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> TranscriberSettings:
    return TranscriberSettings(whisper_model=BUNDLED, models_dir=tmp_path_factory.mktemp("models"))


Transcribe = Callable[..., dict[str, Any]]


@pytest.fixture
def transcribe(tmp_path: Path, settings: TranscriberSettings) -> Transcribe:
    def transcribe_sound(sound: Sound, **fields: str) -> dict[str, Any]:
        channels = sound if sound.ndim > 1 else sound[:, np.newaxis]
        path = write_sound(tmp_path / "sound.wav", channels, rate_hz=SAMPLE_RATE_HZ)
        artifact = run(make_context(tmp_path / "work", path, fields), settings)
        document: dict[str, Any] = artifact.documents["transcription"]
        assert artifact.details["warnings"] == document["warnings"]
        return document

    return transcribe_sound


def get_words(document: Mapping[str, Any], **wanted: str) -> list[str]:
    texts = [
        segment["text"]
        for segment in document["segments"]
        if all(segment.get(name) == value for name, value in wanted.items())
    ]
    return words(" ".join(texts))


@pytest.mark.parametrize("language", ["auto", "en"])
def test_words_of_both_languages_are_transcribed(transcribe: Transcribe, language: str) -> None:
    fox, ask = clip("pt_pangrama.wav"), clip("jfk.wav")
    sound = np.concatenate([fox, pause(0.3), ask, pause(0.3), fox])
    document = transcribe(sound, language_in=language)
    assert get_words(document, language="en") == ASK
    portuguese = get_words(document, language="pt")
    assert [word for word in portuguese if word in FOX] == FOX * 2
    assert {one["code"] for one in document["languages"]} == {"en", "pt"}
    assert document["detected_language"] == document["languages"][0]["code"] == "en"
    assert [one["code"] for one in document["warnings"]].count("language_changes") == 1
    first = next(one for one in document["segments"] if one["language"] == "en")
    starts_s = (len(fox) / SAMPLE_RATE_HZ) + 0.3
    assert -0.3 < first["start"] - starts_s < MOST_LATE_S


def test_the_first_words_after_long_noise_are_transcribed(transcribe: Transcribe) -> None:
    document = transcribe(np.concatenate([pink(40), clip("jfk.wav")]), language_in="en")
    assert get_words(document) == ASK
    assert -0.3 < document["segments"][0]["start"] - 40 < MOST_LATE_S


def test_noise_alone_causes_a_no_speech_warning(transcribe: Transcribe) -> None:
    document = transcribe(pink(10))
    assert document["segments"] == []
    (warning,) = document["warnings"]
    assert (warning["code"], warning["detail"]) == (
        "no_speech",
        "The recording has sound but no speech; check the source.",
    )


@pytest.mark.parametrize("channels", ["auto", "separate"])
def test_each_channel_of_a_call_is_transcribed_separately(
    transcribe: Transcribe, channels: str
) -> None:
    one, other = clip("jfk.wav"), clip("sense_and_sensibility_01_austen_64kb-0870.wav")
    late = np.concatenate([pause(3), other])
    length = max(len(one), len(late))
    call = np.zeros((length, 2))
    call[: len(one), 0], call[: len(late), 1] = one, late
    document = transcribe(call, language_in="en", channels=channels)
    assert get_words(document, speaker="CHANNEL_00") == ASK
    assert get_words(document, speaker="CHANNEL_01") == DASHWOOD
    starts = [segment["start"] for segment in document["segments"]]
    assert starts == sorted(starts)


def test_a_call_is_resumed_where_it_stopped(tmp_path: Path, settings: TranscriberSettings) -> None:
    """The checkpoint contains the position of each channel."""
    one, other = np.tile(clip("jfk.wav"), 12), clip("sense_and_sensibility_01_austen_64kb-0870.wav")
    call = np.zeros((len(one), 2))
    call[:, 0] = one
    for at_s in (5, 60, 118):
        start = at_s * SAMPLE_RATE_HZ
        call[start : start + len(other), 1] = other
    path = write_sound(tmp_path / "call.wav", call, rate_hz=SAMPLE_RATE_HZ)
    saved: list[dict[str, Any]] = []

    def die_after_saving(state: Mapping[str, Any]) -> None:
        saved.append(json.loads(json.dumps(state)))
        raise KeyboardInterrupt

    context = make_context(tmp_path / "work", path, {"language_in": "en", "channels": "separate"})
    with pytest.raises(KeyboardInterrupt):
        run(replace(context, save_checkpoint=die_after_saving), settings)
    checkpoint = saved[0]
    assert len(checkpoint["channels"]) == 2
    document = run(replace(context, checkpoint=checkpoint), settings).documents["transcription"]
    assert abs(get_words(document, speaker="CHANNEL_00").count("fellow") - 12) <= 1
    assert get_words(document, speaker="CHANNEL_01").count("leisure") == 3
