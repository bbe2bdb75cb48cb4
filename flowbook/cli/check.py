"""``flowbook check``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from flowbook.cli.common import json_option, nothing, nowhere, print_json, workflow_or_file, workspace
from flowbook.cli.output import one_line
from flowbook.errors import InputError
from flowbook.validation import Problem, Report
from flowbook.workspace import Workspace


@click.command()
@click.argument("what", metavar="[WORKFLOW|FILE]...", nargs=-1)
@click.option(
    "--secrets", is_flag=True, help="Look for this workspace's secret values in notebooks, files and folders instead."
)
@click.option("--integrations", is_flag=True, help="Check integration folders (those named, else all) instead.")
@click.option(
    "--faults", is_flag=True, help="With --integrations: also call each task while its web service fails in every way."
)
@json_option
def check(what: tuple[str, ...], secrets: bool, integrations: bool, faults: bool, as_json: bool) -> int:
    """List all problems of workflows or files, one a line; without an argument, of every stored workflow.

    With --secrets, exit code 1 means that secret values were found; the places are named, the values never.
    --faults calls the tasks of folders that talk to web services, against a service on this machine that fails; nothing
    else is contacted.
    """
    if faults and not integrations:
        raise click.UsageError("--faults goes with --integrations.")
    ws = workspace(make=False)
    if secrets:
        return _check_secrets(ws, what, as_json)
    if integrations:
        return _check_folders(ws, what, faults, as_json)
    found: list[tuple[str, Problem]] = []
    names = what or tuple(summary.name for summary in ws.workflows())
    look = ws.checker()
    for name in names:
        found += [(name, problem) for problem in _problems(look, workflow_or_file(name))]
    errors = sum(problem.severity == "error" for _, problem in found)
    if as_json:
        print_json(
            [
                {"file": name, "node": p.node, "field": p.field, "severity": p.severity, "message": p.message,
                 "remedy": p.remedy, "code": p.code, "line": p.line}
                for name, p in found
            ]
        )  # fmt: skip
    else:
        for name, problem in found:
            click.echo(one_line(problem.text(name)) + (" (warning)" if problem.severity == "warning" else ""))
        if not found:
            click.echo(
                f"No problems in {_shown(names, 'workflows')}"
                if names
                else nothing(ws, "There are no workflows to check.")
            )
    return 2 if errors else 0


def _problems(look: Callable[[Path | str], Report], source: Path | str) -> tuple[Problem, ...]:
    """The problems of one workflow; that it is not there, or cannot be read, is one too."""
    try:
        return tuple(look(source).problems)
    except InputError as error:
        return (Problem("error", "", "", error.apart_from(source), error.hint, "unreadable"),)


def _check_secrets(ws: Workspace, paths: tuple[str, ...], as_json: bool) -> int:
    known = ws.has_secrets()
    if not known and nowhere(ws):  # said to be clean, each commit of a hook that starts elsewhere would pass
        raise InputError(
            f"there is no workspace in {str(ws.root)!r}, so no secret values are known that could be looked for.",
            "Choose its folder: flowbook -C DIR check --secrets …",
        )
    found = ws.scan(paths or ["."])
    if as_json:
        print_json([one._asdict() for one in found])
        return 1 if found else 0
    for file, place, integration in found:
        click.echo(one_line(f"{file}: {place}: a secret value of {integration!r}"))
    if found:
        click.echo("Take it out there, and make it worthless at the service if others could read it.", err=True)
    elif known:
        click.echo(f"No secret values in {', '.join(paths or ['.'])}")
    else:
        click.echo(f"This workspace has no secret values to look for in {', '.join(paths or ['.'])}")
    return 1 if found else 0


def _check_folders(ws: Workspace, names: tuple[str, ...], faults: bool, as_json: bool) -> int:
    from flowbook.testing import check_contract, check_faults

    folders = [ws.integration_folder(name) for name in names] or ws.integration_folders()
    found = [(folder.name, problem) for folder in folders for problem in check_contract(folder)]
    if faults:
        found += [(folder.name, problem) for folder in folders for problem in check_faults(folder)]
    if as_json:
        print_json(
            [{"folder": n, "task": p.task, "kind": p.kind, "what": p.what, "remedy": p.remedy} for n, p in found]
        )
    else:
        for name, problem in found:
            kind = "" if problem.kind == "error" else f" ({problem.kind})"
            click.echo(one_line(f"{name}:{problem.task}: {problem.what} {problem.remedy}".rstrip()) + kind)
        if not found:
            click.echo(f"No problems in {_shown([folder.name for folder in folders], 'folders')}")
    return 2 if any(problem.kind == "error" for _, problem in found) else 0


def _shown(names: Sequence[str], what: str) -> str:
    """The names, or how many there are when that says more."""
    return ", ".join(names) if len(names) <= 20 else f"{len(names):,} {what}"
