"""Equal submissions have the same fingerprint."""

from pathlib import Path

from pydantic import BaseModel

from services.kit.http.submission import Spool, Submission


class Options(BaseModel):
    flag: bool = True
    name: str = ""


def make_submission(options: Options, spool: Spool | None = None) -> Submission:
    return Submission(options, spool=spool, upload_name=None, idempotency_key=None)


def spool_text(directory: Path, *chunks: bytes) -> Spool:
    spool = Spool(str(directory))
    for chunk in chunks:
        spool.write(chunk)
    return spool


def test_the_same_meaning_has_the_same_fingerprint() -> None:
    spelled = make_submission(Options.model_validate({"flag": "true"}))
    assert spelled.fingerprint == make_submission(Options()).fingerprint


def test_another_option_changes_the_fingerprint() -> None:
    first, second = make_submission(Options(name="a")), make_submission(Options(name="b"))
    assert first.fingerprint != second.fingerprint


def test_the_file_counts_and_its_chunks_do_not(tmp_path: Path) -> None:
    with (
        spool_text(tmp_path, b"ab", b"c") as first,
        spool_text(tmp_path, b"abc") as second,
        spool_text(tmp_path, b"abd") as third,
    ):
        prints = [make_submission(Options(), spool).fingerprint for spool in (first, second, third)]
    assert prints[0] == prints[1] != prints[2]
    assert prints[0] != make_submission(Options()).fingerprint
