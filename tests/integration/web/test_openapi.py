"""The OpenAPI document, checked against the running API."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer

_PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def open_orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """An orchestrator that accepts every source, without rate limits."""
    with (
        RedisServer() as server,
        Orchestrator(
            tmp_path_factory.mktemp("openapi"),
            server,
            services={"stage_s": 0.05},
            ALLOWED_SOURCES="*",
            ALLOW_PRIVATE_ADDRESSES="true",
            RATE_LIMIT_SUBMIT="none",
            RATE_LIMIT_READ="none",
            WEBHOOK_SECRET="whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        ) as orchestrator,
    ):
        yield orchestrator


def test_the_api_conforms_to_its_document(open_orchestrator: Orchestrator) -> None:
    document = f"{open_orchestrator.address}/openapi.json"
    program = Path(sys.executable).parent / "schemathesis"
    run = subprocess.run(
        [
            program,
            "run",
            document,
            "--checks=all",
            "--max-examples=4",
            "--request-timeout=60",
            "--seed=1",
            "--no-color",
        ],
        cwd=_PROJECT,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks",
            "PYTHONPATH": str(_PROJECT),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8000:] + run.stderr[-1000:]


def test_every_route_is_documented(open_orchestrator: Orchestrator) -> None:
    document = open_orchestrator.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]["/pipeline"]["post"]["responses"]) == {"202", "default"}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"].endswith("."), f"{method} {path}"
    transcript = document["paths"]["/jobs/{job_id}/transcript"]["get"]["responses"]["200"]
    assert {"text/plain", "text/vtt", "application/x-subrip"} <= set(transcript["content"])


def test_swagger_ui_loads_nothing_from_other_hosts(
    open_orchestrator: Orchestrator,
) -> None:
    page = requests.get(f"{open_orchestrator.address}/docs", timeout=10)
    assert page.ok
    assert "http" not in page.text.replace("/openapi.json", "")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
        assert requests.get(f"{open_orchestrator.address}/docs/{name}", timeout=10).ok
    assert (
        requests.get(f"{open_orchestrator.address}/docs/../app.py", timeout=10).status_code == 404
    )
