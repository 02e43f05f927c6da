"""The transcriber's job on recorded speech with the real model."""

import json
import re
import shutil
import subprocess
import time
import wave
from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from services.kit.work import Artifact, JobCancelledError, WorkError
from services.normalizer.ffmpeg import find_ffmpeg
from services.normalizer.work import run as normalize
from services.transcriber.bundled import BUNDLED, FOLDER_NAME, ensure_model
from services.transcriber.engine import Engine
from services.transcriber.engine_cache import EngineCache
from services.transcriber.settings import TranscriberSettings
from services.transcriber.work import run
from tests.support.words import words
from tests.support.work_context import SAMPLES, RecordingReport, make_context

SENSE = "sense_and_sensibility_01_austen_64kb-"
SPOKEN = {
    "jfk.wav": (
        "en",
        (
            "And so my fellow Americans ask not what your country can do for you "
            "ask what you can do for your country"
        ),
    ),
    f"{SENSE}0870.wav": (
        "en",
        (
            "and mr john dashwood had then leisure to consider how much there might be prudently "
            "in his power to do for them"
        ),
    ),
    f"{SENSE}0880.wav": ("en", "he was not an ill disposed young man"),
    f"{SENSE}0890.wav": (
        "en",
        "unless to be rather cold hearted and rather selfish is to be ill disposed",
    ),
    "pt_pangrama.wav": ("pt", "A rápida raposa marrom salta sobre o cachorro preguiçoso"),
}
JFK = SAMPLES / "jfk.wav"
ENGLISH = [name for name, (language, _) in SPOKEN.items() if language == "en"]
LONG_TIMES = 7
PORTUGUESE = SAMPLES / "pt_pangrama.wav"


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> TranscriberSettings:
    """Settings with the bundled model, assembled once for all tests."""
    return TranscriberSettings(whisper_model=BUNDLED, models_dir=tmp_path_factory.mktemp("models"))


def make_silence(tmp_path: Path) -> Path:
    target = tmp_path / "silence.wav"
    command = [find_ffmpeg(), "-loglevel", "error", "-f", "lavfi", "-i", "anullsrc=r=16000"]
    subprocess.run([*command, "-t", "3", str(target)], check=True, stdin=subprocess.DEVNULL)
    return target


def assert_words(artifact: Artifact, name: str) -> None:
    language, spoken = SPOKEN[name]
    assert words(artifact.documents["text"]["text"]) == words(spoken)
    assert artifact.documents["transcription"]["detected_language"] == language


@pytest.mark.parametrize("name", ["jfk.wav", f"{SENSE}0870.wav", "pt_pangrama.wav"])
def test_recorded_speech_is_transcribed_exactly(
    tmp_path: Path, settings: TranscriberSettings, name: str
) -> None:
    assert_words(run(make_context(tmp_path, SAMPLES / name), settings), name)


@pytest.mark.parametrize("name", SPOKEN)
def test_normalized_speech_is_transcribed_exactly(
    tmp_path: Path, settings: TranscriberSettings, name: str
) -> None:
    normalized = normalize(make_context(tmp_path / "normalizer", SAMPLES / name)).path
    assert_words(run(make_context(tmp_path / "transcriber", normalized), settings), name)


