"""Generates the API reference as Markdown from the OpenAPI document.

``python -m tools.api_reference`` prints it; ``make docs`` adds it to the site.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, Final

from orchestrator.settings import load_settings
from web.app import create_app
from web.documentation.openapi import build_document

__all__ = ["read_document", "render"]

Json = Mapping[str, Any]
_HEAD: Final = """\
# API

Generated from `/openapi.json`, which every API serves; `/docs` can call all endpoints in a browser.
Errors are `application/problem+json`: see
[Errors and languages](access.md#errors-and-languages). [Access](access.md#keys) describes keys and
scopes.

"""


def read_document() -> Json:
    """Return the OpenAPI document of an API with default settings, without connecting to Redis."""
    with tempfile.TemporaryDirectory() as directory:
        settings = load_settings(
            env_files=(), log_dir=directory, uploads_dir=directory, log_level="ERROR"
        )
        return build_document(create_app(settings))


def render(document: Json) -> str:
    """Return the page for a document."""
    calls = (
        _call(f"{method.upper()} {path}", operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    models = document["components"]["schemas"].items()
    bodies = (_model(name, schema) for name, schema in sorted(models))
    return "".join([_HEAD, "## Endpoints\n\n", *calls, "## Schemas\n\n", *bodies])


def _call(name: str, operation: Json) -> str:
    lines = [f"### `{name}`", operation.get("summary", ""), operation.get("description", "")]
    rows = [
        _row(f"`{one['name']}`", one["in"], _type(one["schema"]), one.get("description", ""))
        for one in operation.get("parameters", ())
    ]
    if rows:
        lines.append("| parameter | in | type | |\n|---|---|---|---|\n" + "\n".join(rows))
    body = operation.get("requestBody", {}).get("content", {})
    answers = [
        f"{status} ({answer['description'].rstrip('.')}){_contents(answer.get('content', {}))}"
        for status, answer in operation["responses"].items()
        if status != "default"
    ]
    lines.append(f"Body{_contents(body)}.\n" * bool(body) + f"Responses: {'; '.join(answers)}.")
    return "\n\n".join(filter(None, lines)) + "\n\n"


def _contents(contents: Json) -> str:
    """Return the media types of a body and their models."""
    shown = [
        f"`{media}`" + (f" {_type(content['schema'])}" if content.get("schema") else "")
        for media, content in contents.items()
    ]
    return f": {', '.join(shown)}" if shown else ""


def _model(name: str, schema: Json) -> str:
    lines = [f"### {name}", schema.get("description", "").replace("\n", " ")]
    required = schema.get("required", ())
    rows = [
        _row(
            f"`{field}`" + " (required)" * (field in required),
            _type(facts),
            facts.get("description", ""),
        )
        for field, facts in schema.get("properties", {}).items()
    ]
    if rows:
        lines.append("| field | type | |\n|---|---|---|\n" + "\n".join(rows))
    elif "enum" in schema:
        lines.append(f"One of {_type(schema)}.")
    return "\n\n".join(filter(None, lines)) + "\n\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", "\\|") for cell in cells) + " |"


def _type(schema: Json) -> str:
    """Return a short form of a schema; a model becomes a link."""
    if reference := schema.get("$ref"):
        name = reference.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "allOf" in schema:
        return " and ".join(_type(one) for one in schema["allOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    word = str(schema.get("type", "any"))
    return f"{word}{''.join(_details(schema))}"


def _details(schema: Json) -> Iterator[str]:
    if "enum" in schema:
        values = schema["enum"]
        few = len(values) <= 12  # noqa: PLR2004 - longer lists make the table unreadable
        yield ": " + (", ".join(f"`{value}`" for value in values) if few else "one of many")
    bounds = [
        f"{word} {schema[name]}"
        for name, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("maxLength", "up to"),
        )
        if name in schema
    ]
    if bounds:
        yield f", {' '.join(bounds)}" + " characters" * ("maxLength" in schema)
    if schema.get("default") is not None and schema["default"] != []:
        yield f", default `{json.dumps(schema['default'])}`"


if __name__ == "__main__":
    sys.stdout.write(render(read_document()))
