"""The OpenAPI 3.1 document, made from the routes and the models that validate them."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel, Field
from werkzeug.routing import Rule

from orchestrator import __version__
from web.documentation.responses import Answer, answers_of, form_of, headers_of

__all__ = ["Problem", "describe"]

_REFERENCES: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_WITHOUT_BODY: Final = {"HEAD", "OPTIONS"}
_HIDDEN: Final = {"docs", "ui"}
"""Blueprints of pages, which are no part of the API."""


class ProblemFault(BaseModel):
    """One fault of a request."""

    pointer: str = Field(
        description="Where it is: `#/field` of the body (a JSON Pointer as a URI fragment), "
        "`query:name` or `header:Name`."
    )
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str = Field(description="A stable word for programs.")
    detail: str = Field(description="A sentence for a person, in the language that was asked for.")
    request_id: str | None = None
    errors: list[ProblemFault] | None = None
    available: list[str] | None = Field(
        None, description="What could be asked for instead, e.g. the known languages."
    )


def describe(app: Flask) -> dict[str, Any]:
    """Return the document for all routes of an app."""
    spec = APISpec(
        title="YTCaption orchestrator",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Turns spoken video into text, timed segments and subtitles."},
        security=[{"bearer": []}, {"header": []}, {}],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme(
        "header", {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    )
    models = _Models(spec)
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.partition(".")[0] not in _HIDDEN:
            view = app.view_functions[rule.endpoint]
            operations = {
                method.lower(): _operation(rule, view, models)
                for method in sorted((rule.methods or set()) - _WITHOUT_BODY)
            }
            spec.path(path=_PARAMETER.sub(r"{\1}", rule.rule), operations=operations)
    return spec.to_dict()


class _Models:
    """The document's schemas, each noted once."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec
        self._known: set[str] = set()

    def reference(self, model: type[BaseModel], *, is_input: bool = False) -> dict[str, Any]:
        """Note a model with all that it is made of, and return a reference to it."""
        schema = model.model_json_schema(
            ref_template=_REFERENCES, mode="validation" if is_input else "serialization"
        )
        for name, part in (schema.pop("$defs", {}) | {model.__name__: schema}).items():
            if name not in self._known:
                self._known.add(name)
                self._spec.components.schema(name, part)
        return {"$ref": _REFERENCES.format(model=model.__name__)}


def _operation(rule: Rule, view: Callable[..., Any], models: _Models) -> dict[str, Any]:
    hints = inspect.get_annotations(inspect.unwrap(view))
    text = (inspect.getdoc(view) or "").replace("``", "`")
    summary, _, description = text.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": summary.replace("\n", " "),
        "parameters": [*_path_parameters(rule), *_query(hints), *_headers(view)],
        "responses": {
            **_responses(view, models),
            "default": _response(
                "A problem.", models.reference(Problem), "application/problem+json"
            ),
        },
    }
    if description:
        operation["description"] = description
    if "body" in hints:
        schema = models.reference(hints["body"], is_input=True)
        content = {"application/json": {"schema": schema}}
        if form := form_of(view):
            schema = models.reference(form, is_input=True)
            content["multipart/form-data"] = {"schema": schema}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(rule.rule)
    ]


def _query(hints: Mapping[str, Any]) -> list[dict[str, Any]]:
    if "query" not in hints:
        return []
    schema = hints["query"].model_json_schema(ref_template=_REFERENCES)
    definitions = schema.get("$defs", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": part.get("description", ""),
            "schema": _inlined(part, definitions),
        }
        for name, part in schema["properties"].items()
    ]


def _inlined(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a query parameter's schema without references and ``null``, which no query has."""
    if "anyOf" in part:
        kinds = [kind for kind in part["anyOf"] if kind.get("type") != "null"]
        return _inlined(kinds[0], definitions)
    if "$ref" in part:
        return definitions[part["$ref"].rpartition("/")[2]]
    return {name: value for name, value in part.items() if name not in {"description", "title"}}


def _headers(view: Callable[..., Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": header.name,
            "in": "header",
            "required": False,
            "description": header.description,
            "schema": dict(header.schema),
        }
        for header in headers_of(view)
    ]


def _responses(view: Callable[..., Any], models: _Models) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for answer in answers_of(view):
        described = _answer(answer, models)
        known = responses.setdefault(str(answer.status), described)
        known.get("content", {}).update(described.get("content", {}))
    return responses


def _answer(answer: Answer, models: _Models) -> dict[str, Any]:
    if not answer.media_types:
        return {"description": answer.description}
    schema = models.reference(answer.model) if answer.model else {}
    return _response(answer.description, schema, *answer.media_types)


def _response(description: str, schema: dict[str, Any], *media_types: str) -> dict[str, Any]:
    content = {
        media_type: {"schema": schema if media_type.endswith("json") else {}}
        for media_type in media_types
    }
    return {"description": description, "content": content}
