"""Commands for operators: how everything is."""

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
    """Tell how the API and its services are; ends with 1 where not all is well."""
    session = session_of(context, as_json=as_json)
    found = session.client.health()
    if session.screen.is_json:
        session.screen.give_json(found)
    else:
        session.screen.give_rows(("", "", ""), _health_rows(found))
    if found.status != "healthy":
        raise typer.Exit(ExitCode.FAILED)


def stats(context: typer.Context, *, as_json: JsonOption = False) -> None:
    """Tell how much there is; needs a key with the scope `admin`."""
    session = session_of(context, as_json=as_json)
    found = session.client.stats()
    if session.screen.is_json:
        session.screen.give_json(found)
    else:
        session.screen.give_rows(("", ""), _rows(found.model_dump()))


def _health_rows(found: Health) -> Rows:
    yield "orchestrator", found.status, found.version
    for name, word in found.microservices.items():
        breaker = found.breakers.get(name, "closed")
        yield name, word, "" if breaker == "closed" else f"breaker {breaker}"
    for warning in found.warnings:
        yield "warning", "", warning


def _rows(parts: Mapping[str, Any]) -> Rows:
    for part, figures in parts.items():
        if isinstance(figures, Mapping):
            for name, figure in figures.items():
                yield f"{part} {name}", str(figure)
        else:
            yield part, str(figures)
