"""Required scopes and API keys."""

import pytest

from orchestrator.domain.access import Scope, make_key
from orchestrator.errors import SettingsError
from tests.support.jobs import make_settings
from web.guards.access import check_api_keys, required_scope


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/pipeline", Scope.SUBMIT),
        ("GET", "/jobs/<job_id>", Scope.READ),
        ("HEAD", "/jobs", Scope.READ),
        ("DELETE", "/jobs/<job_id>", Scope.SUBMIT),
        ("GET", "/admin/stats", Scope.ADMIN),
        ("GET", "/metrics", Scope.ADMIN),
        ("POST", "/admin/factory-reset", Scope.ADMIN),
        ("GET", "/health", None),
        ("GET", "/health/ready", None),
        ("GET", "/openapi.json", None),
        ("OPTIONS", "/admin/factory-reset", None),
        ("GET", "/healthy", Scope.READ),
        ("POST", "/a-route-of-tomorrow", Scope.SUBMIT),
    ],
)
def test_the_scope_follows_from_method_and_path(
    method: str, path: str, scope: Scope | None
) -> None:
    assert required_scope(method, path) is scope


def test_production_requires_keys() -> None:
    with pytest.raises(SettingsError, match=r"API_KEYS.*python -m web\.keys"):
        check_api_keys(make_settings(environment="production"))


def test_production_starts_with_keys(caplog: pytest.LogCaptureFixture) -> None:
    _, key = make_key("ann", ["read"])
    check_api_keys(make_settings(environment="production", api_keys=(key,)))
    assert not caplog.records


def test_an_api_without_keys_logs_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    check_api_keys(make_settings())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "API_KEYS" in caplog.text
