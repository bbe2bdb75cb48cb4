"""An API's description as it was written: JSON or YAML, from a file or an address, its references followed.

Descriptions come from elsewhere: nothing in one is run, opened or fetched, and how much of it is looked at is bounded.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urljoin

from flowbook.errors import FileFormatError, NotFound
from flowbook.json_text import TooDeep, parse_json
from flowbook.paths import expanded
from flowbook.whole_files import content_at

MAX_BYTES = 80 * 1024**2
_MOST_STEPS = 1_000_000
_DEEPEST = 200
_BESIDE = ("title", "description", "default", "readOnly", "deprecated")
"""What counts where it stands beside a reference: OpenAPI 3.1 says so, and those who write 3.0 mean it."""


@dataclass
class Description:
    """The document, and ``source``: what it is called in messages. ``version`` is "2" or "3".

    ``found_at`` is the path or address where it can be read again; "" when its text was handed over.
    """

    document: dict[str, Any] = field(repr=False)
    source: str
    found_at: str = ""
    _steps: int = 0
    _known: dict[tuple[int, int], tuple[Any, dict[str, Any]]] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """Which generation of the format it is written in."""
        return "2" if "swagger" in self.document else "3"

    @property
    def title(self) -> str:
        """What the API is called; "" when it does not say so."""
        return str(mapping(self.document.get("info")).get("title") or "")

    def followed(self, node: Any) -> dict[str, Any]:
        """What a node is, or what it refers to; {} for what is no mapping.

        Raises FileFormatError for a reference that leads to nothing, to itself, or out of this document.
        """
        seen: set[str] = set()
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reference = node["$ref"]
            self._count()
            if reference in seen:
                raise self.wrong(f"the reference {reference[:100]!r} leads to itself", "Mend the description.")
            seen.add(reference)
            node = self._at(reference)
        return mapping(node)

    def _at(self, reference: str) -> Any:
        if not reference.startswith("#"):
            raise self.wrong(
                f"it refers to another document, {reference[:100]!r}, and no other is read",
                "Bundle it into one first, for example with: npx @redocly/cli bundle",
            )
        here: Any = self.document
        for part in unquote(reference[1:]).strip("/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(here, list) and name.isdecimal() and int(name) < len(here):
                here = here[int(name)]
            elif isinstance(here, dict) and name in here:
                here = here[name]
            else:
                raise self.wrong(f"the reference {reference[:100]!r} leads to nothing", "Mend the description.")
        return here

    def schema(self, node: Any, depth: int = 0) -> dict[str, Any]:
        """A schema with the parts of its ``allOf`` as one, and a choice between one thing and null as that thing."""
        known = self._known.get((id(node), depth))
        if known is None:  # the node is kept beside what it is, so that no other has its id
            known = self._known[id(node), depth] = (node, self._schema(node, depth))
        return known[1]

    def _schema(self, node: Any, depth: int) -> dict[str, Any]:
        self._count()
        found = self.followed(node)
        if isinstance(node, dict) and "$ref" in node:
            found = {**found, **{name: node[name] for name in _BESIDE if name in node}}
        if depth > 8:
            return found
        parts = found.get("allOf")
        if isinstance(parts, list):
            found = self._merged(found, parts, depth)
        choices = found.get("oneOf") or found.get("anyOf")
        if isinstance(choices, list) and len(choices) <= 20 and not found.get("type"):
            each = [self.schema(one, depth + 1) for one in choices]
            real = [one for one in each if one.get("type") != "null"]
            if len(real) == 1:
                return {**found, **real[0]}
        return found

    def _merged(self, found: dict[str, Any], parts: list[Any], depth: int) -> dict[str, Any]:
        merged = {key: value for key, value in found.items() if key != "allOf"}
        properties = dict(mapping(merged.get("properties")))
        required = list(listed(merged.get("required")))
        for part in parts[:50]:
            one = self.schema(part, depth + 1)
            properties |= mapping(one.get("properties"))
            required += listed(one.get("required"))
            for key, value in one.items():
                merged.setdefault(key, value)
        merged.update({"properties": properties, "required": required})
        if properties:
            merged.setdefault("type", "object")
        return merged

    def _count(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise self.wrong(
                "its schemas refer to each other without end", "Choose fewer operations, with --operations."
            )

    def wrong(self, what: str, hint: str) -> FileFormatError:
        """The error that names this description."""
        return FileFormatError.about(self.source, f"{what}.", hint)


def mapping(value: Any) -> dict[str, Any]:
    """``value`` if it is a mapping, its keys as text; else {}."""
    if not isinstance(value, dict):
        return {}
    return value if all(isinstance(key, str) for key in value) else {str(key): inner for key, inner in value.items()}


def listed(value: Any) -> list[Any]:
    """``value`` if it is a list, else []."""
    return value if isinstance(value, list) else []


def read_description(source: str) -> Description:
    """The description in a file or at an address. Raises NotFound, FileFormatError, and ServiceError for an address."""
    found_at = source
    if re.match(r"https?://", source, re.IGNORECASE):
        raw = _fetched(source)
    else:
        found_at = str(expanded(source).absolute())
        try:
            raw = content_at(expanded(source), MAX_BYTES + 1)
        except FileNotFoundError:
            raise NotFound("file", source, hint="Check the path.") from None
        except OSError as error:
            raise FileFormatError.about(source, f"cannot be read: {error.strerror or error}.") from None
    return parse_description(raw, source, found_at)


def _fetched(address: str) -> bytes:
    from flowbook import http

    with http.Session(address, service="The server of the description", max_bytes=MAX_BYTES, timeout=120) as session:
        return session.get("", parse=False).content


def parse_description(raw: bytes, source: str, found_at: str = "") -> Description:
    """The description that a text is; ``source`` stands for it in messages. Raises FileFormatError."""
    if len(raw) > MAX_BYTES:
        raise FileFormatError.about(
            source, f"is larger than {MAX_BYTES // 1024**2} MiB.", "Take out what is not needed."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFormatError.about(
            source, f"is not UTF-8 text (at byte {error.start}).", "Save it as UTF-8."
        ) from None
    document = _loaded(text, source)
    if not isinstance(document, dict) or not ("openapi" in document or "swagger" in document):
        raise FileFormatError.about(
            source,
            "is no description of an API: it has neither 'openapi' nor 'swagger' at its top.",
            "Give the OpenAPI document itself, in JSON or YAML, not a page about it.",
        )
    version = str(document.get("openapi") or document.get("swagger"))
    if not re.match(r"(?:2|3)(?:\.|$)", version):
        raise FileFormatError.about(
            source, f"version {version[:20]!r} is not known.", "Known are Swagger 2 and OpenAPI 3."
        )
    return Description(mapping(document), source, found_at)


def _loaded(text: str, source: str) -> Any:
    if text.lstrip()[:1] == "{":
        try:
            return parse_json(text)
        except TooDeep:
            raise FileFormatError.about(source, "is nested too deeply.", "") from None
        except json.JSONDecodeError as error:
            fault, where = f"is not JSON: {error.msg}.", f"{error.lineno}:{error.colno}"
            try:
                return _yaml(text, source)  # YAML begins with a brace, too
            except FileFormatError:
                raise FileFormatError.about(source, fault, "Download it once more.", at=where) from None
        except ValueError as error:  # a number of thousands of digits
            raise FileFormatError.about(
                source, f"is not JSON that can be read: {error}.", "Download it once more."
            ) from None
    return _yaml(text, source)


def _yaml(text: str, source: str) -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Takes dates for text, as JSON would, and refuses what is nested beyond all need."""

        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.depth += 1
            if self.depth > _DEEPEST:
                raise yaml.YAMLError("it is nested too deeply")
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

    Loader.yaml_implicit_resolvers = {
        first: [one for one in found if one[0] != "tag:yaml.org,2002:timestamp"]
        for first, found in base.yaml_implicit_resolvers.items()
    }
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else ""
        what = f"is not YAML: {error.problem}."
        raise FileFormatError.about(source, what, "Download it once more.", at=where) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FileFormatError.about(source, f"is not YAML: {str(error)[:100]}.", "Download it once more.") from None


def address_of(server: str, source: str) -> str:
    """The whole address of a server that may be written relative to where the description is; "" if it cannot be."""
    whole = urljoin(source, server) if re.match(r"https?://", source, re.IGNORECASE) else server
    if whole.startswith("//"):
        whole = "https:" + whole
    return whole.rstrip("/") if re.match(r"https?://[^/{}]+", whole) and "{" not in whole else ""
