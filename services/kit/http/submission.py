"""Parse an HTTP request into a submission; uploads are streamed to disk."""

import json
from dataclasses import dataclass
from hashlib import sha256
from io import FileIO
from pathlib import Path
from tempfile import mkstemp
from typing import IO, Any

from flask import Request, current_app
from pydantic import BaseModel
from werkzeug.datastructures import FileStorage

from foundation.tracing import traceparent
from services.kit.http.problems import Problem
from services.kit.service import Service

MAX_IDEMPOTENCY_KEY_CHARS = 255


class Spool(FileIO):
    """A file on disk that computes its checksum while an upload is written to it."""

    def __init__(self, directory: str) -> None:
        descriptor, name = mkstemp(dir=directory)
        super().__init__(descriptor, "w+b")
        self.path = Path(name)
        self._digest = sha256()

    def write(self, chunk: Any, /) -> int:
        """Write and hash a chunk; return its size in bytes."""
        self._digest.update(chunk)
        return super().write(chunk)

    def hexdigest(self) -> str:
        """Return the SHA-256 of the written bytes."""
        return self._digest.hexdigest()


class SpoolingRequest(Request):
    """A request whose files are streamed to the application's ``SPOOL_DIR``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._spools: list[Spool] = []

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        spool = Spool(current_app.config["SPOOL_DIR"])
        self._spools.append(spool)
        return spool

    def close(self) -> None:
        """Close the request and remove uploads that no job has taken."""
        super().close()
        for spool in self._spools:
            spool.close()
            spool.path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Submission:
    """A validated request for a job."""

    options: BaseModel
    spool: Spool | None
    upload_name: str | None
    idempotency_key: str | None
    traceparent: str | None = None

    @property
    def fingerprint(self) -> str:
        """Return a digest that equal submissions share."""
        fields = self.options.model_dump(mode="json")
        file_digest = self.spool.hexdigest() if self.spool else None
        return sha256(json.dumps([fields, file_digest], sort_keys=True).encode()).hexdigest()


def read_submission(service: Service, request: Request) -> Submission:
    """Parse and validate the submission of a request.

    Raises:
        Problem: The body or the idempotency key is malformed.
        ValidationError: A field is missing or invalid.
        WorkError: The fields are valid, but the service does not support them.
    """
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARS:
        raise Problem(422, "invalid_request", "Idempotency-Key must have 1 to 255 characters.")
    trace = traceparent()
    model = service.extra_submissions.get(request.path.strip("/"))
    if model or not service.takes_file:
        options = _check_options(service, model or service.options, _read_json(request))
        return Submission(options, None, None, idempotency_key=key, traceparent=trace)
    upload = _read_upload(request)
    options = _check_options(service, service.options, request.form.to_dict())
    spool = upload.stream
    if not isinstance(spool, Spool):
        raise TypeError("the application's request_class must be SpoolingRequest")
    return Submission(options, spool, upload.filename, idempotency_key=key, traceparent=trace)


def _check_options(service: Service, model: type[BaseModel], fields: dict[str, Any]) -> BaseModel:
    options = model.model_validate(fields)
    service.check(options)
    return options


def _read_json(request: Request) -> dict[str, Any]:
    try:
        body = request.get_json()
    except RecursionError as error:  # nested thousands deep
        raise Problem(
            400, "invalid_request", "The JSON body is nested too deeply; send a flat object."
        ) from error
    if not isinstance(body, dict):
        raise Problem(422, "invalid_request", "The body must be a JSON object.")
    return body


def _read_upload(request: Request) -> FileStorage:
    if request.mimetype != "multipart/form-data":
        raise Problem(
            415, "invalid_request", "Send a multipart/form-data body with a field `file`."
        )
    upload = request.files.get("file")
    if upload is None:
        raise Problem(422, "invalid_request", "The form has no field `file`; add the media file.")
    return upload
