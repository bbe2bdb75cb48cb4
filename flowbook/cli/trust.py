"""``flowbook trust``: look at what came from elsewhere, and decide. The answer is read from the terminal alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from flowbook.cli.common import is_folder, json_option, print_json, print_table, workflow_or_file, workspace
from flowbook.cli.groups import Group
from flowbook.counting import counted
from flowbook.errors import InputError, NotFound, Untrusted
from flowbook.formats.flowfile import write_flow_file
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.trust.grants import Grant, Reach
from flowbook.trust.review import Review
from flowbook.trust.wording import escaped, missing_lines
from flowbook.view.wording import moment
from flowbook.workspace import Workspace
from flowbook.workspace.trusting import FolderReview

NOT_TRUSTED = 3
TERMINAL = "CON" if os.name == "nt" else "/dev/tty"
_REACHES = {"v": "version", "f": "file", "a": "folder"}
_QUESTION = """
Trust it?  v  this version of it
           f  this file from now on: you edit it yourself, and are asked again only for what it cannot do yet
           a  every workflow file of its folder
           n  no
[v/f/a/N]: """
_FOLDER_QUESTION = """
Trust it?  f  this folder: its code, whatever it will be, and the workflows that are stored in it now
           v  only this version of the code, and those workflows
           n  no
[f/v/N]: """


class Said(NamedTuple):
    """The options of the command, wherever they stood."""

    show: bool = False
    sha256: str | None = None
    author: bool = False
    reach: str | None = None
    as_json: bool = False
    use: tuple[str, ...] = ()

    def over(self, early: Said) -> Said:
        """These, and where they say nothing those that stood ``early``."""
        return Said(
            self.show or early.show, self.sha256 or early.sha256, self.author or early.author,
            self.reach or early.reach, self.as_json or early.as_json, (*early.use, *self.use),
        )  # fmt: skip


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        json_option,
        click.option(
            "--reach",
            type=click.Choice(("version", "file", "folder")),
            help="How far --sha256 goes (default: version).",
        ),
        click.option(
            "--use",
            multiple=True,
            metavar="LABEL=INTEGRATION",
            help="Which of your integrations a label of the workflow is to mean: written into it once it is trusted.",
        ),
        click.option("--author", is_flag=True, help="You write it yourself: trust this file (or folder) from now on."),
        click.option("--sha256", metavar="SHA", help="Trust just what was looked at, without a question."),
        click.option("--print", "show", is_flag=True, help="Only print it and, last, its SHA-256."),
    ):
        function = option(function)
    return function


class _TrustGroup(Group):
    """A group whose first word is a command, or else what is to be looked at."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            return "trust", _look, args
        return super().resolve_command(ctx, args)


_FILES_APART = "Workflow files in it are asked about each by itself: flowbook trust FILE"
_SAID = f"{__name__}.said"  # in click's meta: what was said before FILE, which may also stand after it


@click.group(cls=_TrustGroup, subcommand_metavar="FILE|NAME|FOLDER | list | revoke NAME")
@_options
@click.pass_context
def trust(ctx: click.Context, /, **options: Any) -> None:
    """Look at what a workflow FILE, the stored workflow NAME, or the workspace in a FOLDER is able to do, and decide.

    Shown are the integrations with their servers, what is changed, places outside of the workspace, and code in full.
    The answer is read from the terminal itself. Exit code 3: it is not trusted.
    """
    ctx.meta[_SAID] = Said(**options)


@click.command(name="trust")
@click.argument("what", metavar="FILE|NAME|FOLDER")
@_options
@click.pass_context
def _look(ctx: click.Context, /, what: str, **options: Any) -> int:
    """Look at something, and decide."""
    said = Said(**options).over(ctx.meta[_SAID])
    if is_folder(what):
        return _look_at_folder(Workspace(what, make=False), said)
    return _look_at_workflow(workspace(make=False), workflow_or_file(what), said)


