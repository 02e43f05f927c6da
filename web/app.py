"""The application factory of the API."""

from flask import Flask

from foundation import tracing
from orchestrator.engine.resources import Connections, build_connections
from orchestrator.operating.health import HealthChecker
from orchestrator.operating.maintenance import Maintenance
from orchestrator.operating.monitoring import Monitor
from orchestrator.settings import Settings, load_settings
from orchestrator.store.jobs import JobStore
from orchestrator.store.replies import ReplyStore
from orchestrator.telemetry import log
from orchestrator.use_cases.audio import AudioFiles
from orchestrator.use_cases.batches import Batches
from orchestrator.use_cases.jobs import Jobs
from orchestrator.use_cases.live import LiveUpdates
from orchestrator.use_cases.webhooks import Webhooks
from tasks.app import app as celery_app
from tasks.broker import announce_batch, announce_listing, purge, queue_lengths
from tasks.stages import enqueue
from web.guards.access import check_api_keys, check_job_id, check_owner, register_access
from web.guards.limits import register_limits
from web.guards.lockout import register_lockout
from web.http.body import JsonProvider
from web.http.context import UseCases, register_use_cases
from web.http.errors import register_errors
from web.http.headers import register_headers
from web.http.rates import RateCounter
from web.http.uploads import UploadRequest
from web.routes import admin, batches, deliveries, docs, health, jobs, metrics, results
from web.routes.metrics import register_metrics
from web.ui import pages

__all__ = ["create_app"]

_MAX_BODY_BYTES = 1024 * 1024  # a URL and a few options; uploads have a limit of their own


class _Api(Flask):
    """Flask with our request class and JSON provider."""

    request_class = UploadRequest
    json_provider_class = JsonProvider


def create_app(settings: Settings | None = None) -> Flask:
    """Create the API.

    Args:
        settings: The settings; by default they are read from the environment.

    Raises:
        SettingsError: A setting is invalid, or ``API_KEYS`` is missing in production.
    """
    settings = settings or load_settings()
    log.configure(settings)
    tracing.configure(settings.otel_exporter_otlp_endpoint, "ytcaption-api")
    check_api_keys(settings)
    celery_app.set_default()
    app = _Api(__name__, static_folder=None)
    app.config["FLASK_PYDANTIC_VALIDATION_ERROR_RAISE"] = True
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY_BYTES
    connections = build_connections(settings)
    counter = RateCounter(connections.connection)
    register_use_cases(app, _build_use_cases(connections))
    register_errors(app)
    # Hooks run in this order: timing, request id, authentication, job id, rate limit, ownership.
    register_metrics(app)
    register_headers(app, settings)
    register_lockout(app, settings, counter)
    register_access(app, settings)
    app.before_request(check_job_id)
    register_limits(app, settings, counter)
    app.before_request(check_owner)
    app.register_blueprint(jobs.blueprint)
    app.register_blueprint(results.blueprint)
    app.register_blueprint(deliveries.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(batches.blueprint)
    app.register_blueprint(admin.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(pages.blueprint)
    return app


def _build_use_cases(connections: Connections) -> UseCases:
    settings, connection = connections.settings, connections.connection
    submitter = Jobs(connections, enqueue)
    return UseCases(
        settings=settings,
        audio_files=AudioFiles(connections),
        batches=Batches(connections, submitter, announce_batch, announce_listing),
        health_checker=HealthChecker(
            settings,
            JobStore(connection, settings),
            connections.breakers,
            connections.clients,
        ),
        jobs=submitter,
        live_updates=LiveUpdates(connections),
        maintenance=Maintenance(connections, purge),
        monitor=Monitor(connections, lambda: queue_lengths(celery_app)),
        reply_store=ReplyStore(connection, retention_s=settings.retention_s),
        webhooks=Webhooks(connections),
    )
