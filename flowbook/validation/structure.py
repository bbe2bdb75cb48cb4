"""Documents to drafts: every field that does not belong or fit is a problem, and the rest is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from flowbook.errors import InvalidName
from flowbook.models import (
    FORMAT_VERSION,
    Edge,
    Node,
    Note,
    Parameter,
    Predicate,
    Retry,
    check_node_id,
    check_workflow_name,
    field_errors,
)
from flowbook.slips import suggest
from flowbook.validation.draft import NO_TASK, Draft
from flowbook.validation.report import Report

_FIELDS = ("flowbook", "name", "description", "inputs", "nodes", "edges", "layout", "notes")
_EDGE_FIELDS = ("from", "to", "on", "when")
_INPUT_FIELDS = ("type", "required", "description", "default", "choices")

M = TypeVar("M", bound=BaseModel)
Complain = Callable[[str, str, str, str], None]
"""Note a problem: code, field, message, remedy."""


def draft_of_document(document: Any, report: Report) -> Draft:
    """What can be made of a document; what cannot is in the report."""
    draft = Draft()
    if not isinstance(document, Mapping):
        report.add(
            "not-a-mapping", "", "", "the document is not a mapping of fields.", "Give it name, nodes and edges."
        )
        draft.broken = True
        return draft
    _unknown(document, _FIELDS, _complain(report, ""))
    _head(document, draft, report)
    _inputs(_section(document, "inputs", draft, report), draft, report)
    _nodes(_section(document, "nodes", draft, report), draft, report)
    _edges(document.get("edges"), draft, report)
    _canvas(document, draft, report)
    draft.broken |= any(problem.code == "unknown-field" for problem in report.problems)  # it would be lost
    return draft


def _complain(report: Report, node: str, prefix: str = "", at: str = "") -> Complain:
    def complain(code: str, field: str, message: str, remedy: str) -> None:
        full = f"{prefix}.{field}" if prefix and field else prefix or field
        report.add(code, node, full, message, remedy, at=f"{at}.{field}" if at and field else at)

    return complain


def _unknown(document: Mapping[Any, Any], known: Collection[str], complain: Complain) -> None:
    for key in document:
        if key not in known:
            remedy = suggest(str(key), known, "field") or "Remove it."
            complain("unknown-field", str(key), "there is no such field.", remedy)


def _head(document: Mapping[Any, Any], draft: Draft, report: Report) -> None:
    version = document.get("flowbook")
    if version != FORMAT_VERSION or isinstance(version, bool):
        what = "is missing." if version is None else f"is {version!r}; this Flowbook reads format {FORMAT_VERSION}."
        report.add("unknown-format", "", "flowbook", Predicate(what), f"Begin with 'flowbook: {FORMAT_VERSION}'.")
        draft.broken = True
    name = document.get("name")
    if isinstance(name, str):
        draft.name = name
    try:
        check_workflow_name(name)  # type: ignore[arg-type]
    except InvalidName as error:
        message = Predicate("is required.") if name is None else error.message
        report.add("bad-name", "", "name", message, "Give it a kebab-case name." if name is None else error.hint)
        draft.broken = True
    description = document.get("description", "")
    if isinstance(description, str):
        draft.description = description
    else:
        report.add("wrong-type", "", "description", Predicate("must be text."), "Put it into quotes.")
        draft.broken = True


def _section(document: Mapping[Any, Any], key: str, draft: Draft, report: Report) -> Mapping[Any, Any]:
    section = document.get(key)
    if isinstance(section, Mapping):
        return section
    if section is not None:
        report.add(
            "wrong-type", "", key, Predicate("must be a mapping."), f"Write '{key}:' and below it 'name: …' for each."
        )
        draft.broken = True
    return {}


def _inputs(section: Mapping[Any, Any], draft: Draft, report: Report) -> None:
    for name, document in section.items():
        field = f"inputs.{name}"
        if not _well_named(name, "", field, report):
            draft.broken = True
        complain = _complain(report, "", field)
        parameter = None
        if not isinstance(document, Mapping):
            complain("wrong-type", "", Predicate("must be a mapping."), "Write {type: string}, for example.")
        else:
            _unknown(document, _INPUT_FIELDS, complain)
            known = {key: value for key, value in document.items() if key in _INPUT_FIELDS}
            draft.broken |= len(known) < len(document)
            parameter = _made(Parameter, {"name": str(name), **known}, complain)
        if parameter is None:
            draft.undescribed.add(str(name))
            draft.broken = True
        else:
            draft.inputs[str(name)] = parameter


def _well_named(name: Any, node: str, field: str, report: Report) -> bool:
    try:
        check_node_id(name, "an input" if field.startswith("inputs") else "a node's id")
    except InvalidName as error:
        report.add("bad-name", node, field, error.message, error.hint)
        return False
    return True


def _nodes(section: Mapping[Any, Any], draft: Draft, report: Report) -> None:
    for key, document in section.items():
        id = str(key)
        if not _well_named(key, id, "id", report):
            draft.broken = True
        if not isinstance(document, Mapping):
            report.add(
                "wrong-type",
                id,
                "",
                Predicate("must be a mapping with at least 'task'."),
                "Write 'task: folder.function'.",
            )
            draft.taskless.add(id)
            draft.nodes[id] = Node(task=NO_TASK)
            draft.broken = True
            continue
        draft.nodes[id] = _node(id, document, draft, report)


def _node(id: str, document: Mapping[Any, Any], draft: Draft, report: Report) -> Node:
    complain = _complain(report, id)
    fields = {key: value for key, value in document.items() if key in Node.model_fields}
    if len(fields) < len(document):
        _unknown(document, list(Node.model_fields), complain)
        draft.broken = True
    if isinstance(fields.get("retry"), Mapping):
        fields["retry"] = _retry(fields["retry"], _complain(report, id, "retry"))
        draft.broken |= fields["retry"] is None
    node = _tried(Node, fields)
    if isinstance(node, Node):
        return node
    draft.broken = True
    for field, message in field_errors(node):
        if field == "task":
            draft.taskless.add(id)
            remedy = "Write it as folder.function, for example slack.send_message."
            complain("bad-task", "task", _sentence(message), remedy)
            fields["task"] = NO_TASK
        else:
            complain("wrong-type", field, _sentence(message), _expected(field))
            fields.pop(field.partition(".")[0].partition("[")[0], None)
    return Node(**fields)


def _retry(document: Mapping[Any, Any], complain: Complain) -> Retry | None:
    _unknown(document, list(Retry.model_fields), complain)
    known = {key: value for key, value in document.items() if key in Retry.model_fields}
    retry = _made(Retry, known, complain)
    return retry if len(known) == len(document) else None


def _edges(section: Any, draft: Draft, report: Report) -> None:
    if section is None:
        return
    if not isinstance(section, (list, tuple)):
        report.add("wrong-type", "", "edges", Predicate("must be a list."), "Write each as '- {from: a, to: b}'.")
        draft.broken = True
        return
    for index, document in enumerate(section):
        place = f"edges[{index}]"
        if not isinstance(document, Mapping):
            report.add("wrong-type", "", place, Predicate("must be a mapping."), "Write it as {from: a, to: b}.")
            draft.broken = True
            continue
        name = f"{document.get('from', '?')}→{document.get('to', '?')}"
        complain = _complain(report, name, at=place)
        _unknown(document, _EDGE_FIELDS, complain)
        known = {key: value for key, value in document.items() if key in _EDGE_FIELDS}
        edge = _made(Edge, known, complain)
        draft.broken |= edge is None or len(known) < len(document)
        if edge is not None:
            draft.edges.append((index, edge))


def _canvas(document: Mapping[Any, Any], draft: Draft, report: Report) -> None:
    for key, at in _section(document, "layout", draft, report).items():
        place = _tried(Note, {"at": at})
        if not isinstance(place, Note):
            report.add("wrong-type", "", f"layout.{key}", Predicate("must be two numbers."), "Write [x, y].")
            draft.broken = True
        if str(key) not in draft.nodes:
            remedy = suggest(str(key), draft.nodes, "node") or "Remove it."
            report.add("unknown-node", "", f"layout.{key}", "there is no such node.", remedy, severity="warning")
        elif isinstance(place, Note):
            draft.layout[str(key)] = place.at
    for key, value in _section(document, "notes", draft, report).items():
        complain = _complain(report, "", f"notes.{key}")
        note = None
        if not isinstance(value, Mapping):
            complain("wrong-type", "", Predicate("must be a mapping."), "Write {text: …, at: [0, 0]}.")
        else:
            _unknown(value, list(Note.model_fields), complain)
            note = _made(Note, {k: v for k, v in value.items() if k in Note.model_fields}, complain)
        draft.broken |= note is None or not _well_named(key, "", f"notes.{key}", report)
        if note is not None:
            draft.notes[str(key)] = note


def _tried(model: type[M], fields: Mapping[str, Any]) -> M | ValidationError:
    try:
        return model(**fields)
    except ValidationError as error:
        return error


def _made(model: type[M], fields: Mapping[str, Any], complain: Complain) -> M | None:
    made = _tried(model, fields)
    if not isinstance(made, ValidationError):
        return made
    for field, message in _distinct(field_errors(made)):
        complain("wrong-type", field, _sentence(message), _expected(field))
    return None


def _distinct(errors: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Of the errors for each of a field's allowed types, those of the first."""
    seen: set[str] = set()
    for field, message in errors:
        if field not in seen:
            seen.add(field)
            yield field, message


def _sentence(message: str) -> str:
    text = message.strip().removesuffix(".")
    text = text.replace("Input should be", "must be").replace("a valid string", "text")
    text = text.replace("a valid dictionary", "a mapping").replace("a valid tuple", "a list") + "."
    # What pydantic says of most values: https://docs.pydantic.dev/latest/errors/validation_errors/
    return Predicate(text) if isinstance(message, Predicate) or message.startswith("Input should ") else text


_EXPECTED = {
    "task": "Write it as folder.function, for example slack.send_message.",
    "params": "Write 'name: value' for each param.",
    "retry": "Write {attempts: 3, wait: 2}.",
    "timeout": "Give the seconds as a number above zero.",
    "from": "Name a node.",
    "to": "Name a node.",
    "at": "Write [x, y].",
    "default": "Correct the default, or leave it out.",
}


def _expected(field: str) -> str:
    return _EXPECTED.get(field.partition(".")[0].partition("[")[0], "Correct it.")