def _look_at_workflow(ws: Workspace, given: str | Path, said: Said) -> int:
    chosen = choose(ws, given, said.use)
    looked = ws.review(given) if chosen is None else ws.review(chosen, restricted=True)
    if said.sha256 is not None:
        reach: Reach = said.reach or "version"  # type: ignore[assignment]
        _grant(ws, given, chosen, looked, said.sha256, reach)
        return _granted(looked.name, reach, said)
    if said.as_json:
        print_json(document_of(looked))
    else:
        click.echo(str(looked))
        if said.show:
            click.echo(f"\nSHA-256 {looked.sha256}")
    if said.show:
        return 0
    if not looked.missing:
        if looked.needs and not said.as_json:
            click.echo("\nIt is trusted already.")
        return 0
    answer = "f" if said.author else _ask(_QUESTION, looked.sha256)
    answered: Any = _REACHES.get(answer)
    if answered is None:
        return _declined()
    _grant(ws, given, chosen, looked, looked.sha256, answered)
    return _granted(looked.name, answered, said)


def _grant(
    ws: Workspace, given: str | Path, chosen: Workflow | None, looked: Review, sha256: str, reach: Reach
) -> None:
    """Trust it; first, if it is just what was looked at, write into it which integrations were chosen."""
    if chosen is not None and looked.sha256 == sha256:
        if isinstance(given, Path):
            write_flow_file(chosen, given)
        else:
            ws.save(chosen, trusted=False)
    ws.trust(given, sha256, reach=reach)


def choose(ws: Workspace, given: str | Path, use: tuple[str, ...]) -> Workflow | None:
    """The workflow with those labels for integrations that were chosen; None when none was.

    Raises InputError and NotFound for a label that it has not, an integration that there is not or of another type.
    """
    if not use:
        return None
    if isinstance(given, Path) and not given.name.endswith((".yaml", ".yml")):
        raise InputError(f"{given} is no workflow file that can be written: --use is for .flow.yaml files and names.")
    reading = ws.read(given)
    if reading.workflow is None:
        raise reading.refusal()
    workflow = reading.workflow
    labels = {node.integration: node.task.partition(".")[0] for node in workflow.nodes.values() if node.integration}
    for word in use:
        label, equals, name = word.partition("=")
        if not equals or not name:
            raise InputError(f"--use {word!r} is not of the form LABEL=INTEGRATION.", 'Write: --use "Bank=My Bank"')
        if label not in labels:
            raise NotFound("label of an integration in the workflow", label, labels)
        type = ws.integration(name).type
        if type != labels[label]:
            raise InputError(f"the integration {name!r} is of the type {type}, and {label!r} wants {labels[label]}.")
        for id, node in list(workflow.nodes.items()):
            if node.integration == label:
                workflow.change(id, integration=name)
    return workflow


def _look_at_folder(ws: Workspace, said: Said) -> int:
    looked = ws.review_folder()
    if said.sha256 is not None:
        ws.trust_folder(said.sha256, version=said.reach == "version")
        return _granted(str(ws.root), "version" if said.reach == "version" else "workspace", said)
    if said.as_json:
        print_json(_folder_document(looked))
    else:
        for line in _folder_lines(looked):
            click.echo(line)
        if said.show:
            click.echo(f"\nSHA-256 {looked.sha256}")
    if said.show:
        return 0
    if looked.trusted and not looked.workflows:
        if not said.as_json:
            click.echo(f"\nNothing of it needs consent. {_FILES_APART}")
        return 0
    answer = "f" if said.author else _ask(_FOLDER_QUESTION, looked.sha256)
    if answer not in ("f", "v"):
        return _declined()
    ws.trust_folder(looked.sha256, version=answer == "v")
    return _granted(str(ws.root), "version" if answer == "v" else "workspace", said)


def _granted(what: str, reach: str, said: Said) -> int:
    words = {
        "version": "this version of it",
        "file": "from now on",
        "folder": "every workflow file of its folder",
        "workspace": f"the code in integrations/ and what is stored. {_FILES_APART}",
    }
    click.echo(f"Trusted: {escaped(what)}, {words[reach]}", err=said.as_json)
    return 0


def _declined() -> int:
    click.echo("Nothing was trusted.", err=True)
    return NOT_TRUSTED


def _ask(question: str, sha256: str) -> str:
    """The first letter of what is typed at the terminal that this process belongs to, whatever its input is."""
    try:
        with open(TERMINAL, "r+b", buffering=0) as terminal:
            terminal.write(question.encode())
            return terminal.readline(100).decode("utf-8", "replace").strip().lower()[:1]
    except OSError:
        raise Untrusted(
            "it needs consent, and there is no terminal to ask at.",
            f"Once you looked at just this: --sha256 {sha256}",
        ) from None


