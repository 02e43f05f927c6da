"""The contract as it was first published: its examples, walked key by key on the real thing.

`published/orchestrator.json` holds them unchanged. Whatever else the API may answer, all
that they have is there, of the same JSON type and, where it is a fixed word, the same.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from pydantic import TypeAdapter

from orchestrator.settings import Settings, load_settings
from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer

CONTRACT: Final = json.loads((Path(__file__).parent / "published/orchestrator.json").read_text())
CALLS: Final[dict[str, Any]] = CONTRACT["calls"]
# Words that programs and people know; all other texts are of the example only.
_FIXED: Final = {
    *("message", "warning", "service", "status", "transcription_file", "logs_cleaned"),
    *("cache_ttl_hours", "job_timeout_minutes", "poll_interval", "max_poll_attempts"),
    *("video-downloader", "audio-normalization", "audio-transcriber", "version"),
}
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_SIZE: Final = re.compile(r"\d+\.\dMB")
_ID: Final = re.compile(r"[0-9a-f]{16}")


def differences(example: Any, answer: Any, place: str = "") -> Iterator[str]:
    """Return the differences between a response and an example."""
    if type(example) is not type(answer):
        yield f"{place}: {answer!r} is not of the type of {example!r}"
    elif isinstance(example, dict):
        for name, value in example.items():
            if name not in answer:
                yield f"{place}/{name} is missing"
            elif name in _FIXED and not isinstance(value, dict) and answer[name] != value:
                yield f"{place}/{name}: {answer[name]!r} is not {value!r}"
            else:
                yield from differences(value, answer[name], f"{place}/{name}")
    elif isinstance(example, list):
        if not answer:
            yield f"{place} is empty"
        for number, item in enumerate(answer):
            yield from differences(example[0], item, f"{place}/{number}")
    elif isinstance(example, str):
        yield from text_differences(example, answer, place)


def text_differences(example: str, answer: str, place: str) -> Iterator[str]:
    """Return how the form of a text differs from an example."""
    if _MOMENT.match(example) and datetime.fromisoformat(answer).utcoffset() is None:
        yield f"{place}: {answer} says no time zone"
    if _SIZE.fullmatch(example) and not _SIZE.fullmatch(answer):
        yield f"{place}: {answer} is no size"
    if _ID.fullmatch(example) and not _ID.fullmatch(answer):
        yield f"{place}: {answer} is no id"
    if example and not answer:
        yield f"{place} is empty"


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    with (
        RedisServer() as server,
        Orchestrator(
            tmp_path_factory.mktemp("published"),
            server,
            services={"stage_s": 0.2},
            ENVIRONMENT="development",
        ) as orchestrator,
    ):
        yield orchestrator


def call(orchestrator: Orchestrator, name: str, query: str = "", **sent: Any) -> requests.Response:
    """Send a call of the contract, e.g. ``GET /jobs``."""
    method, path = name.split()
    return requests.request(method, f"{orchestrator.address}{path}{query}", timeout=20, **sent)


def submit(orchestrator: Orchestrator, body: dict[str, Any]) -> dict[str, Any]:
    answer = call(orchestrator, "POST /pipeline", json=body)
    assert answer.status_code == 202, answer.text
    accepted: dict[str, Any] = answer.json()
    return accepted


@pytest.fixture(scope="module")
def accepted(orchestrator: Orchestrator) -> dict[str, Any]:
    """The answer to the contract's own request."""
    return submit(orchestrator, CALLS["POST /pipeline"]["request"])


@pytest.fixture(scope="module")
def completed(orchestrator: Orchestrator, accepted: dict[str, Any]) -> dict[str, Any]:
    """The job of that request, when it is done."""
    return orchestrator.await_status(accepted["job_id"], "completed", "failed")


def test_the_request_of_the_contract_is_accepted(accepted: dict[str, Any]) -> None:
    assert not list(differences(CALLS["POST /pipeline"]["response"], accepted))
    assert accepted["youtube_url"] == CALLS["POST /pipeline"]["request"]["youtube_url"]


@pytest.mark.parametrize("field", CALLS["POST /pipeline"]["request"])
def test_every_field_of_the_request_reaches_the_service_that_it_is_for(
    orchestrator: Orchestrator, completed: dict[str, Any], field: str
) -> None:
    expected = CALLS["POST /pipeline"]["request"][field]
    fields: dict[str, str] = {}
    for role, stage in zip(Role, ("download", "normalization", "transcription"), strict=True):
        remote_id = completed["stages"][stage]["job_id"]
        fields |= orchestrator.services[role].ledger().of(remote_id).fields
    sent = fields.get({"youtube_url": "url", "language": "language_in"}.get(field, field))
    assert sent == (str(expected).lower() if isinstance(expected, bool) else expected)


