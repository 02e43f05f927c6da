"""The client of the API, with one method per operation."""

import base64
import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, Unpack
from urllib.parse import quote
from uuid import uuid4

from ytcaption.backoff import Backoff
from ytcaption.batches import Batch, BatchSubmission
from ytcaption.errors import UnexpectedAnswerError, UsageError, WaitTimeoutError
from ytcaption.events import Event
from ytcaption.files import write_file
from ytcaption.following import watch_events, watch_job
from ytcaption.form import FileForm, OnSent
from ytcaption.health import Health, Stats
from ytcaption.jobs import Job, JobPage, JobSummary, Submission
from ytcaption.options import CueLimits, Format, Options, to_fields
from ytcaption.transport import Transport

__all__ = ["DEFAULT_URL", "Client"]

DEFAULT_URL: Final = "http://127.0.0.1:8000"

_UPLOAD_TIMEOUT: Final = (60.0, 300.0)  # seconds to send each chunk, and for the response
_CHUNK_BYTES: Final = 64 * 1024
_SHA256: Final = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")


class Client:
    """A client of one YTCaption API. Thread-safe; close it, or use it in a ``with`` statement.

    Methods raise `YTCaptionError`: `UnreachableError`, `UnexpectedAnswerError` or an `ApiError`.

    Args:
        url: The URL of the API.
        api_key: An API key, if the API requires one.
        timeout_s: The read timeout, in seconds.
        patience_s: How long the API may be unavailable while a job is followed, in seconds.
        language: The language of the API's error messages: ``en`` or ``pt``.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        api_key: str | None = None,
        *,
        timeout_s: float = 30.0,
        patience_s: float = 60.0,
        language: str = "en",
    ) -> None:
        self._transport = Transport(url, api_key, timeout_s=timeout_s, language=language)
        self._patience_s = patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def submit(
        self, url: str, *, idempotency_key: str | None = None, **options: Unpack[Options]
    ) -> Submission:
        """Submit a video for transcription.

        Args:
            url: The URL of the video.
            idempotency_key: Identifies this submission: repeated, it creates no second job.
            options: The options of the job.
        """
        return self._transport.request_as(
            Submission,
            "POST",
            "/pipeline",
            json={"youtube_url": url, **_without_none(options)},
            headers=_key_header(idempotency_key),
        )

    def upload(
        self,
        path: Path | str,
        *,
        idempotency_key: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[Options],
    ) -> Submission:
        """Upload a file for transcription, in chunks.

        Args:
            path: The file.
            idempotency_key: Identifies this submission: repeated, it creates no second job.
            on_sent: Called with the number of bytes sent and the size of the file.
            options: The options of the job.

        Raises:
            UsageError: The file does not exist or is empty.
        """
        form = FileForm(Path(path), list(to_fields(options)), on_sent)
        headers = {"Content-Type": form.content_type, **_key_header(idempotency_key)}
        return self._transport.request_as(
            Submission, "POST", "/pipeline", data=form, headers=headers, timeout=_UPLOAD_TIMEOUT
        )

    def get(self, job_id: str) -> Job:
        """Return a job."""
        return self._transport.request_as(Job, "GET", _path("jobs", job_id))

    def watch(self, job_id: str) -> Iterator[Job]:
        """Yield a job now, after each change and every 20 s, until it has ended.

        Restarts of the API do not interrupt this.
        """
        return watch_job(self._transport, _path("jobs", job_id), Backoff(self._patience_s))

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> Job:
        """Block until a job has ended, whatever its result, and return it.

        Args:
            job_id: The job's id.
            timeout_s: The time limit, in seconds; checked at least every 20 s.

        Raises:
            WaitTimeoutError: The job did not end in time.
        """
        began_s = time.monotonic()
        for job in self.watch(job_id):
            if job.is_over:
                return job
            if timeout_s is not None and time.monotonic() - began_s > timeout_s:
                break
        raise WaitTimeoutError(job_id, timeout_s or 0.0)

    def events(self, job_id: str, *, after: str | None = None) -> Iterator[Event]:
        """Yield all events of a job, from its start to its end, each once.

        An interrupted stream is resumed.

        Args:
            job_id: The job's id.
            after: Start after the event with this id.
        """
        path = _path("jobs", job_id, "events")
        return watch_events(self._transport, path, after, Backoff(self._patience_s))

    def page(
        self,
        *,
        limit: int = 50,
        status: str | None = None,
        metadata: tuple[str, str] | None = None,
        cursor: str | None = None,
    ) -> JobPage:
        """Return the newest jobs, or those after a cursor.

        Args:
            limit: The maximum number of jobs, from 1 to 200.
            status: Only jobs with this status.
            metadata: Only jobs with this metadata entry: key and value.
            cursor: ``next_cursor`` of the previous page.
        """
        entry = ":".join(metadata) if metadata else None
        query = {"limit": limit, "status": status, "metadata": entry, "cursor": cursor}
        return self._transport.request_as(JobPage, "GET", "/jobs", params=query)

    def jobs(
        self, *, status: str | None = None, metadata: tuple[str, str] | None = None
    ) -> Iterator[JobSummary]:
        """Yield all jobs, newest first; pages are requested as needed."""
        page = self.page(status=status, metadata=metadata)
        yield from page.jobs
        while page.next_cursor:
            page = self.page(status=status, metadata=metadata, cursor=page.next_cursor)
            yield from page.jobs

    def cancel(self, job_id: str) -> Job:
        """Cancel a job; one that has ended is unchanged."""
        return self._transport.request_as(Job, "POST", _path("jobs", job_id, "cancel"))

    def retry(self, job_id: str) -> Job:
        """Resume a failed or cancelled job at the stage where it stopped."""
        return self._transport.request_as(Job, "POST", _path("jobs", job_id, "retry"))

    def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with its transcript and files."""
        self._transport.request("DELETE", _path("jobs", job_id))

    def transcript(
        self, job_id: str, form: Format | str = Format.TXT, **limits: Unpack[CueLimits]
    ) -> str:
        """Return the transcript of a completed job.

        Args:
            job_id: The job's id.
            form: The format: ``txt``, ``srt``, ``vtt`` or ``json``.
            limits: The limits of caption cues.
        """
        path = _path("jobs", job_id, "transcript")
        query = {"format": str(form), **limits}
        return self._transport.request("GET", path, params=query).content.decode()

    def save_audio(self, job_id: str, path: Path | str) -> None:
        """Save the normalized audio of a job to a file, and verify its checksum.

        Raises:
            UnexpectedAnswerError: The checksum does not match; nothing is written.
            UsageError: The file cannot be written.
        """
        write_file(Path(path), self._audio(job_id))

    def submit_batch(
        self,
        urls: Sequence[str] = (),
        *,
        playlist_url: str | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[Options],
    ) -> BatchSubmission:
        """Submit many videos: a list, or all videos of a playlist or channel."""
        videos = {"playlist_url": playlist_url} if playlist_url else {"youtube_urls": list(urls)}
        return self._transport.request_as(
            BatchSubmission,
            "POST",
            "/batches",
            json={**videos, **_without_none(options)},
            headers=_key_header(idempotency_key),
        )

    def get_batch(self, batch_id: str) -> Batch:
        """Return a batch and its videos."""
        return self._transport.request_as(Batch, "GET", _path("batches", batch_id))

    def cancel_batch(self, batch_id: str) -> Batch:
        """Cancel all jobs of a batch that have not ended."""
        return self._transport.request_as(Batch, "POST", _path("batches", batch_id, "cancel"))

    def health(self) -> Health:
        """Return the health of the API and its services; does not raise if they are unhealthy."""
        return self._transport.request_as(Health, "GET", "/health")

    def stats(self) -> Stats:
        """Return statistics; requires a key with the scope ``admin``."""
        return self._transport.request_as(Stats, "GET", "/admin/stats")

    def _audio(self, job_id: str) -> Iterator[bytes]:
        checksum = hashlib.sha256()
        with self._transport.stream("GET", _path("jobs", job_id, "audio")) as answer:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                checksum.update(chunk)
                yield chunk
            expected = _SHA256.search(answer.headers.get("Repr-Digest", ""))
        if expected and base64.b64decode(expected[1]) != checksum.digest():
            raise UnexpectedAnswerError(answer.url, "the audio does not match its checksum")


def _path(*parts: str) -> str:
    """Join the parts of a path; refuse ids such as `..`, which would change the path."""
    for part in parts:
        if quote(part, safe="") != part or not part.strip("."):
            raise UsageError(f"{part!r} is not a valid id")
    return "/".join(["", *parts])


def _without_none(options: Options) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _key_header(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key or uuid4().hex}