def test_a_transcript_has_segments_words_and_subtitles(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    report = RecordingReport()
    artifact = run(make_context(tmp_path, JFK, {"language_in": "en"}, report=report), settings)
    transcription: dict[str, Any] = artifact.documents["transcription"]
    segments = transcription["segments"]
    assert transcription["full_text"] == artifact.documents["text"]["text"]
    assert " ".join(segment["text"] for segment in segments) == transcription["full_text"]
    for segment in segments:
        assert 0 <= segment["start"] < segment["end"] <= 11
        assert segment["duration"] == pytest.approx(segment["end"] - segment["start"], abs=0.001)
        times = [time for word in segment["words"] for time in (word["start"], word["end"])]
        assert times == sorted(times)
        assert all(0 < word["confidence"] <= 1 for word in segment["words"])
    recognized = [word["word"] for segment in segments for word in segment["words"]]
    assert words(" ".join(recognized)) == words(transcription["full_text"])

    assert (artifact.filename, artifact.media_type) == (
        "transcription.srt",
        "application/x-subrip",
    )
    cue = re.compile(r"1\n00:00:00,\d{3} --> 00:00:\d\d,\d{3}\nAnd so")
    assert cue.match(artifact.path.read_text(encoding="utf-8"))

    assert report.statuses[0] == "loading_model"
    assert report.statuses[-1] == "transcribing"
    assert report.progress == sorted(report.progress)
    assert report.progress[-1] > 80


def test_words_in_another_language_than_the_requested_one_are_transcribed_in_it(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    """With Spanish as its language, Whisper would translate the English speech."""
    fields = {"language_in": "es", "language_out": "en"}
    artifact = run(make_context(tmp_path, JFK, fields), settings)
    assert words(artifact.documents["text"]["text"]) == words(SPOKEN["jfk.wav"][1])
    codes = [warning["code"] for warning in artifact.details["warnings"]]
    assert codes == ["language_changes"]


def test_the_spoken_language_as_the_target_is_not_translated(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    fields = {"language_in": "auto", "language_out": "pt"}
    assert_words(run(make_context(tmp_path, PORTUGUESE, fields), settings), "pt_pangrama.wav")


def test_an_unsupported_translation_of_a_detected_language_is_refused(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    fields = {"language_in": "auto", "language_out": "fr"}
    with pytest.raises(WorkError, match=r"unsupported_language: .* in pt, .* translated into fr"):
        run(make_context(tmp_path, PORTUGUESE, fields), settings)


def test_silence_has_no_words_and_no_language(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    artifact = run(make_context(tmp_path / "work", make_silence(tmp_path)), settings)
    assert artifact.documents["text"] == {"text": ""}
    assert artifact.documents["transcription"]["detected_language"] is None
    (warning,) = artifact.details["warnings"]
    assert warning == {"code": "no_speech", "detail": "The recording is silent; check the source."}
    assert artifact.path.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"This is a letter, not a recording.\n" * 50,
        JFK.read_bytes()[:44],  # a header without sound
        b"ffconcat version 1.0\nfile neighbour.wav\n",
    ],
    ids=["empty", "text", "header", "concat"],
)
def test_a_file_without_audio_is_refused(
    tmp_path: Path, settings: TranscriberSettings, content: bytes
) -> None:
    shutil.copyfile(JFK, tmp_path / "neighbour.wav")
    upload = tmp_path / "upload"
    upload.write_bytes(content)
    with pytest.raises(WorkError) as refusal:
        run(make_context(tmp_path / "work", upload), settings)
    assert (refusal.value.code, refusal.value.retryable) == ("not_audio", False)


@pytest.mark.parametrize("status", ["loading_model", "transcribing"])
def test_a_cancelled_job_stops_its_work(
    tmp_path: Path, settings: TranscriberSettings, status: str
) -> None:
    report = RecordingReport(cancel_at=status)
    with pytest.raises(JobCancelledError):
        run(make_context(tmp_path, JFK, report=report), settings)
    assert report.statuses[-1] == status
    assert not (tmp_path / "transcription.srt").exists()


@pytest.fixture(scope="session")
def long_reading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some minutes of English in which every sentence is really repeated."""
    path = tmp_path_factory.mktemp("speech") / "long.wav"
    with wave.open(str(path), "wb") as long:
        long.setparams((1, 2, 16_000, 0, "NONE", "not compressed"))
        for name in ENGLISH * LONG_TIMES:
            with wave.open(str(SAMPLES / name)) as clip:
                long.writeframes(clip.readframes(clip.getnframes()))
    return path


def test_parts_are_published_and_a_second_run_resumes_from_the_last_checkpoint(
    tmp_path: Path, settings: TranscriberSettings, long_reading: Path
) -> None:
    """The first run fails after its first part; the second transcribes only the rest."""
    published: list[dict[str, Any]] = []
    saved: list[dict[str, Any]] = []

    def die_after_saving(state: Mapping[str, Any]) -> None:
        saved.append(json.loads(json.dumps(state)))
        raise KeyboardInterrupt

    first = replace(
        make_context(tmp_path, long_reading, {"language_in": "en"}),
        publish=lambda name, document: published.append({name: document}),
        save_checkpoint=die_after_saving,
    )
    with pytest.raises(KeyboardInterrupt):
        run(first, settings)
    (part,) = [document["transcription"] for document in published]
    assert 60 < part["segments"][-1]["end"] < 125

    report = RecordingReport()
    second = replace(
        make_context(tmp_path, long_reading, {"language_in": "en"}, report=report),
        checkpoint=saved[0],
    )
    transcription = run(second, settings).documents["transcription"]
    published_count = len(part["segments"])
    assert transcription["segments"][:published_count] == part["segments"]
    assert transcription["segments"][published_count]["start"] >= part["segments"][-1]["end"]
    spoken = words(" ".join(SPOKEN[name][1] for name in ENGLISH)) * LONG_TIMES
    recognized = words(transcription["full_text"])
    assert SequenceMatcher(None, spoken, recognized, autojunk=False).ratio() > 0.97
    assert report.progress[-1] == 100
    assert min(progress for progress in report.progress if progress) > 30


def test_hotwords_determine_the_spelling_of_a_name(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    dashwood = SAMPLES / f"{SENSE}0870.wav"
    fields = {"language_in": "en", "hotwords": "Mr. Jon Dashwoode"}
    artifact = run(make_context(tmp_path, dashwood, fields), settings)
    assert "Dashwoode" in artifact.documents["text"]["text"]


def test_a_recording_that_is_too_long_is_refused(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    short = settings.model_copy(update={"max_duration_hours": 5 / 3600})
    with pytest.raises(WorkError, match="file_too_large"):
        run(make_context(tmp_path, JFK), short)


def test_a_truncated_file_is_transcribed_up_to_its_end(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    half = tmp_path / "half.wav"
    half.write_bytes(JFK.read_bytes()[: JFK.stat().st_size // 2])
    text = run(make_context(tmp_path / "work", half), settings).documents["text"]["text"]
    assert words(text)[:5] == words(SPOKEN["jfk.wav"][1])[:5]


def test_an_idle_model_is_unloaded(settings: TranscriberSettings) -> None:
    short_lived = settings.model_copy(update={"model_idle_minutes": 1e-6})
    engine_cache = EngineCache()
    with engine_cache.borrow(short_lived):
        assert engine_cache.is_loaded
    deadline = time.monotonic() + 10
    while engine_cache.is_loaded and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not engine_cache.is_loaded


def test_a_model_in_use_is_kept_and_loaded_once(settings: TranscriberSettings) -> None:
    engine_cache = EngineCache()
    with engine_cache.borrow(settings) as first:
        pass
    with engine_cache.borrow(settings) as second:
        assert second is first


def test_a_model_with_a_wrong_checksum_is_not_loaded(tmp_path: Path) -> None:
    settings = TranscriberSettings(whisper_model=BUNDLED, models_dir=tmp_path)
    weights = ensure_model(tmp_path) / "model.bin"
    with weights.open("r+b") as file:
        file.seek(100_000)
        file.write(b"\x00tampered\x00")
    with pytest.raises(WorkError) as refusal:
        Engine(settings)
    assert (refusal.value.code, refusal.value.retryable) == ("model_unavailable", False)
    assert [path.name for path in tmp_path.iterdir()] == [FOLDER_NAME]


def test_a_missing_model_is_an_error_without_its_path(tmp_path: Path) -> None:
    missing = str(tmp_path / "no" / "model")
    with pytest.raises(WorkError, match="model_unavailable") as refusal:
        Engine(TranscriberSettings(whisper_model=missing, models_dir=tmp_path))
    assert missing not in str(refusal.value)
