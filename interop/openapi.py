"""API descriptions as integration folders: whether they load, how much is typed, and whether what is sent is valid.

``python -m interop openapi FOLDER`` counts those of a folder, with all below it; without one, the few that are here.
"""

from __future__ import annotations

import copy
import random
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flowbook.authoring.openapi import swagger, write_from_description
from flowbook.authoring.openapi.document import Description, listed, mapping, read_description
from flowbook.authoring.openapi.operations import METHODS, entries, operation_of
from flowbook.catalog import Folder
from flowbook.errors import FlowbookError
from flowbook.testing import FakeService, Request, fake_service, load_folder, run_task
from interop.counts import Count

EXAMPLES = Path(__file__).parent / "descriptions"
MOST_CALLS = 12  # operations that are called of one description
_SIGNING_IN = {"client_secret", "refresh_token", "oauth2"}
_TEXTS = {
    "date": "2025-01-02", "date-time": "2025-01-02T03:04:05Z", "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "email": "ada@example.com", "uri": "https://example.com/x", "byte": "aGVsbG8=", "ipv4": "192.0.2.1",
    "time": "03:04:05",
}  # fmt: skip


def counts(folders: Sequence[Path] = ()) -> Iterator[Count]:
    """The counts, each as soon as it is there."""
    loaded = Count("descriptions that load in the catalog", least=0.995)
    typed = Count("params that are typed", least=0.99)
    valid = Count("requests that are valid, of those that openapi-core can check", least=0.97)
    for path in _descriptions(folders or [EXAMPLES]):
        with tempfile.TemporaryDirectory() as place, fake_service() as service:
            try:
                made = write_from_description(Path(place), "made", str(path), patterns=["*"])
                folder = load_folder(Path(place, "made"))
            except FlowbookError as error:
                loaded.add(f"{path.name} ({error.message[:150]})", good=False)
                continue
            broken = [one.what for one in folder.problems if one.kind == "error"]
            loaded.add(f"{path.name} {broken[:1]}", not broken and set(made.tasks) <= set(folder.tasks))
            for task in made.tasks:
                for parameter in folder.tasks[task].parameters:
                    schema = parameter.json_schema
                    typed.add(f"{path.stem}.{task}.{parameter.name}", parameter.type != "json" or _says(schema))
            for name, fault in calls(read_description(str(path)), folder, service):
                if fault is not None:
                    valid.add(f"{path.stem}.{name} ({fault})", not fault)
    yield from (loaded, typed, valid)


def _says(schema: dict[str, Any] | None) -> bool:
    """Whether a JSON Schema says what a value is to be."""
    known = set(schema or {}) - {"description", "title", "default", "flowbook_type"}
    return bool(known)


def _descriptions(folders: Sequence[Path]) -> list[Path]:
    endings = (".json", ".yaml", ".yml")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in endings)


# -- calls, and whether they are as the description says --------------------------------------------------------------


def calls(description: Description, folder: Folder, service: FakeService) -> Iterator[tuple[str, str | None]]:
    """Some operations called with what their schemas ask for: name, and what openapi-core says ("" when it is fine).

    None is where it says nothing, since it cannot read the description.
    """
    for path in ("/", "/{rest:path}"):
        service.on("*", path, json={})
    chance = random.Random(1)
    found = entries(description)
    checker = _checker(description, service.url)
    known = {one.name for one in folder.credentials if one.secret} - _SIGNING_IN  # some are asked for as parameters too
    credentials = {"base_url": service.url, **dict.fromkeys(known, "text")}
    for entry in chance.sample(found, min(MOST_CALLS, len(found))):
        if entry.name not in folder.tasks:
            continue
        operation = operation_of(description, entry)
        if operation.server:  # it is asked at an address of its own, where no server of ours stands
            yield entry.name, None
            continue
        known = {one.name for one in folder.tasks[entry.name].parameters}  # API keys are credentials
        chosen = [one for one in operation.params if one.asked in known and (one.required or chance.random() < 0.3)]
        if any(one.place in ("body", "file") for one in chosen):  # who gives a part of a body gives what it has to have
            needed = _needed(description, entry)
            chosen += [one for one in operation.params if one.name in needed and one not in chosen]
        params = {one.asked: value for one in chosen if (value := _given(description, entry, one)) is not None}
        service.requests.clear()
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"content")  # an empty file would be a request without a body
            file.flush()
            files = {one.asked: file.name for one in operation.params if one.place == "file"}
            result = run_task(folder.tasks[entry.name].function, credentials, {**params, **files})
        if not service.requests:
            yield entry.name, f"nothing was sent: {result.message[:150]}"
        else:
            yield entry.name, checker(service.requests[-1], entry.path)


