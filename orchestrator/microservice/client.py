"""MicroserviceClient: a method for each call of a service's HTTP contract."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any, TypeVar
from urllib.parse import quote

from requests import Request, Response

from foundation import tracing
from orchestrator.domain.job import Transcript
from orchestrator.errors import (
    OrchestratorError,
    RemoteJobLostError,
    ServiceError,
    ServiceRejectedError,
)
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice.responses import (
    Playlist,
    RemoteJob,
    parse_captions,
    parse_job,
    parse_json,
    parse_playlist,
    parse_transcript,
)
from orchestrator.microservice.session import ServiceSession
from orchestrator.microservice.transfer import Relay, SourceArtifact, make_upload
from orchestrator.microservice.transport import Transport
from orchestrator.settings import Settings
from orchestrator.telemetry.metrics import Counts
from orchestrator.telemetry.metrics.catalogue import POLLS

__all__ = ["MicroserviceClient", "Poll"]

_RANGE_NOT_SATISFIABLE = 416
_NOT_MODIFIED = 304
_JSON = {"Content-Type": "application/json"}

Result = TypeVar("Result")


@dataclass(frozen=True)
class Poll:
    """The response to a status call or a submission."""

    job: RemoteJob | None
    """``None`` if nothing has changed since the ETag of the request."""
    etag: str | None
    """Identifies this state of the job; the next poll asks for a different one."""
    has_waited: bool
    """Whether the service held the poll open."""


class MicroserviceClient:
    """Submits, polls, streams and cancels jobs of one service; thread-safe.

    Methods raise only errors of `orchestrator.errors`. Unless noted, they repeat a call after a
    transient error up to `HTTP_MAX_RETRIES` times, and stop when the worker stops.

    Args:
        name: The service's name.
        settings: The service's URLs and limits, and the limits of all calls.
        stop: Ends waits and polls when the worker stops.
        session: The HTTP session, one for all services of a process.
        counts: Counts calls and bytes.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        stop: StopSignal,
        session: ServiceSession,
        counts: Counts | None = None,
    ) -> None:
        self.name = name
        self.instances = settings.services[name].urls
        self.instance = self.instances[0]
        self._with_logins = settings.services[name].with_logins
        self._timeout_s = settings.services[name].timeout
        self._settings = settings
        self.holds_polls: bool | None = None
        """Whether the service holds polls open until the job changes; ``None`` if not known."""
        self._http = Transport(name, settings, stop, session, counts)

    def submit(
        self,
        fields: Mapping[str, Any],
        *,
        idempotency_key: str,
        source: Callable[[], Any] | None = None,
        instance: str | None = None,
    ) -> Poll:
        """Submit a job.

        Args:
            fields: The fields of the form or of the JSON body.
            idempotency_key: The same key returns the same job, also after a lost response.
            source: Opens the audio (a context manager of `SourceArtifact`); called again for each
                retry, since a transfer restarts from its first byte. ``None`` sends JSON.
            instance: The URL of the instance; ``None`` for the first.

        Raises:
            ServiceError: The service did not accept the job.
            SourceGoneError: The audio no longer exists.
        """
        headers = {"Idempotency-Key": idempotency_key}
        with tracing.span(f"submit to {self.name}", kind="client"):
            if source is None:
                body = json.dumps(fields).encode()
                return self._http.retry(
                    lambda: self._post(headers | _JSON, body, instance=instance)
                )
            return self._http.retry(
                lambda: self._post_file(headers, fields, source, instance=instance)
            )

    def submit_playlist(
        self, url: str, *, idempotency_key: str, instance: str | None = None
    ) -> Poll:
        """Submit a job that lists a playlist or a channel.

        Raises:
            ServiceRejectedError: The service rejected it, for example because it does not support
                playlists (404, 405).
            ServiceError: The service did not accept it.
        """
        headers = {"Idempotency-Key": idempotency_key} | _JSON
        body = json.dumps({"url": url}).encode()
        return self._http.retry(
            lambda: self._post(headers, body, path="playlists", instance=instance)
        )

    def poll(self, remote_id: str, *, etag: str | None = None, instance: str | None = None) -> Poll:
        """Return a job's status, asking the service to hold the poll open until it changes.

        A service that does not support `Prefer: wait` (RFC 7240) responds at once.

        Args:
            remote_id: The remote job.
            etag: Identifies the known state; without one a service waits for the next change.
            instance: The URL of the instance; ``None`` for the first.

        Raises:
            RemoteJobLostError: The service does not know the job.
            ServiceError: The call failed.
        """
        wait_s = self._settings.poll_wait_s
        headers = {"Prefer": f"wait={wait_s:g}"} if wait_s else {}
        if etag:
            headers["If-None-Match"] = etag
        url = self._url(instance, "jobs", remote_id)

        def ask() -> Poll:
            self._http.counts.add(POLLS, self.name)
            started = time.monotonic()
            with self._http.call(
                Request("GET", url, headers), hold_s=wait_s, remote_id=remote_id
            ) as response:
                given = response.headers.get("ETag")
                has_waited = "wait" in response.headers.get("Preference-Applied", "") or (
                    # The header is optional; other status calls never take that long.
                    0 < wait_s / 2 < time.monotonic() - started
                )
                if response.status_code == _NOT_MODIFIED:
                    self._http.read_whole(response)
                    job, given = None, given or etag
                else:
                    job = self._http.read_json(response, parse_job)
            if has_waited or not (job and job.has_ended):
                self.holds_polls = has_waited
            return Poll(job, given, has_waited)

        return self._http.retry(ask)

    def fetch_transcript(self, remote_id: str, *, instance: str | None = None) -> Transcript:
        """Return the transcript of a completed job.

        Raises:
            RemoteJobLostError: The service does not know the job.
            ServiceError: The call failed.
        """
        return self._fetch(remote_id, "transcription", parse_transcript, instance)

    def fetch_captions(self, remote_id: str, *, instance: str | None = None) -> Transcript:
        """Return the publisher's captions that a completed download has found.

        Raises:
            RemoteJobLostError: The service does not know the job, or has no captions of it.
            ServiceError: The call failed.
        """
        return self._fetch(remote_id, "captions", parse_captions, instance)

    def fetch_partial(self, remote_id: str, *, instance: str | None = None) -> Transcript | None:
        """Return the finished part of a running transcription; never retried.

        Returns:
            ``None`` if the service does not support partial transcripts.

        Raises:
            ServiceError: The call failed.
        """
        url = self._url(instance, "jobs", remote_id, "transcription")
        try:
            with self._http.call(Request("GET", url)) as response:
                body = parse_json(self._http.read_whole(response, limit_s=self._timeout_s))
            transcript = parse_transcript(body)
        except (ServiceRejectedError, ValueError):
            return None
        return transcript if body.get("partial") is True else None

    @contextmanager
    def open_artifact(
        self, remote_id: str, *, default_filename: str, instance: str | None = None
    ) -> Iterator[SourceArtifact]:
        """Yield the artifact of a completed job, which the caller streams; never retried.

        Raises:
            RemoteJobLostError: The service does not have it.
            ServiceError: The call failed.
        """
        url = self._url(instance, "jobs", remote_id, "download")
        with self._http.call(Request("GET", url), remote_id=remote_id) as response:
            length = response.headers.get("Content-Length", "")
            yield SourceArtifact(
                service=self.name,
                filename=_filename(response) or default_filename,
                length_bytes=int(length) if length.isdigit() else None,
                digest=response.headers.get("Repr-Digest"),
                read=lambda: self._http.stream(response),
            )

    @contextmanager
    def relay(
        self, remote_id: str, headers: Mapping[str, str], *, instance: str | None = None
    ) -> Iterator[Relay]:
        """Yield the response to a client's request for an artifact or a range; never retried.

        Raises:
            RemoteJobLostError: The service does not have it.
            ServiceError: The call failed.
        """
        url = self._url(instance, "jobs", remote_id, "download")
        with self._http.call(
            Request("GET", url, headers), remote_id=remote_id, allowed_status=_RANGE_NOT_SATISFIABLE
        ) as response:
            yield Relay(response.status_code, response.headers, self._http.stream(response))

    def delete(self, remote_id: str, *, instance: str | None = None) -> None:
        """Delete a job, or cancel it if it runs; idempotent, never retried.

        Raises:
            ServiceError: The call failed.
        """
        url = self._url(instance, "jobs", remote_id)
        try:
            with self._http.call(Request("DELETE", url), remote_id=remote_id) as response:
                self._http.read_whole(response)
        except RemoteJobLostError:
            return

    def clean_up(self) -> Any:
        """Remove all jobs, files and messages of the service; never retried.

        Returns:
            The service's report; of several instances, their reports by URL.

        Raises:
            ServiceError: The call failed.
        """
        reports = {one: self._clean_instance(one) for one in self.instances}
        return reports if len(reports) > 1 else next(iter(reports.values()))

    def _clean_instance(self, instance: str) -> Any:
        request = {"deep": True, "purge_celery_queue": True}
        url, body = self._url(instance, "admin", "cleanup"), json.dumps(request).encode()
        with self._http.call(Request("POST", url, _JSON, data=body)) as response:
            return self._http.read_json(response, lambda body: body)

    def health(self, *, timeout_s: float, instance: str | None = None) -> str:
        """Return the health status that an instance reports; ``unreachable`` if it reports none."""
        url = self._url(instance, "health")
        try:
            status = parse_json(self._http.read_any(url, limit_s=timeout_s)).get("status")
        except (ServiceError, ValueError, AttributeError):
            return "unreachable"
        return status if isinstance(status, str) else "unknown"

    def fetch_page(self, page: str, *, timeout_s: float) -> Any:
        """Return a JSON page of the first instance that has it; never retried.

        Args:
            page: The path of the page.
            timeout_s: The limit for all instances together.

        Returns:
            The parsed page; ``None`` if no instance has it.
        """
        ends = time.monotonic() + timeout_s
        for instance in self.instances:
            left_s = ends - time.monotonic()
            if left_s <= 0:
                break
            try:
                url = self._url(instance, page)
                return parse_json(self._http.read_any(url, limit_s=left_s))
            except (OrchestratorError, ValueError, RecursionError):
                continue
        return None

    def fetch_playlist(self, remote_id: str, *, instance: str | None = None) -> Playlist:
        """Return the list that a completed job of `submit_playlist` has made.

        Raises:
            RemoteJobLostError: The service does not know the job.
            ServiceError: The call failed.
        """
        return self._fetch(remote_id, "playlist", parse_playlist, instance)

    def _fetch(
        self,
        remote_id: str,
        document: str,
        parse: Callable[[Any], Result],
        instance: str | None,
    ) -> Result:
        url = self._url(instance, "jobs", remote_id, document)

        def fetch() -> Result:
            with self._http.call(Request("GET", url), remote_id=remote_id) as response:
                return self._http.read_json(response, parse, limit_s=self._timeout_s)

        with tracing.span(f"fetch {document} from {self.name}", kind="client"):
            return self._http.retry(fetch)

    def _post(
        self,
        headers: Mapping[str, str],
        body: bytes | Iterable[bytes],
        *,
        instance: str | None,
        path: str = "jobs",
    ) -> Poll:
        request = Request("POST", self._url(instance, path), headers, data=body)
        with self._http.call(request) as response:
            job = self._http.read_json(response, parse_job)
            return Poll(job, response.headers.get("ETag"), has_waited=False)

    def _post_file(
        self,
        headers: Mapping[str, str],
        fields: Mapping[str, Any],
        source: Callable[[], Any],
        *,
        instance: str | None,
    ) -> Poll:
        with source() as artifact:
            upload = make_upload(fields, artifact, limit_s=self._timeout_s)
            headers = {**headers, "Content-Type": upload.content_type}
            return self._post(headers, upload.body(), instance=instance)

    def _url(self, instance: str | None, *path: str) -> str:
        """Return the URL of a path, with its segments percent-encoded."""
        base = instance or self.instance
        base = self._with_logins.get(base, base)
        return "/".join((base, *(quote(one, safe="") for one in path)))


def _filename(response: Response) -> str | None:
    """Return the file name in Content-Disposition, without folders.

    `filename*` takes precedence over `filename` (RFC 6266, section 4.3).
    """
    given = response.headers.get("Content-Disposition")
    if not given:
        return None
    header = Message()
    header["Content-Disposition"] = given
    values = header.get_params([], header="content-disposition")
    extended = (value for name, value in values if name == "filename" and isinstance(value, tuple))
    name = collapse_rfc2231_value(next(extended, header.get_filename() or ""))
    return name.replace("\\", "/").rpartition("/")[2].strip() or None
