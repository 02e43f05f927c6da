"""Handlers of calls about one job: status, deletion and results."""

import hashlib
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

import gevent

from tests.support.fake_service.artifacts import (
    Artifact,
    as_srt,
    captions_segments,
    transcript_segments,
    with_words,
)
from tests.support.fake_service.faults import Call
from tests.support.fake_service.http import Request, Response, json_response, problem
from tests.support.fake_service.job import FakeJob
from tests.support.fake_service.service import FakeMicroservice
from tests.support.fake_service.settings import Role

_WAIT = re.compile(r"\bwait=(\d+)")
_LONGEST_WAIT_S = 60
_HASHED_AT_ONCE_BYTES = 4_000_000

Answer = Callable[[FakeMicroservice, Request, FakeJob], Response]


@dataclass(frozen=True)
class JobRoute:
    """The counter, the fault and the handler of a call about a job."""

    call: Call
    counter: Literal["polls", "downloads", "texts", "deletes"]
    answer: Answer


def _answer_status(service: FakeMicroservice, request: Request, job: FakeJob) -> Response:
    now = time.monotonic()
    if job.is_hidden(now):
        return problem(HTTPStatus.NOT_FOUND, "not_found", "Not visible yet")
    if not service.settings.honours_wait:
        return json_response(job.as_json(now))
    known_etag = request.header("If-None-Match")
    headers = {}
    if wish := _WAIT.search(request.header("Prefer") or ""):
        headers["Preference-Applied"] = f"wait={wish[1]}"
        _wait(service, job, known_etag or job.etag(now), min(_LONGEST_WAIT_S, int(wish[1])))
        now = time.monotonic()
    if job.is_gone(now):
        return problem(HTTPStatus.NOT_FOUND, "not_found", "Deleted while waiting")
    headers["ETag"] = job.etag(now)
    if known_etag == headers["ETag"]:
        return Response(HTTPStatus.NOT_MODIFIED, [], 0, headers)
    return json_response(job.as_json(now), headers=headers)


def _wait(service: FakeMicroservice, job: FakeJob, etag: str, wait_s: float) -> None:
    if job.phase(time.monotonic()) in {"done", "failed"}:
        return  # nothing would ever change
    job.record.waits += 1
    service.ledger.waiting += 1
    try:
        job.wait_for_change(etag, wait_s)
    finally:
        service.ledger.waiting -= 1


def _delete(service: FakeMicroservice, _: Request, job: FakeJob) -> Response:
    service.remove(job)
    return json_response({"message": "deleted", "job_id": job.record.remote_id})


def _download(service: FakeMicroservice, _: Request, job: FakeJob) -> Response:
    if not _is_done(job):
        return _not_ready()
    has_digest = service.settings.digest
    if service.settings.role is Role.TRANSCRIBER:
        srt = as_srt(_segments(job))
        sha256 = hashlib.sha256(srt).hexdigest() if has_digest else None
        return _attachment("transcription.srt", [srt], len(srt), sha256)
    artifact = service.artifact(job)
    suffix = "_normalized" if service.settings.role is Role.NORMALIZER else ""
    filename = f"{job.record.remote_id}{suffix}.webm"
    sha256 = _sha256(artifact) if has_digest else None
    return _attachment(filename, artifact.chunks(), artifact.size_bytes, sha256)


def _sha256(artifact: Artifact) -> str:
    if artifact.size_bytes <= _HASHED_AT_ONCE_BYTES:
        return artifact.sha256()
    # In a thread, because it would block all other calls.
    return str(gevent.get_hub().threadpool.apply(artifact.sha256))


def _attachment(
    filename: str, chunks: Iterable[bytes], size_bytes: int, sha256: str | None
) -> Response:
    headers = {
        "Content-Type": "application/x-subrip" if filename.endswith(".srt") else "audio/webm",
        "Content-Disposition": f'attachment; filename="{filename}"',
    }
    if sha256:
        headers["Repr-Digest"] = f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"
    return Response(HTTPStatus.OK, chunks, size_bytes, headers)


def _text(service: FakeMicroservice, _: Request, job: FakeJob) -> Response:
    if service.settings.role is not Role.TRANSCRIBER:
        return problem(HTTPStatus.NOT_FOUND, "not_found")
    if not _is_done(job):
        return _not_ready()
    return json_response({"text": _joined(_segments(job))})


def _transcription(service: FakeMicroservice, _: Request, job: FakeJob) -> Response:
    if service.settings.role is not Role.TRANSCRIBER:
        return problem(HTTPStatus.NOT_FOUND, "not_found")
    segments = _segments(job)
    if is_partial := not _is_done(job):
        if not service.settings.gives_partials:
            return _not_ready()
        segments = segments[: int(len(segments) * job.shown_fraction(time.monotonic()))]
    return json_response(
        {
            "full_text": _joined(segments),
            "segments": segments,
            "detected_language": job.record.fields.get("language_in", "auto"),
            "partial": is_partial,
        }
        | ({} if is_partial else _findings(job))
    )


def _findings(job: FakeJob) -> dict[str, Any]:
    warnings = job.settings.warnings
    return job.settings.findings | ({"warnings": list(warnings)} if warnings else {})


def _captions(_: FakeMicroservice, __: Request, job: FakeJob) -> Response:
    match job.settings.captions_answer:
        case "unavailable":
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "internal", "Not now")
        case "nonsense":
            return json_response({"language": 7, "segments": "none"})
        case "segments" if job.captions and _is_done(job):
            segments = captions_segments(job.record.fields["url"])
            return json_response({"language": job.captions, "segments": segments})
    return problem(HTTPStatus.NOT_FOUND, "not_found")


def _playlist(_: FakeMicroservice, __: Request, job: FakeJob) -> Response:
    entries = [{"url": url, "title": "A talk"} for url in job.settings.playlist or ()]
    title, is_truncated = "Talks", job.settings.is_playlist_truncated
    return json_response({"title": title, "entries": entries, "truncated": is_truncated})


def _segments(job: FakeJob) -> list[dict[str, Any]]:
    if job.settings.is_silent:
        return []
    fields = job.record.fields
    segments = transcript_segments(
        str(job.record.upload_sha256), fields.get("language_in", "auto"), fields.get("language_out")
    )
    # As in a real translation, each segment names the language that is spoken.
    marks = {"language": "en", "confidence": 0.9, "no_speech": 0.01}
    return [segment | marks for segment in with_words(segments)]


def _joined(segments: list[dict[str, Any]]) -> str:
    return " ".join(segment["text"] for segment in segments)


def _is_done(job: FakeJob) -> bool:
    return job.phase(time.monotonic()) == "done"


def _not_ready() -> Response:
    return problem(HTTPStatus.CONFLICT, "not_ready", "The job has not completed")


ROUTES: Mapping[str, JobRoute] = {
    "GET": JobRoute(Call.STATUS, "polls", _answer_status),
    "DELETE": JobRoute(Call.DELETE, "deletes", _delete),
    "GET download": JobRoute(Call.FETCH, "downloads", _download),
    "GET text": JobRoute(Call.FETCH, "texts", _text),
    "GET transcription": JobRoute(Call.FETCH, "texts", _transcription),
    "GET captions": JobRoute(Call.FETCH, "texts", _captions),
    "GET playlist": JobRoute(Call.FETCH, "texts", _playlist),
}
