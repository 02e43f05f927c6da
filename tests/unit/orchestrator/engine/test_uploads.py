"""The store of uploaded files."""

import hashlib
import os
from pathlib import Path

import pytest

from orchestrator.domain.job import Upload
from orchestrator.engine.uploads import UploadStore
from orchestrator.errors import ServiceUnavailableError


def test_a_sweep_removes_only_unused_files(tmp_path: Path) -> None:
    names = ["draft-old", "draft-new", "gone-old", "gone-new", "kept-old"]
    for name in names:
        (tmp_path / name).write_bytes(b"RIFF")
        if name.endswith("old"):
            os.utime(tmp_path / name, (0, 0))
    store = UploadStore(tmp_path)
    assert store.sweep(lambda ids: [one for one in ids if one.startswith("gone")]) == 2
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"draft-new", "gone-new", "kept-old"}
    assert UploadStore(tmp_path / "nowhere").sweep(list) == 0


def test_a_file_with_a_wrong_checksum_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "a1").write_bytes(b"other")
    upload = Upload("talk.wav", 5, hashlib.sha256(b"these").hexdigest())
    with (
        UploadStore(tmp_path).open("a1", upload) as artifact,
        pytest.raises(ServiceUnavailableError, match="checksum"),
    ):
        list(artifact.chunks(limit_s=5))
