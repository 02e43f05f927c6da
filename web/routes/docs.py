"""The OpenAPI document and Swagger UI, served without external files."""

from importlib.resources import files
from typing import Final

from flask import Blueprint, Response, current_app, send_from_directory
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from web.documentation.openapi import build_document

__all__ = ["blueprint"]

blueprint = Blueprint("docs", __name__)

_OWN_FILES: Final = {"": "docs.html", "start.js": "start.js"}
_SWAGGER_FILES: Final = frozenset({"swagger-ui.css", "swagger-ui-bundle.js"})
# Swagger UI needs inline styles and data: images.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@blueprint.get("/openapi.json")
def document() -> ResponseReturnValue:
    """Return the OpenAPI 3.1 document."""
    return build_document(current_app)


@blueprint.get("/docs", defaults={"name": ""})
@blueprint.get("/docs/<name>")
def page(name: str) -> Response:
    """Return the Swagger UI page or one of its files."""
    if name in _OWN_FILES:
        response = send_from_directory(str(files("web") / "static"), _OWN_FILES[name])
    elif name in _SWAGGER_FILES:
        response = send_from_directory(str(files("flask_swagger_ui") / "dist"), name)
    else:
        raise NotFound
    response.headers["Content-Security-Policy"] = _POLICY
    return response
