"""The API's document and a page to read and try it, which needs no internet access."""

from importlib.resources import files
from typing import Final

from flask import Blueprint, Response, current_app, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web.documentation.openapi import describe

__all__ = ["blueprint"]

blueprint = Blueprint("docs", __name__)

_OWN: Final = {"": "docs.html", "start.js": "start.js"}
_BUNDLED: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
# Swagger UI draws with inline styles and shows icons as data; scripts come from here only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@blueprint.get("/openapi.json")
def document() -> ResponseReturnValue:
    """Give the OpenAPI 3.1 document."""
    return describe(current_app)


@blueprint.get("/docs", defaults={"name": ""})
@blueprint.get("/docs/<name>")
def page(name: str) -> Response:
    """Give the page, or a file of it."""
    if name in _OWN:
        response = send_from_directory(str(files("web") / "static"), _OWN[name])
    elif name in _BUNDLED:
        response = send_from_directory(str(files("flask_swagger_ui") / "dist"), name)
    else:
        raise NotFound
    response.headers["Content-Security-Policy"] = _POLICY
    return response
