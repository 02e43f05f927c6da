"""Builds the OpenAPI 3.1 document from the routes and their pydantic schemas."""

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from apispec import APISpec
from flask import Flask
from pydantic import BaseModel, Field
from werkzeug.routing import Rule

from orchestrator import __version__
from web.documentation.responses import (
    ResponseSpec,
    documented_form,
    documented_headers,
    documented_responses,
)

__all__ = ["Problem", "build_document"]

_REFERENCES: Final = "#/components/schemas/{model}"
_PARAMETER: Final = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
_WITHOUT_BODY: Final = {"HEAD", "OPTIONS"}
_HIDDEN: Final = {"docs", "ui"}
"""Blueprints that serve pages and are not part of the API."""


class ProblemFault(BaseModel):
    """One invalid part of a request."""

    pointer: str = Field(
        description="Where the error is: `#/field` in the body (a JSON Pointer as a URI fragment), "
        "`query:name` or `header:Name`."
    )
    detail: str = Field(description="What is wrong with it.")


class Problem(BaseModel):
    """An error, as problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str = Field(description="A stable error code. Branch on this, never on the texts.")
    detail: str = Field(
        description="What is wrong and what to do, in the language of `Accept-Language`."
    )
    request_id: str | None = Field(
        None, description="The `X-Request-ID` of the response. Quote it when you report a problem."
    )
    errors: list[ProblemFault] | None = Field(
        None, description="The invalid parts of the request, if they can be located."
    )
    available: list[str] | None = Field(
        None, description="The accepted values, for example the supported languages."
    )


def build_document(app: Flask) -> dict[str, Any]:
    """Return the OpenAPI document of an app's routes."""
    spec = APISpec(
        title="YTCaption orchestrator",
        version=__version__,
        openapi_version="3.1.0",
        info={
            "description": "Turns spoken video into text, timed segments and subtitles. Submit a "
            "video with `POST /pipeline`, follow the job with `GET /jobs/{job_id}` and download "
            "the result with `GET /jobs/{job_id}/transcript`."
        },
        security=[{"bearer": []}, {"header": []}, {}],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme(
        "header", {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    )
    schemas = _SchemaRegistry(spec)
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.partition(".")[0] not in _HIDDEN:
            view = app.view_functions[rule.endpoint]
            operations = {
                method.lower(): _operation(rule, view, schemas)
                for method in sorted((rule.methods or set()) - _WITHOUT_BODY)
            }
            spec.path(path=_PARAMETER.sub(r"{\1}", rule.rule), operations=operations)
    return spec.to_dict()


class _SchemaRegistry:
    """Adds each schema to the document once."""

    def __init__(self, spec: APISpec) -> None:
        self._spec = spec
        self._added: set[str] = set()

    def reference(self, model: type[BaseModel], *, is_input: bool = False) -> dict[str, Any]:
        """Add a model and everything it refers to, and return a reference to it."""
        schema = model.model_json_schema(
            ref_template=_REFERENCES, mode="validation" if is_input else "serialization"
        )
        for name, part in (schema.pop("$defs", {}) | {model.__name__: schema}).items():
            if name not in self._added:
                if "description" in part:
                    part["description"] = _to_markdown(part["description"])
                self._added.add(name)
                self._spec.components.schema(name, part)
        return {"$ref": _REFERENCES.format(model=model.__name__)}


def _operation(rule: Rule, view: Callable[..., Any], schemas: _SchemaRegistry) -> dict[str, Any]:
    hints = inspect.get_annotations(inspect.unwrap(view))
    text = _to_markdown(inspect.getdoc(view) or "")
    summary, _, description = text.partition("\n\n")
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": summary.replace("\n", " "),
        "parameters": [*_path_parameters(rule), *_query(hints), *_headers(view)],
        "responses": {
            **_responses(view, schemas),
            "default": _response(
                "An error.", schemas.reference(Problem), "application/problem+json"
            ),
        },
    }
    if description:
        operation["description"] = description
    if "body" in hints:
        schema = schemas.reference(hints["body"], is_input=True)
        content = {"application/json": {"schema": schema}}
        if form := documented_form(view):
            schema = schemas.reference(form, is_input=True)
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
            "description": _description(part),
            "schema": _inline_references(part, definitions),
        }
        for name, part in schema["properties"].items()
    ]


def _description(part: Mapping[str, Any]) -> str:
    """Return the description of a query parameter, which may be that of its non-null type."""
    option = next(filter(None, map(_description, part.get("anyOf", ()))), "")
    return str(part.get("description", option))


def _to_markdown(docstring: str) -> str:
    return docstring.replace("``", "`")


def _inline_references(part: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a query parameter's schema without references and ``null``."""
    if "anyOf" in part:
        types = [option for option in part["anyOf"] if option.get("type") != "null"]
        return _inline_references(types[0], definitions)
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
        for header in documented_headers(view)
    ]


def _responses(view: Callable[..., Any], schemas: _SchemaRegistry) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for spec in documented_responses(view):
        response = _response_of(spec, schemas)
        merged = responses.setdefault(str(spec.status), response)
        merged.get("content", {}).update(response.get("content", {}))
    return responses


def _response_of(spec: ResponseSpec, schemas: _SchemaRegistry) -> dict[str, Any]:
    if not spec.media_types:
        return {"description": spec.description}
    schema = schemas.reference(spec.model) if spec.model else {}
    return _response(spec.description, schema, *spec.media_types)


def _response(description: str, schema: dict[str, Any], *media_types: str) -> dict[str, Any]:
    content = {
        media_type: {"schema": schema if media_type.endswith("json") else {}}
        for media_type in media_types
    }
    return {"description": description, "content": content}
