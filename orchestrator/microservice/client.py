"""MicroserviceClient: one service, every call of the HTTP contract that the pipeline needs."""

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
from orchestrator.microservice.answers import (
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
    """What one status call brought."""

    job: RemoteJob | None
    """``None``: nothing has changed since the poll that gave the ETag."""
    etag: str | None
    """Names this state of the job, so that the next poll can ask for another one."""
    has_waited: bool
    """Whether the service honoured the wish to wait."""


class MicroserviceClient:
    """Submits, polls, streams and cancels jobs of one service.

    Every method may be called by many threads at once, raises only errors of
    ``orchestrator.errors``, and repeats a call after a transient error up to
    ``HTTP_MAX_RETRIES`` times, unless the worker is told to stop.

    Args:
        name: The service's name.
        settings: Its address and limits, and everybody's.
        stop: Ends waits and polls when the worker is told to stop.
        session: Carries the calls; one for all services of a process.
        counts: Where calls and bytes are counted.
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
        """Whether the service is known to answer a poll only once there is something new."""
        self._http = Transport(name, settings, stop, session, counts)

    def submit(
        self,
        fields: Mapping[str, Any],
        *,
        idempotency_key: str,
        source: Callable[[], Any] | None = None,
        instance: str | None = None,
    ) -> Poll:
        """Hand over work.

        Args:
            fields: What is asked for.
            idempotency_key: The same key gives the same job, also when a reply was lost.
            source: Opens the audio (a context manager of ``SourceArtifact``); called again for
                each repetition, since a broken transfer begins anew. ``None`` sends JSON.
            instance: To which of the service's instances; ``None`` for the first.

        Raises:
            ServiceError: It was not accepted.
            SourceGoneError: The audio is not there any more.
        """
        headers = {"Idempotency-Key": idempotency_key}
        with tracing.span(f"submit to {self.name}", kind="client"):
            if source is None:
                body = json.dumps(fields).encode()
                return self._http.repeated(
                    lambda: self._post(headers | _JSON, body, instance=instance)
                )
            return self._http.repeated(
                lambda: self._post_file(headers, fields, source, instance=instance)
            )

    def submit_playlist(
        self, url: str, *, idempotency_key: str, instance: str | None = None
    ) -> Poll:
        """Have a playlist or a channel listed.

        Raises:
            ServiceRejectedError: It was refused, e.g. by a service that lists none (404, 405).
            ServiceError: It was not accepted.
        """
        headers = {"Idempotency-Key": idempotency_key} | _JSON
        body = json.dumps({"url": url}).encode()
        return self._http.repeated(
            lambda: self._post(headers, body, path="playlists", instance=instance)
        )

    def poll(self, remote_id: str, *, etag: str | None = None, instance: str | None = None) -> Poll:
        """Ask for a job's status, and to be answered once it differs (RFC 7240).

        Any service may be asked to wait; one that does not know of it answers at once.

        Args:
            remote_id: The remote job.
            etag: Names the state that is known; without one a service waits for the next change.
            instance: Where the job is; ``None`` for the first instance.

        Raises:
            RemoteJobLostError: The service does not know the job.
            ServiceError: It did not answer as it should.
        """
        wait_s = self._settings.poll_wait_s
        headers = {"Prefer": f"wait={wait_s:g}"} if wait_s else {}
        if etag:
            headers["If-None-Match"] = etag
        url = self._url(instance, "jobs", remote_id)

        def ask() -> Poll:
            self._http.counts.add(POLLS, self.name)
            began = time.monotonic()
            with self._http.call(
                Request("GET", url, headers), patience_s=wait_s, found=remote_id
            ) as response:
                given = response.headers.get("ETag")
                has_waited = "wait" in response.headers.get("Preference-Applied", "") or (
                    # The header is optional, and no status call takes so long otherwise.
                    0 < wait_s / 2 < time.monotonic() - began
                )
                if response.status_code == _NOT_MODIFIED:
                    self._http.read_whole(response)
                    job, given = None, given or etag
                else:
                    job = self._http.parsed(response, parse_job)
            if has_waited or not (job and job.has_ended):
                self.holds_polls = has_waited
            return Poll(job, given, has_waited)

        return self._http.repeated(ask)

    def fetch_transcript(self, remote_id: str, *, instance: str | None = None) -> Transcript:
        """Return what a finished transcription job has made.

        Raises:
            RemoteJobLostError: The service does not know the job.
            ServiceError: It did not answer as it should.
        """
        return self._fetch(remote_id, "transcription", parse_transcript, instance)

    def fetch_captions(self, remote_id: str, *, instance: str | None = None) -> Transcript:
        """Return the publisher's own subtitles, which a finished download has come upon.

        Raises:
            RemoteJobLostError: The service does not know the job, or has no subtitles of it.
            ServiceError: It did not answer as it should.
        """
        return self._fetch(remote_id, "captions", parse_captions, instance)

    def fetch_partial(self, remote_id: str, *, instance: str | None = None) -> Transcript | None:
        """Return what a running transcription has finished; one call, never repeated.

        Returns:
            ``None`` where the service shows nothing before it is done.

        Raises:
            ServiceError: It did not answer as it should.
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
        """Give the stream of a finished job's artifact; it is read by whoever it is handed to.

        Raises:
            RemoteJobLostError: The service does not have it.
            ServiceError: It did not answer as it should.
        """
        url = self._url(instance, "jobs", remote_id, "download")
        with self._http.call(Request("GET", url), found=remote_id) as response:
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
        """Give the answer to a client's own request for an artifact, e.g. for a part of it.

        Raises:
            RemoteJobLostError: The service does not have it.
            ServiceError: It did not answer as it should.
        """
        url = self._url(instance, "jobs", remote_id, "download")
        with self._http.call(
            Request("GET", url, headers), found=remote_id, passed=_RANGE_NOT_SATISFIABLE
        ) as response:
            yield Relay(response.status_code, response.headers, self._http.stream(response))

    def delete(self, remote_id: str, *, instance: str | None = None) -> None:
        """Delete a job, or cancel it while it runs; a job that is not there is as good.

        Raises:
            ServiceError: The service did not answer as it should.
        """
        url = self._url(instance, "jobs", remote_id)
        try:
            with self._http.call(Request("DELETE", url), found=remote_id) as response:
                self._http.read_whole(response)
        except RemoteJobLostError:
            return

    def clean_up(self) -> Any:
        """Have the service remove all its jobs, files and messages; returns what it says it did.

        Of several instances each is asked, and its answer stands under its address.

        Raises:
            ServiceError: It did not answer as it should.
        """
        answers = {one: self._clean_instance(one) for one in self.instances}
        return answers if len(answers) > 1 else next(iter(answers.values()))

    def _clean_instance(self, instance: str) -> Any:
        request = {"deep": True, "purge_celery_queue": True}
        url, body = self._url(instance, "admin", "cleanup"), json.dumps(request).encode()
        with self._http.call(Request("POST", url, _JSON, data=body)) as response:
            return self._http.parsed(response, lambda body: body)

    def health(self, *, timeout_s: float, instance: str | None = None) -> str:
        """Return an instance's own word for how it is; ``unreachable`` where it has none."""
        url = self._url(instance, "health")
        try:
            status = parse_json(self._http.read_any(url, limit_s=timeout_s)).get("status")
        except (ServiceError, ValueError, AttributeError):
            return "unreachable"
        return status if isinstance(status, str) else "unknown"

    def fetch_page(self, page: str, *, timeout_s: float) -> Any:
        """Return one of the service's own JSON pages; ``None`` where there is none to read.

        Of several instances the first one that answers counts. It takes no longer than
        ``timeout_s``, and is never repeated.
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
        """Return what a finished job of ``submit_playlist`` has listed.

        Raises:
            RemoteJobLostError: The service does not know the job.
            ServiceError: It did not answer as it should.
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
            with self._http.call(Request("GET", url), found=remote_id) as response:
                return self._http.parsed(response, parse, limit_s=self._timeout_s)

        with tracing.span(f"fetch {document} from {self.name}", kind="client"):
            return self._http.repeated(fetch)

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
            job = self._http.parsed(response, parse_job)
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
        """Return the URL of a path, whatever is in its segments, such as a service's own id."""
        base = instance or self.instance
        base = self._with_logins.get(base, base)
        return "/".join((base, *(quote(one, safe="") for one in path)))


def _filename(response: Response) -> str | None:
    """Return the name in Content-Disposition, without any folder that it may name.

    ``filename*`` is preferred to the ASCII fallback beside it (RFC 6266, section 4.3).
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
