"""The description of the HTTP interface (OpenAPI 3.1), made of the arguments that ``request`` knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cnsearch.faces.web.api import LONGEST_PREFIX, MOST_SUGGESTIONS, NOT_FOR_SIMILAR
from cnsearch.faces.web.asking import (
    MOST_FRAGMENT_CHARS,
    MOST_FRAGMENTS,
    MOST_VALUE_CHARS,
    MOST_VALUES,
    deepest_offset,
)
from cnsearch.faces.web.settings import WebSettings
from cnsearch.request import ARGUMENTS, Argument
from cnsearch.version import __version__

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
COUNTS: Final[Schema] = {"type": "object", "additionalProperties": COUNT}
DATE: Final[Schema] = {"type": ["string", "null"], "description": "ISO 8601 with an offset"}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
FLAG: Final[Schema] = {"type": "boolean"}
LABELS: Final[Schema] = {"type": "object", "additionalProperties": TEXTS}


def openapi(settings: WebSettings, facet_names: Sequence[str], base: str = "") -> dict[str, Any]:
    """The document for an index that can count by these facets. ``base``: where the application is mounted."""
    search = [_parameter(about, settings, facet_names) for about in ARGUMENTS.values()]
    similar = [one for one in search if one["name"] not in NOT_FOR_SIMILAR]
    suggest = [
        _query("prefix", "What is typed: Chinese, letters, or pinyin.", {**TEXT, "maxLength": LONGEST_PREFIX}),
        _query("limit", "Suggestions to give.", {**COUNT, "maximum": MOST_SUGGESTIONS, "default": 10}),
    ]
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": settings.title, "version": __version__, "description": "Full-text search, read only."},
        "servers": [{"url": base or "/"}],
        "paths": {
            "/api/search": _get("search", "The articles that match a query, best first.", search, "Results"),
            "/api/suggest": _get("suggest", "Completions of what is typed.", suggest, "Suggestions"),
            "/api/articles/{id}": _get("article", "A whole article.", [_ID], "Article", found_by_id=True),
            "/api/similar/{id}": _get(
                "similar", "The articles most like one.", [_ID, *similar], "Results", found_by_id=True
            ),
            "/api/stats": _get("stats", "What the index has.", [], "Stats"),
            "/healthz": _get("health", "Whether the index is there.", [], "Health"),
        },
        "components": {"schemas": _schemas(), "responses": _PROBLEMS},
    }
    if settings.token or settings.password:
        document["components"]["securitySchemes"] = {
            "token": {"type": "http", "scheme": "bearer"},
            "password": {"type": "http", "scheme": "basic"},
        }
        document["security"] = [{"token": []}, {"password": []}]
    return document


_MOMENT: Final[Schema] = {
    "type": "string",
    "description": "2021, 2021-10, 2021-10-27 or a time in ISO 8601",
    "anyOf": [{"pattern": r"^[12]\d{3}(-(0[1-9]|1[0-2]))?$"}, {"format": "date"}, {"format": "date-time"}],
}
_ID: Final = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The id of an article, slashes as they are or as %2F. One with .. in it: as the parameter id, "
    "without the rest of the path.",
    "schema": {**TEXT, "minLength": 1},
}


def _query(name: str, about: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": about, "schema": schema}


def _parameter(about: Argument, settings: WebSettings, facet_names: Sequence[str]) -> dict[str, Any]:
    several = {"type": "array", "items": {**TEXT, "maxLength": MOST_VALUE_CHARS}, "maxItems": MOST_VALUES}
    most = {
        "limit": settings.most_hits,
        "offset": deepest_offset(settings),
        "num_fragments": MOST_FRAGMENTS,
        "fragment_chars": MOST_FRAGMENT_CHARS,
    }
    schemas: dict[str, Schema] = {
        "text": TEXT,
        "texts": several,
        "names": {**several, "items": {"enum": list(facet_names)}},
        "labels": {**several, "items": {**TEXT, "pattern": r"^\w{1,64}=.*$"}},
        "flag": FLAG,
        "choice": {**TEXT, "enum": list(about.choices)},
        "count": {"type": "integer", "minimum": about.least, "maximum": most.get(about.name)},
        "number": {"type": "number", "exclusiveMinimum": about.above},
        "moment": _MOMENT,
    }
    schema = dict(schemas[about.kind])
    if about.default not in (None, (), ""):
        schema["default"] = about.default
    parameter = _query(about.name, about.help, schema)
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": True}
    return parameter


def _get(
    name: str, about: str, parameters: Sequence[Mapping[str, Any]], schema: str, *, found_by_id: bool = False
) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    responses: dict[str, Any] = {"200": {"description": about, "content": content}}
    problems = ["400", *(["404"] if found_by_id else []), "503"]
    responses |= {status: {"$ref": f"#/components/responses/{status}"} for status in problems}
    responses["304"] = {"description": "It has not changed since (If-None-Match)."}
    return {"get": {"operationId": name, "summary": about, "parameters": list(parameters), "responses": responses}}


def _problem(about: str) -> dict[str, Any]:
    return {
        "description": about,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


_PROBLEMS: Final = {
    "400": _problem("A parameter is unknown, or its value is none."),
    "404": _problem("No article has this id."),
    "503": _problem("Too many searches at once, one that takes too long, or an index that cannot be read now."),
}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Schema]:
    version: Schema = {"const": 1}
    about: dict[str, Schema] = {
        "id": TEXT,
        "title": TEXT,
        "source": TEXT,
        "categories": TEXTS,
        "author": TEXT,
        "date": DATE,
        "url": TEXT,
        "path": {**TEXT, "description": "the name of the file"},
        "tags": TEXTS,
        "draft": FLAG,
        "labels": LABELS,
        "extra": {"type": "object"},
    }
    span: Schema = {"type": "array", "items": COUNT, "minItems": 2, "maxItems": 2}
    fragment = _object(field={"enum": ["title", "body"]}, text=TEXT, highlights=_list(span), heading=TEXT)
    duplicate = _object(**{name: about[name] for name in ("id", "title", "source", "date", "url")})
    return {
        "Results": _object(
            version=version,
            query=TEXT,
            understood=TEXT,
            notes=TEXTS,
            correction=TEXT,
            total=COUNT,
            took_ms={"type": "number"},
            hits=_list(_ref("Hit")),
            facets={"type": "object", "additionalProperties": COUNTS},
        ),
        "Hit": _object(
            rank=COUNT,
            **about,
            score={"type": "number"},
            snippet=TEXT,
            fragments=_list(fragment),
            missing=TEXTS,
            more=COUNT,
            duplicates=_list(duplicate),
        ),
        "Article": _object(version=version, **about, paragraphs=TEXTS, headings=_list(COUNT)),
        "Suggestions": _object(version=version, prefix=TEXT, suggestions=_list(_object(text=TEXT, articles=COUNT))),
        "Stats": _object(
            version=version,
            articles=COUNT,
            drafts=COUNT,
            sources=COUNTS,
            categories=COUNTS,
            tags=COUNTS,
            labels={"type": "object", "additionalProperties": COUNTS},
            first_date=DATE,
            last_date=DATE,
            last_commit=DATE,
            segments=COUNT,
            size_bytes=COUNT,
            tokenizer=TEXT,
            user_dictionary={"type": ["string", "null"]},
            format_version=COUNT,
            kernels=TEXT,
        ),
        "Health": _object(version=version, status={"const": "ok"}, articles=COUNT),
        "Problem": _object(type=TEXT, title=TEXT, status=COUNT, detail=TEXT, code=TEXT),
    }
