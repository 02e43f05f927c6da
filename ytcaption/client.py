"""The client of the API: one method for each thing that can be asked of it."""

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

from ytcaption.batches import Batch, BatchSubmission
from ytcaption.errors import UnexpectedAnswerError, UsageError, WaitTimeoutError
from ytcaption.events import Event
from ytcaption.files import write_file
from ytcaption.following import watch_events, watch_job
from ytcaption.form import FileForm, OnSent
from ytcaption.health import Health, Stats
from ytcaption.jobs import Job, JobPage, JobSummary, Submission
from ytcaption.options import CueLimits, Format, Options, to_fields
from ytcaption.patience import Patience
from ytcaption.transport import Transport

__all__ = ["DEFAULT_URL", "Client"]

DEFAULT_URL: Final = "http://127.0.0.1:8000"

_UPLOAD_TIMEOUT: Final = (60.0, 300.0)  # seconds for each piece to go out, and for the answer
_CHUNK_BYTES: Final = 64 * 1024
_SHA256: Final = re.compile(r"sha-256=:([A-Za-z0-9+/=]+):")


class Client:
    """Talks to one YTCaption API. May be shared by threads; close it, or use it in a ``with``.

    All methods raise `YTCaptionError`: `UnreachableError`, `UnexpectedAnswerError`, or the
    `ApiError` for what the API says.

    Args:
        url: Where the API is.
        api_key: A key of it, if it wants one.
        timeout_s: How long it may be silent, in seconds.
        patience_s: How long it may be away while a job is followed, in seconds.
        language: In which it words its errors: ``en`` or ``pt``.
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
        """Have a video transcribed.

        Args:
            url: Its address.
            idempotency_key: Your own name for this: sent again, it makes no second job.
            options: What may be chosen.
        """
        return self._transport.ask_for(
            Submission,
            "POST",
            "/pipeline",
            json={"youtube_url": url, **_chosen(options)},
            headers=_named(idempotency_key),
        )

    def upload(
        self,
        path: Path | str,
        *,
        idempotency_key: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[Options],
    ) -> Submission:
        """Have a file transcribed; it is sent in pieces, and never whole in memory.

        Args:
            path: The file.
            idempotency_key: Your own name for this: sent again, it makes no second job.
            on_sent: Is told how many bytes are sent, and of how many.
            options: What may be chosen.

        Raises:
            UsageError: There is no such file, or it is empty.
        """
        form = FileForm(Path(path), list(to_fields(options)), on_sent)
        headers = {"Content-Type": form.content_type, **_named(idempotency_key)}
        return self._transport.ask_for(
            Submission, "POST", "/pipeline", data=form, headers=headers, timeout=_UPLOAD_TIMEOUT
        )

    def get(self, job_id: str) -> Job:
        """Return everything about a job."""
        return self._transport.ask_for(Job, "GET", _path("jobs", job_id))

    def watch(self, job_id: str) -> Iterator[Job]:
        """Yield a job as it is, after each change and every 20 s, until it has ended.

        The API may restart meanwhile.
        """
        return watch_job(self._transport, _path("jobs", job_id), Patience(self._patience_s))

    def wait(self, job_id: str, *, timeout_s: float | None = None) -> Job:
        """Return a job when it has ended, in whatever way.

        Args:
            job_id: The job.
            timeout_s: How long that may take, in seconds; looked at whenever the API answers,
                which is every 20 s at the latest.

        Raises:
            WaitTimeoutError: It has not ended in time.
        """
        began_s = time.monotonic()
        for job in self.watch(job_id):
            if job.is_over:
                return job
            if timeout_s is not None and time.monotonic() - began_s > timeout_s:
                break
        raise WaitTimeoutError(job_id, timeout_s or 0.0)

    def events(self, job_id: str, *, after: str | None = None) -> Iterator[Event]:
        """Yield what happens to a job as it happens, from its beginning on, each event once.

        The stream goes on where it was cut.

        Args:
            job_id: The job.
            after: The id of the last event that is known.
        """
        path = _path("jobs", job_id, "events")
        return watch_events(self._transport, path, after, Patience(self._patience_s))

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
            limit: How many at the most, from 1 to 200.
            status: Only those with this status.
            metadata: Only those with this note: its key and its value.
            cursor: ``next_cursor`` of the page before.
        """
        note = ":".join(metadata) if metadata else None
        query = {"limit": limit, "status": status, "metadata": note, "cursor": cursor}
        return self._transport.ask_for(JobPage, "GET", "/jobs", params=query)

    def jobs(
        self, *, status: str | None = None, metadata: tuple[str, str] | None = None
    ) -> Iterator[JobSummary]:
        """Yield all jobs, newest first; asks for the next page when it is needed."""
        page = self.page(status=status, metadata=metadata)
        yield from page.jobs
        while page.next_cursor:
            page = self.page(status=status, metadata=metadata, cursor=page.next_cursor)
            yield from page.jobs

    def cancel(self, job_id: str) -> Job:
        """End a job at once; one that has ended stays as it is."""
        return self._transport.ask_for(Job, "POST", _path("jobs", job_id, "cancel"))

    def retry(self, job_id: str) -> Job:
        """Send a failed or cancelled job on from where it stopped."""
        return self._transport.ask_for(Job, "POST", _path("jobs", job_id, "retry"))

    def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with all that it has made."""
        self._transport.ask("DELETE", _path("jobs", job_id))

    def transcript(
        self, job_id: str, form: Format | str = Format.TXT, **limits: Unpack[CueLimits]
    ) -> str:
        """Return the transcript of a completed job.

        Args:
            job_id: The job.
            form: How it is written down: ``txt``, ``srt``, ``vtt`` or ``json``.
            limits: What captions are to look like.
        """
        path = _path("jobs", job_id, "transcript")
        query = {"format": str(form), **limits}
        return self._transport.ask("GET", path, params=query).content.decode()

    def save_audio(self, job_id: str, path: Path | str) -> None:
        """Write the normalized audio of a job to a file, and check what has come.

        Raises:
            UnexpectedAnswerError: It is not what the API says that it is; nothing is written.
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
        """Have many videos transcribed: those of a list, or those of a playlist or channel."""
        videos = {"playlist_url": playlist_url} if playlist_url else {"youtube_urls": list(urls)}
        return self._transport.ask_for(
            BatchSubmission,
            "POST",
            "/batches",
            json={**videos, **_chosen(options)},
            headers=_named(idempotency_key),
        )

    def get_batch(self, batch_id: str) -> Batch:
        """Return what has become of a batch."""
        return self._transport.ask_for(Batch, "GET", _path("batches", batch_id))

    def cancel_batch(self, batch_id: str) -> Batch:
        """Cancel every job of a batch that has not ended."""
        return self._transport.ask_for(Batch, "POST", _path("batches", batch_id, "cancel"))

    def health(self) -> Health:
        """Return how the API and its services are, however bad that is."""
        return self._transport.ask_for(Health, "GET", "/health")

    def stats(self) -> Stats:
        """Return how much there is; operators only."""
        return self._transport.ask_for(Stats, "GET", "/admin/stats")

    def _audio(self, job_id: str) -> Iterator[bytes]:
        checksum = hashlib.sha256()
        with self._transport.stream("GET", _path("jobs", job_id, "audio")) as answer:
            for chunk in answer.iter_content(_CHUNK_BYTES):
                checksum.update(chunk)
                yield chunk
            expected = _SHA256.search(answer.headers.get("Repr-Digest", ""))
        if expected and base64.b64decode(expected[1]) != checksum.digest():
            raise UnexpectedAnswerError(answer.url, "the audio does not have its checksum")


def _path(*parts: str) -> str:
    """Return a path; an id stays one part of it, where `..` would lead elsewhere."""
    for part in parts:
        if quote(part, safe="") != part or not part.strip("."):
            raise UsageError(f"{part!r} is not an id")
    return "/".join(["", *parts])


def _chosen(options: Options) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _named(idempotency_key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": idempotency_key or uuid4().hex}
