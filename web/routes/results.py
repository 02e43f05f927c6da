"""Routes of what a job has made: its transcript, its audio."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_pydantic import validate
from gevent import get_hub
from werkzeug.exceptions import NotAcceptable

from foundation.content_disposition import attachment
from orchestrator.captions import CueStyle, make_cues, write_srt, write_text, write_vtt
from orchestrator.domain.job import Job, Transcript
from orchestrator.errors import NotCompletedError
from web.documentation.responses import Answer, Header, answers
from web.http.context import app_settings, audio_files, jobs
from web.http.errors import problem
from web.http.file_names import audio_name, transcript_name
from web.schemas.results import TranscriptDocument, TranscriptFormat, TranscriptQuery

__all__ = ["blueprint"]

blueprint = Blueprint("results", __name__)

_FORMATS: Final = {kind.media_type: kind for kind in TranscriptFormat}
_WISHES: Final = ("Range", "If-Range", "If-None-Match", "If-Modified-Since")
_RELAYED: Final = (
    "Accept-Ranges",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Repr-Digest",
)


@blueprint.get("/jobs/<job_id>/transcript")
@answers(
    Answer(TranscriptDocument, media_types=tuple(_FORMATS), description="The file."),
    Answer(status=304, media_types=(), description="It is what If-None-Match names."),
    headers=(Header("If-None-Match", "The ETag of a file that is known."),),
)
@validate()
def transcript(job_id: str, query: TranscriptQuery) -> ResponseReturnValue:
    """Return the transcript of a completed job as text, SubRip, WebVTT or JSON.

    The format is that of the query, else the one that Accept prefers, else JSON. Cues follow
    the Netflix timed-text guide for the transcript's language; the query and the operator may
    set other limits. The file is named after the recording, its language and the format.
    """
    job = jobs().get(job_id)
    kind = query.format or _preferred_format()
    made = jobs().transcript(job, with_words=kind is not TranscriptFormat.TXT)
    if made is None:
        raise NotCompletedError(job_id, job.status, "transcription")
    # In a thread of its own: hours of speech take a second, and all other requests would wait.
    language = job.captions_language or job.options.language_out or made.language
    style = query.style(app_settings().cue_style.for_language(language))
    writer = _Writer(job, made, language, style)
    body = get_hub().threadpool.apply(writer.write, (kind,))
    response = Response(body, content_type=_content_type(kind))
    response.set_etag(sha256(body).hexdigest()[:32])
    response.vary.add("Accept")
    response.headers["Content-Disposition"] = attachment(transcript_name(job, made.language, kind))
    return response.make_conditional(request)


@blueprint.get("/jobs/<job_id>/audio")
@answers(
    Answer(media_types=("audio/*",), description="The audio."),
    Answer(status=206, media_types=("audio/*",), description="The part that Range asks for."),
    Answer(status=304, media_types=(), description="It is what If-None-Match names."),
    headers=(Header("Range", "The bytes that are wanted, where not all."),),
)
def audio(job_id: str) -> ResponseReturnValue:
    """Return the normalized audio of a job, or a part of it, as soon as it is made."""
    wishes = {name: request.headers[name] for name in _WISHES if name in request.headers}
    job = jobs().get(job_id)
    stream = audio_files().open(job, wishes)
    if stream.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        stream.close()
        detail = "The audio has no such bytes"
        response = problem(stream.status_code, "range_not_satisfiable", detail)
        names: tuple[str, ...] = ("Accept-Ranges", "Content-Range")
    else:
        response = Response(
            stream.chunks, stream.status_code, content_type="application/octet-stream"
        )
        response.call_on_close(stream.close)
        names = _RELAYED
        response.headers["Content-Disposition"] = attachment(audio_name(job, stream.filename))
    response.headers.update(
        {name: stream.headers[name] for name in names if name in stream.headers}
    )
    return response


def _preferred_format() -> TranscriptFormat:
    found = request.accept_mimetypes.best_match(_FORMATS)
    if found is None and request.accept_mimetypes:
        raise NotAcceptable(f"The transcript can be had as {', '.join(_FORMATS)}")
    return _FORMATS.get(found or "", TranscriptFormat.JSON)


@dataclass(frozen=True)
class _Writer:
    """Writes down a transcript."""

    job: Job
    made: Transcript
    language: str | None
    """The language of the text."""
    style: CueStyle

    def write(self, kind: TranscriptFormat) -> bytes:
        segments = [self._in_its_language(segment) for segment in self.made.segments]
        if kind is TranscriptFormat.TXT:
            return write_text(self.made.text, segments, language=self.language).encode()
        sound_s = _sound_s(self.job, self.made)
        cues = make_cues(segments, self.style, duration_s=sound_s, language=self.language)
        if kind is TranscriptFormat.SRT:
            return write_srt(cues).encode()
        if kind is TranscriptFormat.VTT:
            return write_vtt(cues).encode()
        return TranscriptDocument.of(self.job.job_id, self.made, cues).model_dump_json().encode()

    def _in_its_language(self, segment: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a segment with the language of its text: it names the one that is spoken."""
        if self.job.options.language_out is None:
            return segment
        return {**segment, "language": self.language}


def _sound_s(job: Job, made: Transcript) -> float | None:
    """Return how long the sound is; ``None`` if it is not known.

    The normalizer measures it. Sites round the duration to whole seconds, in either direction.
    """
    measured_s = job.stages["normalization"].findings.duration_s
    if measured_s is not None:
        return measured_s
    claimed_s = job.video.duration_s if job.video else None
    if claimed_s is None or not made.segments:
        return None
    surely_s = claimed_s - 1 if claimed_s.is_integer() else claimed_s
    return max(surely_s, *(float(segment["end"]) for segment in made.segments))


def _content_type(kind: TranscriptFormat) -> str:
    is_json = kind is TranscriptFormat.JSON  # always UTF-8; the parameter is not defined for it
    return kind.media_type if is_json else f"{kind.media_type}; charset=utf-8"
