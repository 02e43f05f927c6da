"""Files of jobs are stored and removed completely."""

import hashlib
import json
import os
import zlib
from pathlib import Path

import pytest

from services.kit.files.artifacts import STALE_S, ArtifactStore


@pytest.fixture
def artifacts(tmp_path: Path) -> ArtifactStore:
    store = ArtifactStore(tmp_path)
    store.prepare()
    return store


def make_old(path: Path) -> None:
    for each in [path, *path.rglob("*")]:
        status = each.stat()
        os.utime(each, (status.st_atime, status.st_mtime - STALE_S - 60))


def list_files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


def test_artifacts_are_stored_and_inputs_are_removed(
    artifacts: ArtifactStore, tmp_path: Path
) -> None:
    spool = artifacts.incoming / "spool"
    spool.write_bytes(b"upload")
    artifacts.store_upload("j", spool)
    run = artifacts.open_run("j", "me")
    upload = run.fetch_upload()
    assert upload is not None
    assert upload.read_bytes() == b"upload"
    made = run.work_dir / "made.wav"
    made.write_bytes(b"sound")
    run.write_checkpoint({"at": 5})
    stored = run.store(made, {"text": {"text": "olá"}})
    run.remove_inputs()
    assert stored.size_bytes == 5
    assert stored.sha256 == hashlib.sha256(b"sound").hexdigest()
    assert stored.adler32 == f"{zlib.adler32(b'sound'):08x}"
    assert list_files(tmp_path) == ["artifact", "text.json"]
    artifact, text = artifacts.open_artifact("j", "me"), artifacts.open_document("j", "me", "text")
    assert artifact is not None
    assert text is not None
    with artifact, text:
        assert artifact.read() == b"sound"
        assert json.load(text) == {"text": "olá"}


def test_another_run_finds_the_checkpoint_and_the_upload(artifacts: ArtifactStore) -> None:
    spool = artifacts.incoming / "spool"
    spool.write_bytes(b"upload")
    artifacts.store_upload("j", spool)
    assert artifacts.open_run("j", "me").read_checkpoint() is None
    artifacts.open_run("j", "me").write_checkpoint({"at": 5})
    again = artifacts.open_run("j", "you")
    assert again.read_checkpoint() == {"at": 5}
    assert again.fetch_upload() is not None


def test_an_abandoned_run_does_not_affect_the_next_one(artifacts: ArtifactStore) -> None:
    late, next_one = artifacts.open_run("j", "late"), artifacts.open_run("j", "next")
    made = next_one.work_dir / "made"
    made.write_text("right")
    next_one.store(made, {})
    with pytest.raises(FileNotFoundError):
        late.write_document("text", {})
    late.remove()
    kept = artifacts.open_artifact("j", "next")
    assert kept is not None
    with kept:
        assert kept.read() == b"right"


def test_removing_counts_files_and_may_be_repeated(
    artifacts: ArtifactStore, tmp_path: Path
) -> None:
    run = artifacts.open_run("j", "me")
    (run.work_dir / "a").write_text("a")
    run.write_document("text", {})
    assert artifacts.remove("j") == 2
    assert artifacts.remove("j") == 0
    assert list_files(tmp_path) == []


def test_only_old_uploads_are_stale(artifacts: ArtifactStore) -> None:
    old, new = artifacts.incoming / "old", artifacts.incoming / "new"
    old.write_text("")
    new.write_text("")
    make_old(old)
    assert artifacts.remove_stale_uploads() == 1
    assert new.exists()


def test_only_unknown_jobs_without_new_files_are_settled(
    artifacts: ArtifactStore, tmp_path: Path
) -> None:
    for name in ("kept", "worked", "known"):
        artifacts.open_run(name, "me")
        (tmp_path / "spool").write_text("")
        artifacts.store_upload(name, tmp_path / "spool")
    make_old(tmp_path)
    (tmp_path / "spool").write_text("")
    artifacts.store_upload("new", tmp_path / "spool")
    settled = artifacts.list_orphaned_job_ids({"known"})
    assert sorted(settled) == ["kept", "worked"]
