"""Params that a task can be called with: what its folder's README shows, and what fits its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from flowbook.catalog import Folder
from flowbook.errors import FlowbookError
from flowbook.models import Parameter, node_from_document
from flowbook.tasks.spec import TaskSpec

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BLOCK = re.compile(r"^```ya?ml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_FILE = re.compile(r"(?:\w[\w-]*/)*\w[\w-]*\.[a-z0-9]{1,5}")
_MADE_UP: dict[str, Any] = {
    "integer": 1, "number": 1, "boolean": True, "email": "ada@example.com", "json": ["x"], "url": "https://example.com",
}  # fmt: skip
_FORMS = {"type", "anyOf", "oneOf", "allOf", "$ref", "enum", "const"}


class Examples:
    """The calls of a folder's tasks that its README shows as nodes, in YAML blocks; ``given`` goes before, by task."""

    def __init__(self, folder: Folder, given: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self._given = given or {}
        self._shown: dict[str, list[dict[str, Any]]] = {}
        self._known: dict[str, Any] = {}
        for node in _nodes(_readme(folder)):
            self._shown.setdefault(node.task, []).append(dict(node.params))
            for name, value in node.params.items():
                if not _EXPRESSION.search(str(value)):
                    self._known.setdefault(name, value)

    def params_of(self, spec: TaskSpec) -> dict[str, Any] | None:
        """Params that the task takes, as far as can be told without calling it; None when none are found.

        Those that were given, as they are; else the first example that is given whole, or can be made so: an
        expression becomes what another example gives for a param of that name, else something of its type.
        """
        if (given := self._given.get(spec.function_name)) is not None:
            return dict(given)
        for shown in sorted(self._shown.get(spec.name, []), key=lambda one: len(_EXPRESSION.findall(str(one)))):
            for params in (self._filled(spec, shown), self._filled(spec, shown, needed=True)):
                if _fits(spec, params):
                    return params
        params = {one.name: self._made(spec, one) for one in spec.parameters if one.required}
        return params if _fits(spec, params) else None

    def _filled(self, spec: TaskSpec, shown: Mapping[str, Any], needed: bool = False) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name, value in shown.items():
            parameter = spec.parameter(name)
            if not _EXPRESSION.search(str(value)):
                filled[name] = value
            elif parameter is not None and isinstance(value, str) and (parameter.required or not needed):
                filled[name] = self._made(spec, parameter)
            elif not isinstance(value, str) and not needed:
                filled[name] = _plain(value)
        return filled

    def _made(self, spec: TaskSpec, parameter: Parameter) -> Any:
        """What the field's own examples say (``Field(examples=[…])``), else what the README does, else what fits."""
        field = ((spec.params_schema or {}).get("properties") or {}).get(parameter.name, {})
        if field.get("examples"):
            return field["examples"][0]
        if parameter.name in self._known:
            return self._known[parameter.name]
        if parameter.choices:
            return parameter.choices[0]
        if field.get("type") == "object":
            return {"name": "x"}
        if parameter.type == "json" and not _FORMS & field.keys():
            return [{"name": "x"}]  # anything: what makes a table, too
        return _MADE_UP.get(parameter.type, "x")


def put_files(root: Path, spec: TaskSpec, params: Mapping[str, Any]) -> None:
    """Small files at the places, and in the folders, that params of a task name as what it reads."""
    able = spec.capabilities
    for name in able.read_params or params if able.reads else ():
        value = params.get(name)
        if "folder" in name and isinstance(value, str) and value:
            value = f"{value.rstrip('/')}/a.csv"
        _put(root, value)


def _put(root: Path, value: Any) -> None:
    if isinstance(value, str) and _FILE.fullmatch(value):
        path = root / value
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    elif isinstance(value, (Mapping, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            _put(root, inner)


def _readme(folder: Folder) -> str:
    try:
        return (folder.path / "README.md").read_text(encoding="utf-8")
    except OSError:
        return ""


def _nodes(readme: str) -> Iterator[Any]:
    for block in _BLOCK.findall(readme):
        try:
            found = yaml.load(block, Loader=_LOADER)  # noqa: S506 - both know plain values only
        except yaml.YAMLError:
            continue
        if not isinstance(found, dict):
            continue
        for id, document in (found["nodes"] if isinstance(found.get("nodes"), dict) else found).items():
            try:
                yield node_from_document(str(id), document)
            except FlowbookError:
                continue  # a piece of YAML that shows something else


def _plain(value: Any) -> Any:
    """``value`` with something in place of each expression in it."""
    if isinstance(value, str):
        return "1" if _EXPRESSION.fullmatch(value.strip()) else _EXPRESSION.sub("1", value)
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _fits(spec: TaskSpec, params: dict[str, Any]) -> bool:
    kind = spec.signature.params_type
    if spec.signature.takes == 1 or kind is None:
        return all(one.name in params for one in spec.parameters if one.required)
    try:
        spec.signature._replace(credentials_type=None).arguments({}, params)
    except FlowbookError:
        return False
    return True
