"""Commands for operators: health and statistics."""

from collections.abc import Mapping
from typing import Any

import typer

from ytcaption.commands.arguments import JsonOption
from ytcaption.commands.exits import ExitCode
from ytcaption.commands.screen import Rows
from ytcaption.commands.session import session_of
from ytcaption.health import Health

__all__ = ["health", "stats"]


def health(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show the health of the API and its services; exit with 1 unless all are healthy."""
    session = session_of(context, as_json=as_json)
    found = session.client.health()
    if session.screen.is_json:
        session.screen.print_json(found)
    else:
        session.screen.print_rows(("", "", ""), _health_rows(found))
    if found.status != "healthy":
        raise typer.Exit(ExitCode.FAILED)


def stats(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Show statistics; requires an API key with the scope `admin`."""
    session = session_of(context, as_json=as_json)
    found = session.client.stats()
    if session.screen.is_json:
        session.screen.print_json(found)
    else:
        session.screen.print_rows(("", ""), _rows(found.model_dump()))


def _health_rows(found: Health) -> Rows:
    yield "orchestrator", found.status, found.version
    for name, status in found.microservices.items():
        breaker = found.breakers.get(name, "closed")
        yield name, status, "" if breaker == "closed" else f"breaker {breaker}"
    for warning in found.warnings:
        yield "warning", "", warning


def _rows(parts: Mapping[str, Any]) -> Rows:
    for part, values in parts.items():
        if isinstance(values, Mapping):
            for name, value in values.items():
                yield f"{part} {name}", str(value)
        else:
            yield part, str(values)
