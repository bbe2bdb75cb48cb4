"""The operations of a description: what each asks for, and where that goes."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from flowbook.authoring.openapi import swagger
from flowbook.authoring.openapi.document import Description, listed, mapping
from flowbook.authoring.openapi.names import identifier, one_line, words
from flowbook.authoring.openapi.paging import Paging, paging_of
from flowbook.authoring.openapi.schemas import type_of
from flowbook.authoring.openapi.servers import first_address
from flowbook.errors import FileFormatError
from flowbook.methods import IDEMPOTENT, SAFE

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace", "query")  # the last one since 3.2
_OWN_HEADERS = frozenset(["authorization", "accept", "content-type", "user-agent", "host", "content-length", "cookie"])
_MOST_FIELDS = 100
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
_TASK_NAMES = frozenset(["models", "send", "task", "test_connection", "probe", "request", "service", "tasks", "api"])


@dataclass(frozen=True)
class Param:
    """A param of a task. ``place`` is path, query, header, cookie, body, file or whole; ``name`` is the API's own.

    ``field`` is the model's name for it, and ``asked`` what a workflow calls it: the API's name, or the field where
    another param of the task has that name too. :func:`named` gives both.
    """

    name: str
    place: str
    type: str
    required: bool
    description: str
    style: str = ""
    limits: dict[str, float] = dataclasses.field(default_factory=dict)
    field: str = ""
    asked: str = ""


@dataclass(frozen=True)
class Operation:
    """One operation. ``kind`` is how its body goes: json, form, multipart, a media type, or "" for none.

    ``server`` is the address that it names for itself; "" where it is at the API's.
    """

    name: str
    method: str
    path: str
    summary: str
    tags: tuple[str, ...]
    params: tuple[Param, ...]
    kind: str = ""
    body_required: bool = False
    paging: Paging | None = None
    switch: str = ""
    server: str = ""

    @property
    def effects(self) -> str:
        """What repeating it would do, by its method (RFC 9110, 9.2)."""
        return "read" if self.method in SAFE else "idempotent" if self.method in IDEMPOTENT else "write"


@dataclass(frozen=True)
class Entry:
    """An operation as a list of them shows it: read without looking at what it asks for."""

    name: str
    method: str
    path: str
    summary: str
    tags: tuple[str, ...]
    node: dict[str, Any] = dataclasses.field(repr=False, compare=False)
    item: dict[str, Any] = dataclasses.field(repr=False, compare=False)
    fault: str = ""
    """Why no request can be made of it, whatever else it says."""

    @property
    def place(self) -> str:
        """Its method and path: no two of a description have the same."""
        return f"{self.method} {self.path}"


def entries(description: Description) -> list[Entry]:
    """All operations, in the order of the description, each with the name that its task would have.

    Those that no request can be made of come last, with their ``fault``: they take no name from another.
    """
    taken = set(_TASK_NAMES)
    found: list[Entry] = []
    for method, path, node, item, fault in sorted(_described(description), key=lambda one: bool(one[4])):
        known = mapping(node)
        name = identifier(str(known.get("operationId") or f"{method}_{path}"), taken)
        summary = one_line(known.get("summary"), 110) or one_line(known.get("description"), 110) or words(name)
        tags = tuple(str(tag) for tag in listed(known.get("tags")))
        found.append(Entry(name, method.upper(), path, summary, tags, known, item, fault))
    return found


def _described(description: Description) -> Iterator[tuple[str, str, Any, dict[str, Any], str]]:
    """Method, path, operation, path item and what is wrong of everything that is described as an operation."""
    for path, given in mapping(description.document.get("paths")).items():
        if path.startswith("x-"):
            continue
        item = description.followed(given)
        at = "" if path.startswith("/") else "its path does not begin with a slash"
        for method in METHODS:
            if (node := item.get(method)) is not None:
                yield method, path, node, item, at or ("" if isinstance(node, dict) else "it is no object")
        for method, node in mapping(item.get("additionalOperations")).items():  # of OpenAPI 3.2: any other method
            fault = "" if isinstance(node, dict) else "it is no object"
            if not _METHOD.fullmatch(method):
                fault = "its method is none that HTTP allows"
            elif method.lower() in METHODS and item.get(method.lower()) is not None:
                fault = f"it is described a second time, as {method.lower()} of its path"
            yield method, path, node, item, at or fault


def operation_of(description: Description, entry: Entry) -> Operation:
    """What an operation asks for. Raises FileFormatError for references that lead nowhere, and for its fault."""
    if entry.fault:
        raise FileFormatError.about(description.source, f"{entry.fault}.", "Correct the description.")
    node = {**mapping(entry.node)}
    shared = listed(entry.item.get("parameters"))
    if description.version == "2":
        node = swagger.operation_of(description, node, shared)
        shared = []
    body = description.followed(node.get("requestBody"))
    kind, in_body = _body(description, body)
    own = _OWN_HEADERS if kind else _OWN_HEADERS - {"content-type"}
    params = list(_parameters(description, entry, [*shared, *listed(node.get("parameters"))], own))
    paging = _paging(description, node, params) if entry.method == "GET" else None
    params = named([*params, *in_body])
    return Operation(
        entry.name,
        entry.method,
        entry.path,
        entry.summary,
        entry.tags,
        tuple(sorted(params, key=lambda param: not param.required)),
        kind,
        bool(body.get("required")),
        paging,
        identifier("all_pages", {name for one in params for name in (one.name, one.field)}) if paging else "",
        first_address(description, servers_of(entry)),
    )


def servers_of(entry: Entry) -> list[Any]:
    """The servers that an operation names for itself, or that its path does."""
    return listed(entry.node.get("servers")) or listed(entry.item.get("servers"))


def named(params: list[Param]) -> list[Param]:
    """The params with names of which none stands for two: not as a field of one and the API's name of another."""
    asked: set[str] = set()
    fields = {param.name for param in params}
    found = []
    for param in params:
        first = param.name not in asked
        field = identifier(param.name, fields - {param.name} if first else fields)
        fields.add(field)
        found.append(dataclasses.replace(param, field=field, asked=param.name if first else field))
        asked.add(found[-1].asked)
    return found