def _given(description: Description, entry: Any, param: Any) -> Any:
    """A value for a param; what goes as it is, such as a file that a description calls an object, is text."""
    if param.type == "bytes | str":
        return "content"
    return _sample(description, _schema_of(description, entry, param.name, param.place))


def _checker(description: Description, url: str) -> Any:
    from openapi_core import Config, OpenAPI
    from openapi_core.datatypes import RequestParameters
    from openapi_core.validation.exceptions import ValidationError
    from werkzeug.datastructures import Headers, ImmutableMultiDict

    document = _to_check(description, url)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        api = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))

    class Sent:
        """A request, as openapi-core looks at one; with the fragment by which a description tells operations apart."""

        def __init__(self, request: Request, path: str) -> None:
            _, mark, fragment = path.partition("#")
            self.host_url, self.path, self.method = url, f"{request.path}{mark}{fragment}", request.method.lower()
            cookies = [part.strip().partition("=") for part in request.headers.get("cookie", "").split(";") if part]
            self.parameters = RequestParameters(
                query=ImmutableMultiDict([(k, one) for k, values in request.query_lists.items() for one in values]),
                header=Headers(list(request.headers.items())),
                cookie=ImmutableMultiDict([(name, value) for name, _, value in cookies]),
            )
            self.body = request.body or None
            self.content_type = request.headers.get("content-type", "")

    def check(request: Request, path: str) -> str | None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                api.validate_request(Sent(request, path))
            except ValidationError as error:
                return _said(error)
            except Exception:  # noqa: BLE001 - it is openapi-core that fails
                return None
        return ""

    return check


def _said(error: Exception) -> str:
    cause = error.__cause__
    try:
        return f"{type(error).__name__}: {getattr(cause, 'schema_errors', None) or cause or error}"[:300]
    except AttributeError:  # an error of openapi-core that fails when it is to say what it is
        return type(error).__name__


def _to_check(description: Description, url: str) -> dict[str, Any]:
    """The description in OpenAPI 3, with the server of the test, and without what keys it asks for."""
    changed = copy.deepcopy(description.document)
    changed["servers"] = [{"url": url}]
    changed.pop("security", None)
    paths = mapping(changed.get("paths"))
    old = description.version == "2"
    for path, item in paths.items():
        if old:
            item = paths[path] = description.followed(item)
        shared = listed(item.pop("parameters", None)) if old else []
        for name, node in list(item.items()):
            if name in METHODS and isinstance(node, dict):
                item[name] = swagger.operation_of(description, node, shared) if old else node
                item[name].pop("security", None)
                item[name].pop("servers", None)
                _without_defaults(description, listed(item[name].get("parameters")))
        item.pop("servers", None)
        _without_defaults(description, listed(item.get("parameters")))
    if changed.pop("swagger", None):
        changed["openapi"] = "3.0.3"
    return changed


def _without_defaults(description: Description, parameters: list[Any]) -> None:
    """What is not sent is not looked at: openapi-core would hold a default for it that the schema itself forbids."""
    for number, one in enumerate(parameters):
        found = description.followed(one)
        schema = description.followed(found.get("schema"))
        if "default" in schema:
            plain = {name: value for name, value in schema.items() if name != "default"}
            parameters[number] = {**found, "schema": plain}


def _schema_of(description: Description, entry: Any, name: str, place: str) -> Any:
    """The schema of one of an operation's params."""
    node, shared = mapping(entry.node), listed(entry.item.get("parameters"))
    if description.version == "2":
        node, shared = swagger.operation_of(description, node, shared), []
    if place in ("body", "whole", "file"):
        schema = _body_of(description, node)
        return schema if place == "whole" else mapping(description.schema(schema).get("properties")).get(name)
    for one in map(description.followed, [*listed(node.get("parameters")), *shared]):
        if (one.get("name"), one.get("in")) == (name, place):
            return one.get("schema") or next(
                (inner.get("schema") for inner in mapping(one.get("content")).values()), {"type": "string"}
            )
    return {"type": "string"}


