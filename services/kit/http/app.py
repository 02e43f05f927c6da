"""Build a service's HTTP API from its description."""

import hmac

from flask import Flask, request
from pydantic import SecretStr

from foundation import tracing
from services.kit.http.job_routes import JobRoutes
from services.kit.http.operations import Operations
from services.kit.http.problems import Problem, install_problems
from services.kit.http.service_routes import ServiceRoutes
from services.kit.http.submission import SpoolingRequest
from services.kit.service import Service
from services.kit.settings import BYTES_PER_MB
from services.kit.telemetry.log import set_up_logging

FORM_ALLOWANCE_BYTES = BYTES_PER_MB
"""Size of a form beyond its file."""


def create_app(service: Service) -> Flask:
    """Build the API of a service from the environment, without connecting to anything."""
    settings = service.settings()
    set_up_logging(settings.log_level, settings.log_format)
    tracing.configure(settings.otel_exporter_otlp_endpoint, service.title)
    operations = Operations.build(service, settings)
    app = Flask(f"services.{service.name}", static_folder=None)
    app.request_class = SpoolingRequest
    app.config["SPOOL_DIR"] = str(operations.artifacts.incoming)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_file_bytes + FORM_ALLOWANCE_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask types the provider's base class
    install_problems(app)
    if settings.service_token:
        _require_token(app, settings.service_token)
    JobRoutes(operations).install(app)
    ServiceRoutes(operations).install(app)
    return app


def _require_token(app: Flask, token: SecretStr) -> None:
    expected = f"Bearer {token.get_secret_value()}".encode()

    @app.before_request
    def check_token() -> None:
        if request.path.startswith("/health"):
            return  # probes have no token, and their responses contain no secret
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, expected):
            raise Problem(
                401, "unauthorized", "Send `Authorization: Bearer` with the value of SERVICE_TOKEN."
            )
