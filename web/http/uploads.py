"""``POST /pipeline`` with a file instead of a URL: a form that is streamed to disk.

Fields that precede the file are validated before the file is read, so clients send them first.
"""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import IO, Any, Final, ParamSpec

from flask import request
from flask.typing import ResponseReturnValue
from flask_pydantic.exceptions import ValidationError as InvalidBody
from pydantic import Field, ValidationError

from orchestrator.domain.job import Acceptance, JobRequest, Upload
from orchestrator.engine.uploads import Draft
from orchestrator.errors import FileTooLargeError, InvalidRequestError
from web.documentation.responses import document_form
from web.http.body import JsonRequest
from web.http.context import app_settings, caller, current_request, jobs
from web.http.errors import json_pointer
from web.http.forms import FORM, FormFields, FormParser
from web.http.headers import job_origin
from web.schemas.jobs import PipelineOptions

__all__ = ["UploadRequest", "accept_upload", "fingerprint_form"]

_MAX_OTHER_FIELDS_BYTES: Final = 1024 * 1024
_SWITCHES: Final = {"true": True, "false": False}
_MAX_NAME_BYTES: Final = 200
Parameters = ParamSpec("Parameters")
View = Callable[Parameters, ResponseReturnValue]


class UploadForm(PipelineOptions):
    """The form of ``POST /pipeline``: a file and its options."""

    file: bytes = Field(min_length=1, description="An audio or video file.")


class UploadRequest(JsonRequest):
    """A request that streams files to the uploads folder and deletes those that no job uses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._drafts: list[Draft] = []

    def make_form_data_parser(self) -> FormParser:
        """Return a parser that validates fields before it reads the file."""
        return FormParser(
            _validate_fields,
            stream_factory=self._get_file_stream,
            max_form_memory_size=self.max_form_memory_size,
            max_form_parts=self.max_form_parts,
        )

    def _get_file_stream(self, *_: Any, **__: Any) -> IO[bytes]:
        settings = app_settings()
        draft = Draft(Path(settings.uploads_dir), max_bytes=settings.max_file_bytes)
        self._drafts.append(draft)
        return draft

    def close(self) -> None:
        """Close the request and delete the files that no job uses."""
        super().close()
        for draft in self._drafts:
            draft.discard()


def accept_upload(
    respond: Callable[[Acceptance], ResponseReturnValue],
) -> Callable[[View[Parameters]], View[Parameters]]:
    """Make a view that accepts a URL accept a form with a file as well.

    Args:
        respond: Returns the response for the job of an upload.
    """

    def decorate(view: View[Parameters]) -> View[Parameters]:
        @wraps(view)
        def wrapper(*args: Parameters.args, **kwargs: Parameters.kwargs) -> ResponseReturnValue:
            return respond(_submit_upload()) if request.mimetype == FORM else view(*args, **kwargs)

        return document_form(wrapper, UploadForm)

    return decorate


def fingerprint_form() -> bytes:
    """Read a form and return what identifies it: its fields and the digest of its file.

    Raises:
        FileTooLargeError: The file exceeds ``MAX_FILE_SIZE_MB``.
        InvalidRequestError: The form has no file, several files or an empty one.
    """
    upload, _ = _receive_file()
    fields = sorted((name, values) for name, values in request.form.lists())
    return json.dumps([fields, upload.filename, upload.sha256]).encode()


def _receive_file() -> tuple[Upload, Draft]:
    """Return the file of the form; a second call returns the same file."""
    settings = app_settings()
    if (request.content_length or 0) > settings.max_file_bytes + _MAX_OTHER_FIELDS_BYTES:
        raise FileTooLargeError(settings.max_file_bytes)
    request.max_content_length = settings.max_file_bytes + _MAX_OTHER_FIELDS_BYTES
    files = request.files.getlist("file")
    if len(files) != 1 or not isinstance(draft := files[0].stream, Draft):
        detail = f"The form must have one file, in the field `file` (got {len(files)})"
        raise InvalidRequestError(detail, "one_file", "#/file", str(len(files)))
    if draft.length_bytes == 0:
        raise InvalidRequestError(
            "The file is empty; choose a file with audio", "empty_file", "#/file"
        )
    name = _sanitize_filename(files[0].filename)
    return Upload(name, draft.length_bytes, draft.hexdigest()), draft


def _submit_upload() -> Acceptance:
    """Read the form and submit a job.

    Raises:
        FileTooLargeError: The file exceeds ``MAX_FILE_SIZE_MB``.
        InvalidRequestError: The form has no file, several files or an empty one.
        InvalidBody: Another field is invalid.
    """
    upload, draft = _receive_file()
    job_request = _to_job_request(request.form, upload)
    return jobs().submit_upload(job_request, draft, job_id=current_request().chosen_job_id)


def _validate_fields(fields: FormFields) -> None:
    """Validate the fields that precede a file."""
    unread = Upload("", length_bytes=0, sha256="")
    jobs().check_options(_to_job_request(fields, unread))


def _to_job_request(fields: FormFields, upload: Upload) -> JobRequest:
    settings, url = app_settings(), f"upload:{upload.filename}"
    return _parse_options(fields).to_request(
        settings, url=url, caller=caller(), origin=job_origin(), upload=upload
    )


def _parse_options(form: FormFields) -> PipelineOptions:
    """Parse the fields of a form."""
    for name, values in form.lists():
        if len(values) > 1 and name != "vocabulary":
            detail = f"The field `{name}` must not be repeated (got {len(values)} values)"
            raise InvalidRequestError(detail, "repeated_field", json_pointer(name), name)
    fields: dict[str, Any] = {
        name: _SWITCHES.get(value.lower(), value)
        for name, value in form.items()
        if not _is_null(name, value)
    }
    if "vocabulary" in fields:
        fields["vocabulary"] = form.getlist("vocabulary")
    if "metadata" in fields:
        try:
            fields["metadata"] = json.loads(fields["metadata"])
        except (ValueError, RecursionError) as error:
            detail = "The field `metadata` must be a JSON object"
            raise InvalidRequestError(detail, "metadata_object", "#/metadata") from error
    try:
        return PipelineOptions.model_validate(fields)
    except ValidationError as error:
        raise InvalidBody(body_params=error.errors()) from error


def _is_null(name: str, value: str) -> bool:
    """Whether a field is the text ``null`` and its option can be ``null``."""
    field = PipelineOptions.model_fields.get(name)
    return value == "null" and field is not None and field.default is None


def _sanitize_filename(name: str | None) -> str:
    """Return a client's file name without folders and control characters, of bounded length."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(plain.encode()) > _MAX_NAME_BYTES:
        suffix = Path(plain).suffix[:20]
        stem = plain.encode()[: _MAX_NAME_BYTES - len(suffix.encode())]
        plain = stem.decode(errors="ignore") + suffix
    return plain or "upload"
