"""Similar speaker embeddings become one speaker, numbered in the order of speaking."""

import numpy as np
import pytest
from numpy.typing import NDArray

from services.kit.work import WorkError
from services.transcriber.diarization import (
    BLOCK,
    Embedding,
    name_speakers,
    number_speakers,
    pack_embedding,
    unpack_embedding,
)
from services.transcriber.options import SubmissionOptions, check
from services.transcriber.settings import TranscriberSettings
from services.transcriber.transcript import Segment, Transcript, Word

DRAW = np.random.default_rng(7)
PEOPLE = np.abs(np.eye(3, 256, dtype=np.float32) + 0.04)


def make_embeddings(people: list[int], *, blur: float = 0.03) -> NDArray[np.float32]:
    """Return embeddings with a similarity of about 0.8 for one person and 0.4 for two."""
    embeddings = PEOPLE[people] + DRAW.normal(0, blur, (len(people), 256)).astype(np.float32)
    return np.asarray(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True))


def seconds(*lengths_s: float) -> NDArray[np.float32]:
    return np.array(lengths_s, np.float32)


def test_each_voice_is_a_separate_speaker() -> None:
    people = [0, 1, 0, 2, 1, 1, 0, 2]
    found = number_speakers(make_embeddings(people), seconds(*[3.0] * 8))
    assert len(set(found)) == 3
    assert len(set(zip(found, people, strict=True))) == 3


def test_one_voice_is_one_speaker() -> None:
    assert set(number_speakers(make_embeddings([1] * 30), seconds(*[2.0] * 30))) == {0}


def test_a_given_number_of_speakers_is_respected() -> None:
    embeddings, lengths_s = make_embeddings([0, 1, 2, 0, 1, 2]), seconds(*[3.0] * 6)
    assert len(set(number_speakers(embeddings, lengths_s, speakers=2))) == 2
    assert len(set(number_speakers(embeddings[:1], lengths_s[:1], speakers=2))) == 1
    same = make_embeddings([0] * 6)
    assert len(set(number_speakers(same, lengths_s, speakers=2))) == 2


def test_a_short_outlier_is_not_a_speaker() -> None:
    people = [0, 0, 0, 0, 2]
    found = number_speakers(make_embeddings(people), seconds(3, 3, 3, 3, 2))
    assert set(found) == {0}


def test_a_short_segment_is_assigned_to_the_most_similar_speaker() -> None:
    found = number_speakers(make_embeddings([0, 1, 0, 1, 1]), seconds(4, 4, 4, 4, 0.4))
    assert found[4] == found[1] != found[0]


def test_embeddings_of_several_blocks_are_clustered_together() -> None:
    people = [*DRAW.integers(0, 3, size=3 * BLOCK)]
    found = number_speakers(make_embeddings(people), seconds(*[2.5] * len(people)))
    assert len(set(zip(found, people, strict=True))) == 3


def test_speakers_of_only_short_segments_are_distinguished() -> None:
    found = number_speakers(make_embeddings([0, 1] * 6), seconds(*[0.9] * 12))
    assert len(set(found)) == 2


def make_segment(number: int, voice: Embedding) -> Segment:
    return Segment(
        f" Line {number}.", 3.0 * number, 3.0 * number + 2.8, voice=pack_embedding(voice)
    )


def test_speakers_are_named_in_the_order_in_which_they_speak() -> None:
    embeddings = make_embeddings([2, 0, 0, 2])
    segments = [make_segment(number, voice) for number, voice in enumerate(embeddings)]
    named = name_speakers(segments)
    expected = ["SPEAKER_00", "SPEAKER_01", "SPEAKER_01", "SPEAKER_00"]
    assert [segment.speaker for segment in named] == expected
    assert name_speakers([]) == ()


def test_an_embedding_survives_packing() -> None:
    (embedding,) = make_embeddings([0])
    assert unpack_embedding(pack_embedding(embedding)) @ embedding == pytest.approx(1, abs=1e-3)
    assert len(pack_embedding(embedding)) < 700


def test_speakers_are_in_every_form_of_the_transcript() -> None:
    words = (Word(" Hi.", 0.0, 0.5, 0.9),)
    segment = Segment(" Hi.", 0.0, 0.5, words, voice="secret", speaker="SPEAKER_00")
    transcript = Transcript("en", 1.0, (segment,), 8000)
    (shown,) = transcript.to_json()["segments"]
    assert (shown["text"], shown["speaker"]) == ("Hi.", "SPEAKER_00")
    assert "voice" not in shown
    assert transcript.text == "Hi."
    assert transcript.to_srt() == "1\n00:00:00,000 --> 00:00:00,500\nSPEAKER_00: Hi.\n"
    assert transcript.to_vtt().endswith("<v SPEAKER_00>Hi.\n")
    assert transcript.to_txt() == "SPEAKER_00: Hi.\n"
    assert Transcript.from_state(transcript.to_state()) == transcript


def test_segments_have_no_speaker_without_diarization() -> None:
    (shown,) = Transcript("en", 1.0, (Segment(" Hi.", 0.0, 0.5),), 8000).to_json()["segments"]
    assert "speaker" not in shown


def test_diarization_without_its_model_is_refused_with_the_command_to_install_it() -> None:
    options = SubmissionOptions.model_validate({"diarize": "true", "speakers": ""})
    assert options.speakers is None
    settings = TranscriberSettings(whisper_model="base", models_dir="nowhere")
    with pytest.raises(WorkError, match=r"ytcaption-orchestrator\[diarize\]") as refusal:
        check(options, settings)
    assert refusal.value.code == "model_unavailable"
