"""The pages' shells: what stands in them is drawn by their scripts, from the public API."""

from typing import Any, Final

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from orchestrator import __version__
from orchestrator.domain.languages import CODES
from web.http.context import app_settings
from web.http.messages import language

__all__ = ["blueprint"]

# Scripts and styles come from here only, none stands in a page, and no script may write HTML but
# lit-html, whose templates keep text apart from markup. Audio fetched with a key is a blob.
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
    """Show the page that takes an address or a file."""
    return _shell("submit")


@blueprint.get("/ui/jobs")
def jobs() -> ResponseReturnValue:
    """Show the page with all jobs."""
    return _shell("jobs")


@blueprint.get("/ui/jobs/<name>")
def job(name: str) -> ResponseReturnValue:
    """Show the page of a job; whether there is one, its script finds out."""
    return _shell("job", jobId=name)


@blueprint.get("/ui/operator")
def operator() -> ResponseReturnValue:
    """Show the operator's page."""
    return _shell("operator")


@blueprint.after_request
def guard(response: Response) -> Response:
    """Let pages and scripts do what they need and nothing else."""
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _shell(page: str, **facts: str) -> ResponseReturnValue:
    tag = _TAGS[language()]
    response = Response(render_template("page.html", page=page, tag=tag, config=_config() | facts))
    response.vary.add("Accept-Language")
    return response


def _config() -> dict[str, Any]:
    """Return what the scripts have to know before they ask the API."""
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