def _folder_lines(looked: FolderReview) -> Iterator[str]:
    yield f"The workspace {escaped(looked.root)}"
    if looked.code.files:
        yield "" if looked.trusted else "\nCode in integrations/ that runs with your rights once it is trusted:"
    if not looked.trusted:
        for path, content in looked.code.files.items():
            yield f"\n{escaped(path)}:"
            text = escaped(content.decode("utf-8", "backslashreplace"), lines=True)
            yield from (f"  | {line}" for line in text.rstrip("\n").split("\n"))
    if looked.workflows:
        yield "\nStored workflows that were not made here, or were before Flowbook asked:"
    for one, _ in looked.workflows:
        yield ""
        yield str(one)


def document_of(looked: Review) -> dict[str, Any]:
    """A review for programs."""
    return {
        "name": looked.name,
        "from": looked.target,
        "sha256": looked.sha256,
        "trusted": not looked.missing,
        "missing": missing_lines(looked),
        "integrations": [
            {
                "label": use.label,
                "integration": use.meaning.name if use.meaning else None,
                "type": use.meaning.type if use.meaning else None,
                "hosts": list(use.meaning.hosts) if use.meaning else [],
                "tasks": list(use.tasks),
            }
            for use in looked.uses
        ],
        "writes": [{"node": node, "task": task} for node, task in looked.writing],
        "calls": [{"node": node, "host": host} for node, host in looked.talking],
        "places": [{"how": kind, "place": place} for kind, place in looked.places],
        "writes_programs": list(looked.programs),
        "workflows": dict(looked.workflows),
        "code": [{"node": one.node, "task": one.task, "text": one.text} for one in looked.code],
        "undeclared": [{"node": node, "task": task} for node, task in looked.unsaid],
        "changes": list(looked.changes),
    }


def _folder_document(looked: FolderReview) -> dict[str, Any]:
    return {
        "folder": str(looked.root),
        "sha256": looked.sha256,
        "trusted": looked.trusted and not looked.workflows,
        "code": {} if looked.trusted else {
            path: content.decode("utf-8", "backslashreplace") for path, content in looked.code.files.items()
        },
        "workflows": [document_of(one) for one, _ in looked.workflows],
    }  # fmt: skip


@trust.command("list")
@json_option
def list_grants(as_json: bool) -> None:
    """List what you trust, in every workspace."""
    found = workspace(make=False).grants()
    if as_json:
        print_json([_described(grant) for grant in found])
        return
    rows = [
        (escaped(_name(grant)), _reach(grant), _may(grant), escaped(grant.root), moment(grant.at)) for grant in found
    ]
    print_table(("WHAT", "REACH", "MAY", "WORKSPACE", "SINCE"), rows, empty="Nothing from elsewhere is trusted.")


@trust.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take back what was granted: to the workflow NAME, to a file or a workspace by its path."""
    gone = workspace(make=False).revoke(name)
    if not gone:
        raise NotFound("grant", name, hint="What is trusted is listed by: flowbook trust list")
    click.echo(f"Took back {counted(len(gone), 'grant')} of {escaped(name)}")


def _name(grant: Grant) -> str:
    if grant.kind == "code":
        return "code in integrations/"
    return grant.name if grant.reach == "version" else f"{grant.name} ({grant.target})"


def _reach(grant: Grant) -> str:
    if grant.kind == "code":
        return "folder" if grant.reach == "folder" else "this version"
    return {"version": "this version", "file": "this file", "folder": "its folder"}[grant.reach]


def _may(grant: Grant) -> str:
    if grant.kind == "code":
        return "run"
    counted = {kind: sum(need.kind == kind for need in grant.needs) for kind in sorted({n.kind for n in grant.needs})}
    return ", ".join(f"{kind}{f' ×{count}' if count > 1 else ''}" for kind, count in counted.items())


def _described(grant: Grant) -> dict[str, Any]:
    return {
        "kind": grant.kind, "workspace": grant.root, "reach": grant.reach, "target": grant.target, "name": grant.name,
        "sha256": grant.sha256, "may": sorted(" ".join(need).strip() for need in grant.needs), "since": grant.at,
    }  # fmt: skip
