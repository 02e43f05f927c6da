"""Checks for contradictory or insecure settings. Pure."""

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from orchestrator.settings import Settings
from tools.doctor.finding import Finding, problem, warning, well

__all__ = ["examine_settings"]

_AREA: Final = "settings"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_LONGEST_POLL_S: Final = (
    60.0  # the bundled services' limit; proxies often close connections after 60 s
)
_KILL_AFTER_S: Final = 30.0  # Kubernetes' default; Docker's is 10 s
_ANSWER_S: Final = 5.0  # docs/explanation/reliability.md promises a 503 within it
Rule = Callable[[Settings], Iterator[Finding]]


def examine_settings(settings: Settings) -> list[Finding]:
    """Return contradictory settings, or a single finding that there are none."""
    found = [finding for rule in _RULES for finding in rule(settings)]
    return found or [well(_AREA, "no setting contradicts another")]


def _deadlines(settings: Settings) -> Iterator[Finding]:
    stage_s, job_s = settings.stage_limit_s, settings.job_limit_s
    if stage_s > job_s:
        yield problem(
            _AREA,
            f"a stage may take {stage_s / 60:g} min (POLL_INTERVAL × MAX_POLL_ATTEMPTS), "
            f"but its job only {job_s / 60:g} min (JOB_TIMEOUT_MINUTES)",
            f"set JOB_TIMEOUT_MINUTES to {stage_s / 60:g} or more, or MAX_POLL_ATTEMPTS to "
            f"{int(job_s / settings.poll_interval)} or less",
        )
    for name, service in settings.services.items():
        variable = f"{name.upper().replace('-', '_')}_TIMEOUT"
        if service.timeout >= stage_s:
            yield problem(
                _AREA,
                f"one transfer of {name} may take {service.timeout:g} s ({variable}), "
                f"but its stage ends after {stage_s:g} s",
                f"set {variable} well below {stage_s:g}, or raise MAX_POLL_ATTEMPTS",
            )


def _polls(settings: Settings) -> Iterator[Finding]:
    if settings.poll_wait_s >= settings.turn_s:
        yield problem(
            _AREA,
            f"a poll is held open for {settings.poll_wait_s:g} s (POLL_WAIT_SECONDS), longer than "
            f"a turn of {settings.turn_s:g} s (TURN_SECONDS): waiting jobs are starved",
            f"set POLL_WAIT_SECONDS to {settings.turn_s / 3:g} or less",
        )
    if settings.poll_wait_s > _LONGEST_POLL_S:
        yield warning(
            _AREA,
            f"POLL_WAIT_SECONDS is {settings.poll_wait_s:g}; the services wait for "
            f"at most {_LONGEST_POLL_S:g} s, and proxies close idle connections",
            "set POLL_WAIT_SECONDS to 20",
        )
    base_s, retries = settings.retry_backoff_base_s, settings.http_max_retries
    if (waits_s := base_s * (2**retries - 1)) > settings.turn_s:
        yield warning(
            _AREA,
            f"the retries of one call may wait {waits_s:g} s (RETRY_BACKOFF_BASE_SECONDS, "
            f"HTTP_MAX_RETRIES), longer than a turn of {settings.turn_s:g} s (TURN_SECONDS)",
            "lower HTTP_MAX_RETRIES: the job is retried after the turn anyway",
        )


def _heartbeats(settings: Settings) -> Iterator[Finding]:
    longest_s = settings.heartbeat_ttl_s - settings.heartbeat_interval_s
    if settings.redis_timeout_s >= longest_s:
        yield problem(
            _AREA,
            f"a Redis command may take {settings.redis_timeout_s:g} s (REDIS_TIMEOUT_SECONDS), but "
            f"a worker counts as dead after {settings.heartbeat_ttl_s:g} s without a heartbeat",
            f"set REDIS_TIMEOUT_SECONDS below {longest_s:g}",
        )


def _answers(settings: Settings) -> Iterator[Finding]:
    waits_s = settings.redis_timeout_s + settings.redis_pool_wait_s
    if waits_s >= _ANSWER_S:
        yield warning(
            _AREA,
            f"while Redis hangs the API answers after {waits_s:g} s (REDIS_TIMEOUT_SECONDS and "
            f"{settings.redis_pool_wait_s:g} s for a connection), not within the promised "
            f"{_ANSWER_S:g} s",
            "set REDIS_TIMEOUT_SECONDS to 4",
        )
    if settings.shutdown_transfer_s >= _KILL_AFTER_S:
        yield warning(
            _AREA,
            f"a stopped worker continues a transfer for "
            f"{settings.shutdown_transfer_s:g} s (SHUTDOWN_TRANSFER_SECONDS); most supervisors "
            "kill it earlier",
            "set SHUTDOWN_TRANSFER_SECONDS to 25, or configure a longer grace period",
        )


def _lifetimes(settings: Settings) -> Iterator[Finding]:
    if settings.max_batch_items > settings.max_queued_jobs:
        yield warning(
            _AREA,
            f"a batch may have {settings.max_batch_items} videos (MAX_BATCH_ITEMS), but only "
            f"{settings.max_queued_jobs} jobs may be unfinished (MAX_QUEUED_JOBS)",
            "raise MAX_QUEUED_JOBS",
        )


def _doors(settings: Settings) -> Iterator[Finding]:
    is_production = settings.environment == "production"
    if not settings.api_keys and (is_production or settings.host not in _LOOPBACK):
        tell = problem if is_production else warning
        yield tell(
            _AREA,
            "API_KEYS is not set: every client has full access"
            + (", and with ENVIRONMENT=production it does not start" if is_production else ""),
            "create a key with `make key NAME=… SCOPES=…`, or set HOST=127.0.0.1",
        )
    if settings.allow_private_addresses:
        tell = problem if is_production else warning
        yield tell(
            _AREA,
            "ALLOW_PRIVATE_ADDRESSES is on: clients can reach every host that this machine can",
            "remove it; it is for the demo and for tests",
        )
    services = settings.services.values()
    hosts = {urlsplit(url).hostname for service in services for url in service.urls}
    if settings.service_token is None and not hosts <= _LOOPBACK:
        yield warning(
            _AREA,
            "services on other machines accept jobs from every client that reaches them",
            "set SERVICE_TOKEN to the same value for the orchestrator and the services",
        )


_RULES: Final[tuple[Rule, ...]] = (
    _deadlines,
    _polls,
    _heartbeats,
    _answers,
    _lifetimes,
    _doors,
)
