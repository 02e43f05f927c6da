"""Bodies as JSON objects: whatever else comes is answered with what is wrong with it."""

from http import HTTPStatus
from typing import Any, NoReturn

from flask import abort
from flask.json.provider import DefaultJSONProvider

from web.http.context import ApiRequest
from web.http.errors import problem

__all__ = ["JsonProvider", "JsonRequest"]


class JsonProvider(DefaultJSONProvider):
    """Keeps the order of keys, and takes what is nested too deeply for broken JSON."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Read JSON.

        Raises:
            ValueError: It is not JSON, or not text at all.
        """
        try:
            return super().loads(s, **options)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class JsonRequest(ApiRequest):
    """A request whose body, where it is JSON, is an object."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002 - werkzeug's signature
        """Return the body.

        Raises:
            HTTPException: It is no JSON (415), broken (400) or no object (422); not if silent.
        """
        body = super().get_json(force=force, silent=silent, cache=cache)
        if not silent and not isinstance(body, dict):
            detail = "The body must be a JSON object"
            abort(problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_object", detail))
        return body

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Answer that the body cannot be read."""
        limit_bytes = self.max_content_length
        if limit_bytes is not None and len(self.get_data()) >= limit_bytes:
            abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)  # sent in chunks, and cut off at the limit
        if e is None:
            detail = "The body must be JSON, with Content-Type: application/json"
            abort(problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
        abort(problem(HTTPStatus.BAD_REQUEST, "invalid_json", f"The body is not valid JSON: {e}"))
