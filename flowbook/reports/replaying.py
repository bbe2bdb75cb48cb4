"""A run as a test for pytest: it is played back from its cassette, and comes to the same results."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from flowbook.errors import InputError, RunError
from flowbook.formats.flowfile import dumps
from flowbook.formats.python.phrases import literal
from flowbook.json_text import parse_json
from flowbook.paths import real
from flowbook.view.document import run_document
from flowbook.workspace import Workspace
from flowbook.workspace.resuming import withheld

ANY = "(another one each time)"
"""What stands in expected results where a value is made anew in each run, such as a message's id."""


def write_test(ws: Workspace, run: str, cassette: Path, target: Path) -> list[str]:
    """Write the test of a run to ``target``, with a JSON file of the results beside it; what is another one each time.

    Raises InputError for a run that has not ended, whose inputs are not in the history, whose cassette is another
    one's, or that ends in another way when it is played, and what playing it raises.
    """
    record = ws.run_record(run)
    if record.summary.status not in ("succeeded", "failed"):
        raise InputError(f"the run {record.summary.id} is {record.summary.status}: it has no results to hold.")
    if withheld(record, record.workflow):
        raise InputError(
            "the history does not hold all inputs of this run, so it cannot be run again from it.",
            "Record a run whose inputs are plain data and not secret.",
        )
    stored = record.summary.workflow in {one.name for one in ws.workflows()}
    given: Any = record.summary.workflow if stored else record.workflow
    inputs = {name: value for name, value in record.inputs.items() if value is not None}
    summary = record.summary
    # A clock of whole seconds is another one then, and so what is made of it.
    time.sleep(max(0.0, summary.attempted_at + (summary.seconds or 0.0) + 1.1 - time.time()))
    try:
        played = ws.run(given, inputs, replay=cassette)
    except RunError as error:
        if error.run is None:
            raise
        played = error.run
    if played.id != record.summary.id:
        raise InputError(f"the cassette {cassette} is not of the run {record.summary.id}, but of {played.id}.")
    was, now = _results(_recorded(ws, record)), _results(played.to_dict())
    _check_same_ends(was, now, played)
    expected, anew = compared(was, now, "")
    results = target.with_suffix(".json")
    file = "" if stored else f"{target.stem}.flow.yaml"
    if file:
        target.with_name(file).write_text(dumps(record.workflow), encoding="utf-8")
    results.write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    target.write_text(_text(ws, record, inputs, cassette, target, file), encoding="utf-8")
    return anew


def _check_same_ends(was: dict[str, Any], now: dict[str, Any], played: Any) -> None:
    """Raise InputError where a node ends in another way when it is played: such a test would hold nothing of it."""
    for id, then in was.items():
        ended = now.get(id, {}).get("status", "not there")
        if ended != then["status"]:
            why = played[id].message if id in now else ""
            raise InputError(
                f"played back, the node {id!r} is {ended}, and was {then['status']} in the run {played.id}: {why}"
                .rstrip(": "),
                "Record a run whose cassette has all that it needs: files as they were, and services that are kept.",
            )  # fmt: skip


def _recorded(ws: Workspace, record: Any) -> dict[str, Any]:
    summary = record.summary
    return run_document(
        run=summary.id, workflow=summary.workflow, status=summary.status, message=summary.message, inputs={},
        started_at=summary.started_at, seconds=summary.seconds, nodes=record.nodes, clean=lambda value: value,
    )  # fmt: skip


def _results(document: dict[str, Any]) -> dict[str, Any]:
    return {id: {"status": node["status"], "data": node.get("data")} for id, node in document["nodes"].items()}


def compared(was: Any, now: Any, place: str) -> tuple[Any, list[str]]:
    """What is expected: what was, with :data:`ANY` where it is another one now; and where that is."""
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        parts = {key: compared(was[key], now[key], f"{place}.{key}" if place else str(key)) for key in was}
        return {key: part for key, (part, _) in parts.items()}, [one for _, anew in parts.values() for one in anew]
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        items = [compared(one, other, f"{place}[{n}]") for n, (one, other) in enumerate(zip(was, now, strict=True))]
        return [part for part, _ in items], [one for _, anew in items for one in anew]
    return (was, []) if was == now else (ANY, [place])


def same(expected: Any, found: Any) -> Any:
    """What was found, with :data:`ANY` where that is expected: equal to ``expected`` if it is the same."""
    if expected == ANY:
        return ANY
    if isinstance(expected, dict) and isinstance(found, dict):
        return {key: same(expected.get(key), value) for key, value in found.items()}
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [same(one, other) for one, other in zip(expected, found, strict=True)]
    return found


def replayed(
    root: Path, workflow: str | Path, inputs: dict[str, Any], cassette: Path, results: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a run of the workspace in ``root`` comes to when it is played back, and what is expected of it."""
    expected = parse_json(results.read_text(encoding="utf-8"))
    with Workspace(root) as ws:
        try:
            run = ws.run(workflow, inputs, replay=cassette)
        except RunError as error:
            if error.run is None:
                raise
            run = error.run
    return same(expected, _results(run.to_dict())), expected


def _text(ws: Workspace, record: Any, inputs: dict[str, Any], cassette: Path, target: Path, file: str) -> str:
    def beside(path: Path) -> str:
        return Path(os.path.relpath(real(path), real(target).parent)).as_posix()

    name = record.summary.workflow
    words = "".join(letter if letter.isalnum() else "_" for letter in name.lower()).strip("_")
    workflow = f"HERE / {json.dumps(file)}" if file else json.dumps(name)
    return f'''"""Plays the run {record.summary.id} of {json.dumps(name)[1:-1]} back, offline, and holds its results.

Made by: flowbook runs test. The results are in {target.with_suffix(".json").name}.
"""

from pathlib import Path

from flowbook.reports.replaying import replayed

HERE = Path(__file__).parent
ROOT = HERE / {json.dumps(beside(ws.root))}
INPUTS = {literal(inputs)}


def test_{words}_comes_to_the_same_results():
    cassette, results = HERE / {json.dumps(beside(cassette))}, HERE / {json.dumps(target.with_suffix(".json").name)}
    found, expected = replayed(ROOT, {workflow}, INPUTS, cassette, results)
    assert found == expected
'''