def test_a_request_may_leave_out_everything_but_the_address(
    orchestrator: Orchestrator, completed: dict[str, Any]
) -> None:
    request = CALLS["POST /pipeline"]["request"]
    job = submit(orchestrator, {"youtube_url": request["youtube_url"]})
    again = orchestrator.get(f"/jobs/{job['job_id']}")
    remote_ids = [
        [stage["job_id"] for stage in one["stages"].values()] for one in (completed, again)
    ]
    assert remote_ids[0] == remote_ids[1], "the same work, so the same options"


@pytest.mark.parametrize("name", ["GET /jobs/{job_id}", "GET /jobs", "GET /health"])
def test_an_answer_has_all_that_its_example_has(
    orchestrator: Orchestrator, completed: dict[str, Any], name: str
) -> None:
    answer = call(orchestrator, name.replace("{job_id}", completed["job_id"]))
    assert answer.status_code == 200
    assert not list(differences(CALLS[name]["response"], answer.json()))


@pytest.mark.usefixtures("completed")
def test_the_operators_answers_have_all_that_their_examples_have(
    orchestrator: Orchestrator,
) -> None:
    stats = call(orchestrator, "GET /admin/stats")
    assert not list(differences(CALLS["GET /admin/stats"]["response"], stats.json()))
    for name in ("POST /admin/cleanup", "POST /admin/factory-reset"):
        answer = call(orchestrator, name)
        assert answer.status_code == 200
        assert not list(differences(CALLS[name]["response"], answer.json())), name


@pytest.mark.parametrize("name", [name for name, parts in CALLS.items() if "query" in parts])
def test_a_query_has_its_parameters_and_defaults(orchestrator: Orchestrator, name: str) -> None:
    method, path = name.split()
    operation = orchestrator.get("/openapi.json")["paths"][path][method.lower()]
    defaults = {
        one["name"]: one["schema"].get("default")
        for one in operation["parameters"]
        if one["in"] == "query"
    }
    for parameter, default in CALLS[name]["query"].items():
        assert defaults[parameter] == default
        written = json.dumps(default)
        assert call(orchestrator, name, f"?{parameter}={written}").status_code == 200


@pytest.mark.parametrize("variable", CONTRACT["variables"])
def test_a_setting_has_its_variable_and_its_default(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in CONTRACT["variables"]:
        monkeypatch.delenv(name, raising=False)
    default = CONTRACT["variables"][variable]
    found = value_of(load_settings(env_files=()), variable)
    assert found == TypeAdapter(type(found)).validate_python(default)
    other = {"true": "false", "auto": "pt", "0.0.0.0": "127.0.0.1"}.get(default)  # noqa: S104 - no address to listen at here
    other = other or re.sub(r"\d+", "17", default)
    monkeypatch.setenv(variable, other)
    changed = value_of(load_settings(env_files=()), variable)
    assert changed == TypeAdapter(type(changed)).validate_python(other)


def value_of(settings: Settings, variable: str) -> Any:
    """Return the value of a setting by the name of its variable."""
    for service, own in settings.services.items():
        prefix = {"video-downloader": "VIDEO_DOWNLOADER_"}.get(service)
        prefix = prefix or f"{service.replace('-', '_').upper()}_"
        if variable.startswith(prefix):
            return getattr(own, variable.removeprefix(prefix).lower())
    (name,) = (
        name
        for name, field in Settings.model_fields.items()
        if variable in (field.validation_alias, name.upper())
    )
    value = getattr(settings, name)
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def test_the_log_has_the_lines_of_the_contract(
    orchestrator: Orchestrator, completed: dict[str, Any]
) -> None:
    del completed
    folder = Path(orchestrator.environment["LOG_DIR"])
    lines = list(chain(*(file.read_text().splitlines() for file in folder.glob("*.log*"))))
    logs = [process.log_text() for process in orchestrator.workers]
    lines += list(chain(*(log.splitlines() for log in logs)))
    for example in CONTRACT["log"]:
        form = re.sub(r"[A-Za-z0-9]+(_audio)$|a1b2c3d4$", "@", example)
        pattern = re.sub(r"\d+", r"\\d+", re.escape(form)).replace("@", r"\w+")
        assert any(re.match(pattern, line) for line in lines), example
