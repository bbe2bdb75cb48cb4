"""``flowbook workflows diff``, also as what git calls to compare two files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import click

from flowbook.cli.common import json_option, print_json, workflow_or_file, workspace
from flowbook.counting import counted
from flowbook.errors import FlowbookError, InputError, NotFound
from flowbook.models import Workflow
from flowbook.view.differences import Differences, differences
from flowbook.workspace import Workspace

_GIT_GIVES = (1, 7, 9)
_NOTHING = (os.devnull, "/dev/null")


@click.command()
@click.argument("given", nargs=-1, metavar="A B")
@json_option
@click.option(
    "--git", "for_git", is_flag=True,
    help='As a diff driver: git config diff.flowbook.command "flowbook workflows diff --git"',
)  # fmt: skip
def diff(given: tuple[str, ...], as_json: bool, for_git: bool) -> int:
    """Compare two workflows by what they mean: nodes, params, edges, inputs; their places on the canvas apart.

    A and B are names of stored workflows, files (.flow.yaml, .py), or NAME@VERSION: one of a workflow's versions by the
    beginning of its hash, or by how many saves ago it was (sales@1 is the one before the last).

    Exit codes: 0 they mean the same, 1 they do not, 2 one of them cannot be read.
    """
    if for_git:
        return _as_git_asks(given)
    if len(given) != 2:
        raise click.UsageError("Name the two workflows to compare.")
    ws = workspace(make=False)
    found = differences(named(ws, given[0]), named(ws, given[1]))
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found, "The two mean the same.")
    return 0 if found.same else 1


def _print(found: Differences, same: str) -> None:
    marks = {"+": "green", "-": "red", "~": "yellow"}
    for line in found.lines():
        click.echo(click.style(line, fg=marks.get(line[:1])))
    if found.same:
        click.echo(same)


def named(ws: Workspace, name: str) -> Workflow:
    """The workflow that a word of the command line names. Raises NotFound, FileFormatError, InvalidWorkflow."""
    given = workflow_or_file(name)
    base, at, version = name.rpartition("@")
    if isinstance(given, str) and at:
        return _version(ws, base, version)
    reading = ws.read(given)
    if reading.workflow is None:
        raise reading.refusal(what="be read")
    return reading.workflow


def _version(ws: Workspace, name: str, version: str) -> Workflow:
    """One of the versions of a workflow, whether it is still stored or not."""
    known = ws.versions(name)
    if not known:
        raise NotFound("workflow", name, [one.name for one in ws.workflows()])
    if version.isdigit() and len(version) < 4:
        if int(version) >= len(known):
            raise InputError(
                f"{name} has {counted(len(known), 'version')}, and none {version} saves ago.", "Give a smaller number."
            )
        return ws.version(known[int(version)].hash)
    fitting = [one.hash for one in known if one.hash.startswith(version)] if version else []
    if len(fitting) != 1:
        hashes = ", ".join(one.hash[:8] for one in known[:8])
        raise InputError(f"{name} has no single version {version!r}.", f"Its versions, the newest first: {hashes}.")
    return ws.version(fitting[0])


def _as_git_asks(given: tuple[str, ...]) -> int:
    """Compare the two files that git names (git-config's diff.NAME.command, gitdiff's GIT_EXTERNAL_DIFF).

    Seven words, nine for a file that was moved, and one for a path that is not merged yet. Git takes any exit code but
    0 for a failure of the driver, and stops; so what cannot be read is told as a line, and then by its text.
    """
    if len(given) not in _GIT_GIVES:
        raise click.UsageError("--git is for git, which gives one word, seven or nine.")
    path, new_path = given[0], given[7] if len(given) > 7 else given[0]
    moved = f" → {new_path}" if new_path != path else ""
    click.echo(click.style(f"workflow {path}{moved}", bold=True))
    if len(given) == 1:
        click.echo("  not merged yet")
        return 0
    old, new = given[1], given[4]
    try:
        before, after = _file(old, path), _file(new, new_path)
        name = (after or before or Workflow("none")).name
        found = differences(before or Workflow(name), after or Workflow(name))
    except FlowbookError as error:
        click.echo(f"  cannot be compared: {error}")
        click.echo(_by_text(old, new), nl=False)
        return 0
    _print(found, "  no difference in meaning")
    return 0


def _by_text(old: str, new: str) -> str:
    """How git itself compares two files, without the head that names them; "" where there is no git."""
    git = shutil.which("git")
    if git is None:
        return ""
    words = ["--no-pager", "diff", "--no-index", "--no-ext-diff", "--no-textconv", "--no-color", "--", old, new]
    done = subprocess.run([git, *words], capture_output=True, check=False)  # noqa: S603  two files by their paths
    said = done.stdout.decode("utf-8", "replace")
    return said[said.find("\n@@") + 1 :] if "\n@@" in said else ""


def _file(file: str, path: str) -> Workflow | None:
    """The workflow of a file that git made (None for a file that was not there); its form is what the path says."""
    if file in _NOTHING:
        return None
    content = Path(file).read_bytes()
    if path.endswith(".py"):
        from flowbook.formats.files import decoded
        from flowbook.formats.python import loads

        return loads(decoded(content, path), path)
    from flowbook.formats.flowfile import read_document

    document, _ = read_document(content, path)
    return Workflow.from_document(document)
