"""The HTML shells of the pages; their scripts render the content from the public API."""

from typing import Any, Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from orchestrator import __version__
from orchestrator.domain.languages import CODES
from web.http.context import app_settings
from web.http.messages import language

__all__ = ["blueprint"]

# Scripts and styles load from this server only and are never inline. Only lit-html, which escapes
# text, may write HTML. Audio that was fetched with an API key is a blob.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html"
)
_TAGS: Final = {"pt": "pt-BR", "en": "en"}

blueprint = Blueprint(
    "ui",
    __name__,
    static_folder="static",
    static_url_path="/ui/static",
    template_folder="templates",
)


@blueprint.get("/")
def submit() -> ResponseReturnValue:
    """Return the page with the submission form."""
    return _shell("submit")


@blueprint.get("/ui/jobs")
def jobs() -> ResponseReturnValue:
    """Return the page with the list of jobs."""
    return _shell("jobs")


@blueprint.get("/ui/jobs/<name>")
def job(name: str) -> ResponseReturnValue:
    """Return the page of a job; its script checks whether the job exists."""
    return _shell("job", jobId=name)


@blueprint.get("/ui/operator")
def operator() -> ResponseReturnValue:
    """Return the operator's page."""
    return _shell("operator")


@blueprint.after_request
def set_policy(response: Response) -> Response:
    """Set the Content-Security-Policy of the pages."""
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _shell(page: str, **facts: str) -> ResponseReturnValue:
    tag = _TAGS[language()]
    response = Response(render_template("page.html", page=page, tag=tag, config=_config() | facts))
    response.vary.add("Accept-Language")
    return response


def _config() -> dict[str, Any]:
    """Return the configuration that is embedded in the pages."""
    settings = app_settings()
    return {
        "version": __version__,
        "languages": sorted(CODES),
        "language": settings.default_language,
        "removeNoise": settings.default_remove_noise,
        "convertToMono": settings.default_convert_mono,
        "sampleRate16k": settings.default_sample_rate_16k,
        "maxFileBytes": settings.max_file_bytes,
        "flowerUrl": settings.flower_url,
    }