def _paging(description: Description, node: dict[str, Any], params: list[Param]) -> Paging | None:
    try:
        return paging_of(description, node, params)
    except FileFormatError:  # an answer that is described badly can be had all the same
        return None


def _parameters(description: Description, entry: Entry, given: list[Any], own: Set[str]) -> Iterator[Param]:
    """The params that are no body's; ``own`` are the headers, in small letters, that are sent without being asked."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in given:
        one = description.followed(one)
        if isinstance(one.get("name"), str) and isinstance(one.get("in"), str):
            found[one["name"], one["in"]] = one
    in_path = re.findall(r"\{([^{}]+)\}", entry.path)
    for name in in_path:  # each of them has to be filled in, whether or not it is described
        found.setdefault((name, "path"), {"schema": {"type": "string"}})
    for (name, place), one in found.items():
        header = name.lower() if place == "header" else ""
        if (header in own and not (header == "accept" and _has_choice(description, one))) or (
            place == "path" and name not in in_path
        ):
            continue
        if place in ("path", "query", "header", "cookie"):
            yield _param(description, name, place, one)


def _has_choice(description: Description, one: dict[str, Any]) -> bool:
    """Whether a parameter says which values there are: an Accept that does is how the form of an answer is chosen."""
    return len(listed(description.schema(one.get("schema")).get("enum"))) > 1


def _param(description: Description, name: str, place: str, one: dict[str, Any]) -> Param:
    content = mapping(one.get("content"))
    schema = one.get("schema") or next((mapping(inner).get("schema") for inner in content.values()), None)
    shape = description.schema(schema or {"type": "string"})
    kind = type_of(description, shape)
    required = place == "path" or one.get("required") is True
    about = _about(one.get("description") or shape.get("description"), name, shape)
    style = "json" if content else _style(one, kind, place)
    return Param(name, place, kind, required, about, style, _limits(shape, kind))


def _style(one: dict[str, Any], kind: str, place: str) -> str:
    style = one.get("style") or ("form" if place in ("query", "cookie") else "simple")
    several = kind.startswith(("list", "dict"))
    if not several:
        return ""
    if style == "deepObject":
        return "deep"
    if place == "query" and style == "form" and one.get("explode", True) is not False:
        return ""
    return {"spaceDelimited": "ssv", "pipeDelimited": "pipes", "tabDelimited": "tsv"}.get(str(style), "csv")


def _about(text: Any, name: str, shape: dict[str, Any]) -> str:
    about = one_line(text) or f"{words(name)}."
    default = shape.get("default")
    if isinstance(default, (str, int, float)) and default != "" and len(str(default)) < 60:
        shown = one_line(str(default)) if not isinstance(default, bool) else str(default).lower()
        about = f"{about.removesuffix('.')} (default: {shown})."
    return about


def _limits(shape: dict[str, Any], kind: str) -> dict[str, float]:
    if kind not in ("int", "float"):
        return {}
    pairs = ((word, shape.get(name)) for word, name in (("ge", "minimum"), ("le", "maximum")))
    found = {word: value for word, value in pairs if isinstance(value, (int, float)) and not isinstance(value, bool)}
    return {word: value for word, value in found.items() if abs(value) < 1e18}


def _body(description: Description, body: dict[str, Any]) -> tuple[str, list[Param]]:
    """How the body goes, and its params: the fields of an object, else the whole."""
    content = mapping(body.get("content"))
    if not content:
        return "", []
    named = [one for one in content if _kind(one) != "multipart" or _has_parts(description, content[one])]
    media = _media(named or list(content))
    kind = _kind(media)
    schema = description.schema(mapping(content[media]).get("schema"))
    properties = mapping(schema.get("properties"))
    required = body.get("required", True) is True  # who leaves it out means by required fields that they are
    flat = kind in ("form", "multipart") or kind == "json" or "json" in kind
    if properties and flat and schema.get("type", "object") == "object" and len(properties) <= _MOST_FIELDS:
        needed = {one for one in listed(schema.get("required")) if isinstance(one, str)}
        return kind, list(fields_of(description, properties, needed if required else set(), kind))
    shape = type_of(description, schema) if flat else "bytes | str"
    if kind == "multipart":
        shape = "dict[str, Any]"  # its parts by their names, whatever the description says
    about = one_line(body.get("description")) or "What to send."
    return kind, [Param("body", "whole", shape, required, about)]


def fields_of(description: Description, properties: dict[str, Any], needed: set[str], kind: str) -> Iterator[Param]:
    """The properties of an object as params, which have no names of their own yet."""
    for name, node in properties.items():
        shape = description.schema(node)
        if shape.get("readOnly") is True:
            continue
        about = _about(shape.get("description"), name, shape)
        file = kind == "multipart" and shape.get("type") == "string" and shape.get("format") == "binary"
        type = "str" if file else type_of(description, shape)
        place = "file" if file else "body"
        yield Param(name, place, type, name in needed, about, "", _limits(shape, type))


def _has_parts(description: Description, content: Any) -> bool:
    """Whether a multipart body says what its parts are called: a file may stand there as the whole."""
    return bool(mapping(description.schema(mapping(content).get("schema")).get("properties")))


def _media(kinds: list[str]) -> str:
    for wanted in ("application/json", "json", "form-urlencoded", "multipart/form-data"):
        found = next((kind for kind in kinds if wanted in kind.lower()), None)
        if found is not None:
            return found
    return kinds[0]


_PARAMETERS = re.compile(r"\s*(?:;\s*[A-Za-z0-9._-]{1,40}=[A-Za-z0-9._+/:-]{1,80}\s*)*")
"""Those of a media type; the quoted ones have no use that is known, and are left out."""


def _kind(media: str) -> str:
    """How a body of a media type goes: one that says more than its type, such as a version, is sent as it is."""
    plain, _, rest = media.partition(";")
    plain, rest = plain.strip().lower(), f";{rest}".rstrip() if rest.strip() else ""
    if plain == "application/json" and rest and _PARAMETERS.fullmatch(rest):
        return f"{plain}{rest}"
    if plain in ("application/json", "*/*", "application/*"):
        return "json"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    if plain.startswith("multipart/"):
        return "multipart"
    if not re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", plain):
        return "application/octet-stream"
    return f"{plain}{rest}" if _PARAMETERS.fullmatch(rest) else plain
