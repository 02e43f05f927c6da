"""``POST /pipeline`` with a file instead of an address: a form, written to disk as it comes in.

What comes before the file in the form is checked before the file is read, so clients send it first.
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
from web.documentation.responses import note_form
from web.http.body import JsonRequest
from web.http.context import app_settings, caller, jobs, present
from web.http.errors import pointer_to
from web.http.forms import FORM, FormFields, FormParser
from web.http.headers import origin
from web.schemas.jobs import PipelineOptions

__all__ = ["UploadRequest", "describe_form", "or_upload"]

_OTHER_FIELDS_BYTES: Final = 1024 * 1024
_SWITCHES: Final = {"true": True, "false": False}
_LONGEST_NAME_BYTES: Final = 200
Parameters = ParamSpec("Parameters")
View = Callable[Parameters, ResponseReturnValue]


class UploadForm(PipelineOptions):
    """The form of ``POST /pipeline``: a file, and what may be chosen for it."""

    file: bytes = Field(min_length=1, description="An audio or video file.")


class UploadRequest(JsonRequest):
    """A request whose files go to the folder of uploads, and from there unless a job took them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._drafts: list[Draft] = []

    def make_form_data_parser(self) -> FormParser:
        """Return what reads this request's form."""
        return FormParser(
            _check_fields,
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
        """Close the request and remove what no job took."""
        super().close()
        for draft in self._drafts:
            draft.discard()


def or_upload(
    answer: Callable[[Acceptance], ResponseReturnValue],
) -> Callable[[View[Parameters]], View[Parameters]]:
    """Have a view that takes an address take a form with a file as well.

    Args:
        answer: Answers for the job of an upload.
    """

    def decorate(view: View[Parameters]) -> View[Parameters]:
        @wraps(view)
        def answered(*args: Parameters.args, **kwargs: Parameters.kwargs) -> ResponseReturnValue:
            return answer(_submit()) if request.mimetype == FORM else view(*args, **kwargs)

        return note_form(answered, UploadForm)

    return decorate


def describe_form() -> bytes:
    """Receive a form, and return what tells it from others: its fields and its file's digest.

    Raises:
        FileTooLargeError: The file is longer than is accepted.
        InvalidRequestError: The form has no file, or several, or an empty one.
    """
    upload, _ = _receive()
    fields = sorted((name, values) for name, values in request.form.lists())
    return json.dumps([fields, upload.filename, upload.sha256]).encode()


def _receive() -> tuple[Upload, Draft]:
    """Receive a form's file; the second time it is there already."""
    settings = app_settings()
    if (request.content_length or 0) > settings.max_file_bytes + _OTHER_FIELDS_BYTES:
        raise FileTooLargeError(settings.max_file_bytes)
    request.max_content_length = settings.max_file_bytes + _OTHER_FIELDS_BYTES
    files = request.files.getlist("file")
    if len(files) != 1 or not isinstance(draft := files[0].stream, Draft):
        detail = "The form must have one file, in a field of the name `file`"
        raise InvalidRequestError(detail, "one_file", "#/file")
    if draft.length_bytes == 0:
        raise InvalidRequestError("The file is empty", "empty_file", "#/file")
    name = _plain_name(files[0].filename)
    return Upload(name, draft.length_bytes, draft.hexdigest()), draft


def _submit() -> Acceptance:
    """Receive a form and submit the job.

    Raises:
        FileTooLargeError: The file is longer than is accepted.
        InvalidRequestError: The form has no file, or several, or an empty one.
        InvalidBody: Another field is not valid.
    """
    upload, draft = _receive()
    asked = _to_request(request.form, upload)
    return jobs().submit_upload(asked, draft, job_id=present().chosen_job_id)


def _check_fields(fields: FormFields) -> None:
    """Check what came before a file, which has not come in yet."""
    unknown = Upload("", length_bytes=0, sha256="")
    jobs().check_options(_to_request(fields, unknown))


def _to_request(fields: FormFields, upload: Upload) -> JobRequest:
    settings, url = app_settings(), f"upload:{upload.filename}"
    return _read_options(fields).to_request(
        settings, url=url, caller=caller(), origin=origin(), upload=upload
    )


def _read_options(form: FormFields) -> PipelineOptions:
    """Read the fields of a form."""
    for name, values in form.lists():
        if len(values) > 1 and name != "vocabulary":
            detail = f"The field {name} is there more than once"
            raise InvalidRequestError(detail, "repeated_field", pointer_to(name), name)
    fields: dict[str, Any] = {
        name: _SWITCHES.get(value.lower(), value)
        for name, value in form.items()
        if not _is_left_out(name, value)
    }
    if "vocabulary" in fields:
        fields["vocabulary"] = form.getlist("vocabulary")
    if "metadata" in fields:
        try:
            fields["metadata"] = json.loads(fields["metadata"])
        except (ValueError, RecursionError) as error:
            detail = "The field metadata must be a JSON object"
            raise InvalidRequestError(detail, "metadata_object", "#/metadata") from error
    try:
        return PipelineOptions.model_validate(fields)
    except ValidationError as error:
        raise InvalidBody(body_params=error.errors()) from error


def _is_left_out(name: str, value: str) -> bool:
    """Whether a field says ``null``, where that may be said."""
    field = PipelineOptions.model_fields.get(name)
    return value == "null" and field is not None and field.default is None


def _plain_name(name: str | None) -> str:
    """Return a client's name for a file without folders, control characters and excess."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(plain.encode()) > _LONGEST_NAME_BYTES:
        suffix = Path(plain).suffix[:20]
        stem = plain.encode()[: _LONGEST_NAME_BYTES - len(suffix.encode())]
        plain = stem.decode(errors="ignore") + suffix
    return plain or "upload"
