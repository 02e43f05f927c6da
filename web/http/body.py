"""JSON request bodies, and the errors for bodies that are not JSON objects."""

from http import HTTPStatus
from typing import Any, NoReturn

from flask import abort
from flask.json.provider import DefaultJSONProvider

from web.http.context import ApiRequest
from web.http.errors import problem_response

__all__ = ["JsonProvider", "JsonRequest"]


class JsonProvider(DefaultJSONProvider):
    """Flask's JSON provider, with keys in order and excessive nesting as a ``ValueError``."""

    sort_keys = False

    def loads(self, s: str | bytes, **options: Any) -> Any:
        """Parse JSON.

        Raises:
            ValueError: The text is not JSON, not UTF-8 or nested too deeply.
        """
        try:
            return super().loads(s, **options)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


class JsonRequest(ApiRequest):
    """A request that accepts only JSON objects as JSON bodies."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002 - werkzeug's signature
        """Return the parsed body.

        Raises:
            HTTPException: Unless ``silent``: the body is not declared as JSON (415), malformed
                (400) or not an object (422).
        """
        body = super().get_json(force=force, silent=silent, cache=cache)
        if not silent and not isinstance(body, dict):
            detail = "The body must be a JSON object"
            abort(problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "not_an_object", detail))
        return body

    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Abort with 413, 415 or 400, depending on why the body cannot be parsed."""
        limit_bytes = self.max_content_length
        if limit_bytes is not None and len(self.get_data()) >= limit_bytes:
            abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)  # a chunked body, truncated at the limit
        if e is None:
            detail = "The body must be JSON, sent with `Content-Type: application/json`"
            abort(
                problem_response(
                    HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail
                )
            )
        abort(
            problem_response(
                HTTPStatus.BAD_REQUEST, "invalid_json", f"The body is not valid JSON: {e}"
            )
        )
