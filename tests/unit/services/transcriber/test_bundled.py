"""A bundled model with unexpected files is refused."""

from pathlib import Path

import pytest

from services.transcriber.bundled import FOLDER_NAME, SHA256, ModelIntegrityError, ensure_model


def test_a_file_with_other_content_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER_NAME
    folder.mkdir()
    for filename in SHA256:
        (folder / filename).write_bytes(b"not the model")
    with pytest.raises(ModelIntegrityError, match="wrong SHA-256"):
        ensure_model(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FOLDER_NAME).mkdir()
    with pytest.raises(ModelIntegrityError, match="missing"):
        ensure_model(tmp_path)