def _body_of(description: Description, node: dict[str, Any]) -> Any:
    content = mapping(description.followed(node.get("requestBody")).get("content"))
    kind = next((one for one in content if "json" in one), next(iter(content), ""))
    return mapping(content.get(kind)).get("schema")


def _needed(description: Description, entry: Any) -> list[Any]:
    """The properties that the body of an operation has to have, if it has one."""
    node = mapping(entry.node)
    if description.version == "2":
        node = swagger.operation_of(description, node, listed(entry.item.get("parameters")))
    return listed(description.schema(_body_of(description, node)).get("required"))


def _allowed(shape: dict[str, Any], value: Any) -> bool:
    """Whether a value keeps to what a schema says of it; its type aside."""
    from openapi_schema_validator import OAS30Validator, oas30_format_checker

    said = ("format", "pattern", "minLength", "maxLength", "minimum", "maximum", "multipleOf")
    try:
        asked = {name: shape[name] for name in said if name in shape}
        return bool(OAS30Validator(asked, format_checker=oas30_format_checker).is_valid(value))
    except re.error:  # a pattern of JavaScript's that Python does not know: openapi-core cannot check it either
        return True


def _number(shape: dict[str, Any], kind: str) -> int | float | None:
    """A number that a schema allows; None when none is found."""
    step = shape.get("multipleOf") or 1
    limits = [one for name in ("minimum", "maximum") if isinstance(one := shape.get(name), (int, float))]
    tried = [1 if kind == "integer" else 1.5, step, *limits, *(one + step for one in limits)]
    tried += [one - step for one in limits]
    found = next((one for one in tried if _allowed(shape, one)), None)
    return int(found) if kind == "integer" and found is not None else found


def _text(shape: dict[str, Any]) -> str | None:
    """A text that a schema allows; None when none is found."""
    text = _TEXTS.get(str(shape.get("format")), "text")
    text += "x" * max(0, int(shape.get("minLength") or 0) - len(text))
    if not _allowed(shape, text):
        text = text[: shape.get("maxLength")]
    return text if _allowed(shape, text) else _matching(shape)


def _matching(shape: dict[str, Any]) -> str | None:
    """A text that matches a schema's pattern; None for a pattern that Python does not know, or that nothing fits."""
    from hypothesis import find, settings
    from hypothesis.errors import HypothesisException
    from hypothesis.strategies import from_regex

    least = int(shape.get("minLength") or 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            texts = (
                from_regex(str(shape.get("pattern"))).filter(bool).map(lambda one: one + one[-1] * (least - len(one)))
            )
            return find(texts, lambda one: _allowed(shape, one), settings=settings(database=None))
        except (HypothesisException, re.error, OverflowError):
            return None


def _sample(description: Description, node: Any, depth: int = 0) -> Any:
    """A value that a schema allows; None when none is found."""
    shape = description.schema(node)
    if shape.get("enum"):
        return next((one for one in shape["enum"] if one is not None), None)
    if "const" in shape:
        return shape["const"]
    kind = shape.get("type")
    kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
    example = shape.get("example")
    fits = isinstance(example, {"string": str, "integer": int}.get(str(kind), ())) and not isinstance(example, bool)
    if fits and _allowed(shape, example):
        return example
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return _number(shape, kind)
    if kind == "array":
        least = max(1, int(shape.get("minItems") or 1))
        inner = _sample(description, shape.get("items"), depth + 1) if depth < 5 else None
        return [] if inner is None else [inner] * least
    if kind == "string":
        return _text(shape)
    if kind == "object" or shape.get("properties"):
        known = {name: one for name, one in mapping(shape.get("properties")).items()
                 if not description.schema(one).get("readOnly")}  # fmt: skip
        needed = [*listed(shape.get("required"))] if depth < 9 else []
        needed += [name for name in known if name not in needed][
            : max(0, int(shape.get("minProperties") or 0) - len(needed))
        ]
        inner = {name: _sample(description, one, depth + 1) for name, one in known.items() if name in needed}
        found = {name: value for name, value in inner.items() if value is not None}
        more = shape.get("additionalProperties")
        if len(found) < int(shape.get("minProperties") or 0) and isinstance(more, dict) and depth < 9:
            found["more"] = _sample(description, more, depth + 1)
        return found
    choices = listed(shape.get("oneOf")) or listed(shape.get("anyOf"))
    return _sample(description, choices[0], depth + 1) if choices and depth < 5 else "x"
