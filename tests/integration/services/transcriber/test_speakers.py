"""Diarization with the real weights, in a conversation of sample clips."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from benchmarks.services.signals import read_sound, write_sound
from services.kit.work import WorkError
from services.transcriber.audio import Samples
from services.transcriber.bundled import BUNDLED
from services.transcriber.embedding import SpeakerEncoder
from services.transcriber.encoder_file import ENCODER
from services.transcriber.settings import TranscriberSettings
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.transcriber.work import run
from tests.support.models import require_model
from tests.support.work_context import SAMPLES, make_context

SENSE = "sense_and_sensibility_01_austen_64kb-0"
TURNS = [("kennedy", "jfk.wav"), ("reader", f"{SENSE}870.wav"), ("reader", f"{SENSE}890.wav")]
PAUSE_S = 0.6
LEAST_RIGHT = 0.95


def read(name: str) -> Samples:
    sound = read_sound(SAMPLES / name, rate_hz=SAMPLE_RATE_HZ, layout="mono")
    return sound[:, 0].astype(np.float32)


@dataclass(frozen=True)
class Conversation:
    """A recording with its speaker turns: speaker, start and end in seconds."""

    path: Path
    turns: list[tuple[str, float, float]]

    def find_speaker(self, start_s: float, end_s: float) -> str:
        """Return the speaker at the middle of a span."""
        middle_s = (start_s + end_s) / 2
        return next(who for who, start, end in self.turns if start - PAUSE_S <= middle_s <= end)


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    """Alternating speakers, for longer than one block."""
    parts, turns, at_s = [], [], 0.0
    for who, name in TURNS * 5:
        clip = read(name)
        turns.append((who, at_s, at_s + len(clip) / SAMPLE_RATE_HZ))
        parts += [clip, np.zeros(round(PAUSE_S * SAMPLE_RATE_HZ), np.float32)]
        at_s = turns[-1][2] + PAUSE_S
    path = tmp_path_factory.mktemp("speech") / "conversation.wav"
    sound = np.concatenate(parts)[:, np.newaxis].astype(np.float64)
    return Conversation(write_sound(path, sound, rate_hz=SAMPLE_RATE_HZ), turns)


@pytest.fixture(scope="module")
def settings() -> TranscriberSettings:
    return TranscriberSettings(whisper_model=BUNDLED, models_dir=require_model(ENCODER))


@pytest.mark.parametrize("fields", [{}, {"speakers": "2"}], ids=["detected", "given"])
def test_two_speakers_are_distinguished(
    tmp_path: Path,
    settings: TranscriberSettings,
    conversation: Conversation,
    fields: dict[str, str],
) -> None:
    options = {"language_in": "en", "diarize": "true", **fields}
    artifact = run(make_context(tmp_path, conversation.path, options), settings)
    segments = artifact.documents["transcription"]["segments"]
    pairs: dict[tuple[str, str], float] = {}
    for segment in segments:
        who = conversation.find_speaker(segment["start"], segment["end"])
        pair = (segment["speaker"], who)
        pairs[pair] = pairs.get(pair, 0.0) + segment["duration"]
    assert {speaker for speaker, _ in pairs} == {"SPEAKER_00", "SPEAKER_01"}
    right_s = pairs["SPEAKER_00", "kennedy"] + pairs["SPEAKER_01", "reader"]
    assert right_s / sum(pairs.values()) >= LEAST_RIGHT
    assert "SPEAKER_00: " in artifact.path.read_text("utf-8")
    assert "<v SPEAKER_01>" in artifact.documents["subtitles"]["vtt"]


def test_one_speaker_is_one_speaker(tmp_path: Path, settings: TranscriberSettings) -> None:
    options = {"language_in": "en", "diarize": "true"}
    artifact = run(make_context(tmp_path, SAMPLES / "jfk.wav", options), settings)
    segments = artifact.documents["transcription"]["segments"]
    assert {segment["speaker"] for segment in segments} == {"SPEAKER_00"}


def test_embeddings_of_one_voice_are_more_similar_than_of_two(
    settings: TranscriberSettings,
) -> None:
    voices = SpeakerEncoder(settings.models_dir)
    kennedy, reader = read("jfk.wav"), read(f"{SENSE}870.wav")
    half = len(kennedy) // 2
    first, second, other = (
        voices.encode(part) for part in (kennedy[:half], kennedy[half:], reader)
    )
    assert first @ second > 0.75
    assert max(first @ other, second @ other) < 0.6


def test_the_embedding_of_silence_is_finite(settings: TranscriberSettings) -> None:
    silence = SpeakerEncoder(settings.models_dir).encode(np.zeros(1, np.float32))
    assert np.isfinite(silence).all()


def test_a_changed_model_file_is_refused(tmp_path: Path, settings: TranscriberSettings) -> None:
    content = bytearray(ENCODER.locate(settings.models_dir).read_bytes())
    content[1_000_000] ^= 1
    (tmp_path / ENCODER.filename).write_bytes(content)
    changed = TranscriberSettings(
        whisper_model=str(settings.models_dir / "whisper-base-bundled"), models_dir=tmp_path
    )
    context = make_context(tmp_path / "work", SAMPLES / "jfk.wav", {"diarize": "true"})
    with pytest.raises(WorkError, match="model_unavailable"):
        run(context, changed)


def test_the_graph_computes_the_network_of_the_paper(settings: TranscriberSettings) -> None:
    """Compare with three LSTM layers and a projection in numpy, on random mel bands."""
    graph = onnx.load(ENCODER.locate(settings.models_dir)).graph
    weights = {
        one.name: onnx.numpy_helper.to_array(one).astype(np.float64) for one in graph.initializer
    }
    bands = np.random.default_rng(3).gamma(1, 0.1, (20, 2, 40)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        str(ENCODER.locate(settings.models_dir)), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(["voices"], {"bands": bands})
    spoken = bands.astype(np.float64)
    for layer in range(3):
        spoken = run_layer(spoken, *(weights[f"{name}{layer}"][0] for name in "WRB"))
    expected = np.maximum(spoken[-1] @ weights["weight"].T + weights["bias"], 0)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def run_layer(
    spoken: NDArray[np.float64],
    incoming: NDArray[np.float64],
    recurrent: NDArray[np.float64],
    biases: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the states of one LSTM layer; the gates are input, output, forget, cell."""
    state = cell = np.zeros((spoken.shape[1], 256))
    states = []
    for frame in spoken:
        total = frame @ incoming.T + state @ recurrent.T + biases[:1024] + biases[1024:]
        gate_in, out, forget, new = np.split(total, 4, axis=1)
        cell = sigmoid(forget) * cell + sigmoid(gate_in) * np.tanh(new)
        state = sigmoid(out) * np.tanh(cell)
        states.append(state)
    return np.stack(states)


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-values)))
