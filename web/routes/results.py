"""Routes of a job's artifacts: transcript and audio."""

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
from web.documentation.responses import (
    IF_NONE_MATCH,
    RequestHeader,
    ResponseSpec,
    document_responses,
)
from web.http.context import app_settings, audio_files, jobs
from web.http.errors import problem_response
from web.http.file_names import audio_filename, transcript_filename
from web.schemas.results import TranscriptDocument, TranscriptFormat, TranscriptQuery

__all__ = ["blueprint"]

blueprint = Blueprint("results", __name__)

_FORMATS: Final = {one.media_type: one for one in TranscriptFormat}
_FORWARDED_HEADERS: Final = ("Range", "If-Range", "If-None-Match", "If-Modified-Since")
_RETURNED_HEADERS: Final = (
    "Accept-Ranges",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "Repr-Digest",
)


@blueprint.get("/jobs/<job_id>/transcript")
@document_responses(
    ResponseSpec(
        TranscriptDocument,
        media_types=tuple(_FORMATS),
        description="The transcript, as an attachment.",
    ),
    ResponseSpec(
        status=304, media_types=(), description="The `ETag` in `If-None-Match` is current."
    ),
    headers=(IF_NONE_MATCH,),
)
@validate()
def transcript(job_id: str, query: TranscriptQuery) -> ResponseReturnValue:
    """Download the transcript of a completed job as text, SubRip, WebVTT or JSON.

    The format is `format`, otherwise the best match of `Accept`, otherwise JSON. Subtitle cues
    follow the Netflix Timed Text Style Guide for the language, unless the query or the operator
    sets other limits. The file name contains the title, the language and the format.
    """
    job = jobs().get(job_id)
    file_format = query.format or _preferred_format()
    made = jobs().transcript(job, with_words=file_format is not TranscriptFormat.TXT)
    if made is None:
        raise NotCompletedError(job_id, job.status, "transcription")
    # In a thread: hours of speech take a second of CPU, during which other requests would wait.
    language = job.captions_language or job.options.language_out or made.language
    style = query.style(app_settings().cue_style.for_language(language))
    renderer = _Renderer(job, made, language, style)
    body = get_hub().threadpool.apply(renderer.render, (file_format,))
    response = Response(body, content_type=_content_type(file_format))
    response.set_etag(sha256(body).hexdigest()[:32])
    response.vary.add("Accept")
    response.headers["Content-Disposition"] = attachment(
        transcript_filename(job, made.language, file_format)
    )
    return response.make_conditional(request)


@blueprint.get("/jobs/<job_id>/audio")
@document_responses(
    ResponseSpec(media_types=("audio/*",), description="The audio, as an attachment."),
    ResponseSpec(status=206, media_types=("audio/*",), description="The requested byte range."),
    ResponseSpec(
        status=304, media_types=(), description="The `ETag` in `If-None-Match` is current."
    ),
    headers=(RequestHeader("Range", "The bytes to return, for example `bytes=0-1023`."),),
)
def audio(job_id: str) -> ResponseReturnValue:
    """Download the normalized audio of a job, or a byte range of it.

    It is available once the normalization stage has completed; until then the status is 409.
    """
    forwarded = {
        name: request.headers[name] for name in _FORWARDED_HEADERS if name in request.headers
    }
    job = jobs().get(job_id)
    stream = audio_files().open(job, forwarded)
    if stream.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        stream.close()
        detail = "The requested range lies outside the audio; see `Content-Range` for its size"
        response = problem_response(stream.status_code, "range_not_satisfiable", detail)
        names: tuple[str, ...] = ("Accept-Ranges", "Content-Range")
    else:
        response = Response(
            stream.chunks, stream.status_code, content_type="application/octet-stream"
        )
        response.call_on_close(stream.close)
        names = _RETURNED_HEADERS
        response.headers["Content-Disposition"] = attachment(audio_filename(job, stream.filename))
    response.headers.update(
        {name: stream.headers[name] for name in names if name in stream.headers}
    )
    return response


def _preferred_format() -> TranscriptFormat:
    found = request.accept_mimetypes.best_match(_FORMATS)
    if found is None and request.accept_mimetypes:
        raise NotAcceptable(f"The transcript is available as {', '.join(_FORMATS)}")
    return _FORMATS.get(found or "", TranscriptFormat.JSON)


@dataclass(frozen=True)
class _Renderer:
    """Renders a transcript in a format."""

    job: Job
    made: Transcript
    language: str | None
    """The language of the text."""
    style: CueStyle

    def render(self, file_format: TranscriptFormat) -> bytes:
        segments = [self._with_text_language(segment) for segment in self.made.segments]
        if file_format is TranscriptFormat.TXT:
            return write_text(self.made.text, segments, language=self.language).encode()
        duration_s = _duration_s(self.job, self.made)
        cues = make_cues(segments, self.style, duration_s=duration_s, language=self.language)
        if file_format is TranscriptFormat.SRT:
            return write_srt(cues).encode()
        if file_format is TranscriptFormat.VTT:
            return write_vtt(cues).encode()
        return TranscriptDocument.of(self.job.job_id, self.made, cues).model_dump_json().encode()

    def _with_text_language(self, segment: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a segment with the language of its text instead of the spoken one."""
        if self.job.options.language_out is None:
            return segment
        return {**segment, "language": self.language}


def _duration_s(job: Job, made: Transcript) -> float | None:
    """Return the duration of the audio, or ``None`` if it is unknown.

    The normalizer measures it. Without that the site's duration is used. Sites round it to
    whole seconds, up or down, so one second is subtracted.
    """
    measured_s = job.stages["normalization"].findings.duration_s
    if measured_s is not None:
        return measured_s
    reported_s = job.video.duration_s if job.video else None
    if reported_s is None or not made.segments:
        return None
    certain_s = reported_s - 1 if reported_s.is_integer() else reported_s
    return max(certain_s, *(float(segment["end"]) for segment in made.segments))


def _content_type(file_format: TranscriptFormat) -> str:
    is_json = file_format is TranscriptFormat.JSON  # RFC 8259 defines no charset parameter
    return file_format.media_type if is_json else f"{file_format.media_type}; charset=utf-8"
