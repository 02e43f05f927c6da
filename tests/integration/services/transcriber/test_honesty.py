"""Hallucinated words are dropped or marked; spoken words are neither, and have the right times.

``make accuracy`` measures both at length, with an hour of sound without words.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.services.marks import find_right, is_marked
from benchmarks.services.signals import Sound, read_sound, write_sound
from benchmarks.services.texts import split_words
from services.transcriber.bundled import BUNDLED
from services.transcriber.encoder_file import ENCODER
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.transcriber.work import run
from tests.support.models import require_model
from tests.support.work_context import SAMPLES, make_context

SENSE = "sense_and_sensibility_01_austen_64kb-0"
# The first word of each clip, and the onset of its voice.
ONSETS_S = {
    "jfk.wav": ("and", 0.32),
    f"{SENSE}870.wav": ("and", 0.2),
    f"{SENSE}890.wav": ("unless", 0.26),
}
PAUSES_S = (1.3, 3.1, 0.7)
TOLERANCE_S = 0.1
SPOKEN = (
    "And so my fellow Americans ask not what your country can do for you "
    "ask what you can do for your country "
    "and Mr John Dashwood had then leisure to consider how much there might be prudently "
    "in his power to do for them "
    "unless to be rather cold hearted and rather selfish is to be ill disposed"
)
LEAST_RIGHT = 4


def read(name: str) -> Sound:
    return read_sound(SAMPLES / name, rate_hz=SAMPLE_RATE_HZ, layout="mono")


def mix_clips(seconds: float) -> Sound:
    """Return the sum of all clips, every other one reversed."""
    count = round(seconds * SAMPLE_RATE_HZ)
    clips = [read(path.name) for path in sorted(SAMPLES.glob("*.wav"))]
    alternating = [clip[:: -1 if number % 2 else 1] for number, clip in enumerate(clips)]
    return np.asarray(
        np.sum([np.resize(clip / clip.std(), (count, 1)) for clip in alternating], axis=0)
    )


def make_breath(seconds: float) -> Sound:
    """Return the sound of breathing."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    air = np.random.default_rng(seed=1).standard_normal(len(time_s))
    smooth = np.convolve(air, np.ones(4) / 4, mode="same")
    return np.asarray((smooth * np.sin(np.pi * time_s / 1.5) ** 2)[:, np.newaxis])


def transcribe(
    folder: Path, sound: Sound, settings: TranscriberSettings, *, language: str = "en"
) -> dict[str, Any]:
    path = write_sound(
        folder / "sound.wav", sound * (0.5 / np.abs(sound).max()), rate_hz=SAMPLE_RATE_HZ
    )
    context = make_context(folder / "work", path, {"language_in": language})
    transcription: dict[str, Any] = run(context, settings).documents["transcription"]
    return transcription


@pytest.fixture(scope="module")
def settings() -> TranscriberSettings:
    return TranscriberSettings(whisper_model=BUNDLED, models_dir=require_model(ENCODER))


@pytest.mark.parametrize("kind", ["crowd", "backwards", "breath"])
def test_every_hallucinated_segment_is_marked(
    tmp_path: Path, settings: TranscriberSettings, kind: str
) -> None:
    # Short, because temperature fallback is slow.
    backwards = read(f"{SENSE}880.wav")[::-1]
    sound = {"crowd": mix_clips(5), "backwards": backwards, "breath": make_breath(10)}[kind]
    document = transcribe(tmp_path, sound, settings)
    assert [part for part in document["segments"] if not is_marked(part, document)] == []


def test_spoken_segments_are_not_marked_and_start_after_the_pause(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    parts: list[Sound] = []
    starts: list[tuple[str, float]] = []
    for pause_s, (name, (word, onset_s)) in zip(PAUSES_S, ONSETS_S.items(), strict=True):
        passed_s = sum(map(len, parts)) / SAMPLE_RATE_HZ
        starts.append((word, passed_s + pause_s + onset_s))
        parts += [np.zeros((round(pause_s * SAMPLE_RATE_HZ), 1)), read(name)]
    document = transcribe(tmp_path, np.concatenate(parts), settings)

    right = find_right(document["segments"], split_words(SPOKEN))
    assert len(right) >= LEAST_RIGHT
    assert [part["text"] for part in right if is_marked(part, document)] == []
    words = [word for part in document["segments"] for word in part["words"]]
    for text, start_s in starts:
        nearest = min(words, key=lambda word: abs(word["start"] - start_s))
        assert (split_words(nearest["word"]), nearest["start"]) == (
            [text],
            pytest.approx(start_s, abs=TOLERANCE_S),
        )


def test_a_second_of_speech_keeps_the_requested_language_and_is_marked(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    second = read("jfk.wav")[SAMPLE_RATE_HZ // 5 :][:SAMPLE_RATE_HZ]
    document = transcribe(tmp_path, second, settings, language="pt")
    assert document["detected_language"] == "pt"
    assert [part for part in document["segments"] if not is_marked(part, document)] == []


@pytest.mark.parametrize(
    ("name", "times_s", "language", "text"),
    [
        ("jfk.wav", (8.1, 9.3), "en", "ask what you can"),
        (f"{SENSE}870.wav", (4.2, 5.4), "en", "might be prudently"),
        ("pt_pangrama.wav", (1.0, 2.1), "pt", "marrom salta sobre"),
    ],
)
def test_the_language_of_a_second_of_speech_is_detected(
    tmp_path: Path,
    settings: TranscriberSettings,
    name: str,
    times_s: tuple[float, float],
    language: str,
    text: str,
) -> None:
    start, end = (round(time_s * SAMPLE_RATE_HZ) for time_s in times_s)
    second = read(name)[start:end]
    document = transcribe(tmp_path, second, settings, language="auto")
    assert document["detected_language"] == language
    found = split_words(document["full_text"])
    assert len(set(found) & set(split_words(text))) >= len(text.split()) - 1
