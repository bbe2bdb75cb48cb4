"""``flowbook init``, ``flowbook recover`` and ``flowbook workspace``."""

from __future__ import annotations

import shlex
from contextlib import nullcontext
from pathlib import Path

import click

from flowbook import environment
from flowbook.cli.common import existing
from flowbook.cli.groups import Group
from flowbook.paths import expanded, real
from flowbook.workspace import Workspace
from flowbook.workspace.backends import FILES, keep_in, reached
from flowbook.workspace.location import check_place

_NOT_KEPT = (
    "Its password was not kept. Put it into ~/.pgpass or PGPASSWORD, or give the whole address by FLOWBOOK_STORE."
)


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@click.option(
    "--store", metavar="URL", help="Keep it in a PostgreSQL database: postgresql://USER@HOST/DATABASE; or in 'files'."
)
def init(directory: Path | None, store: str | None) -> None:
    """Make a workspace in DIR (default: the current folder)."""
    chosen: Path | None = directory or click.get_current_context().find_root().obj
    root = real(expanded(chosen or Path.cwd()))
    existed = (root / ".flowbook").is_dir()
    if not existed:
        check_place(root)
    root.mkdir(parents=True, exist_ok=True)
    database = None if store in (None, FILES) else reached(store)
    if store is not None and existed:
        keep_in(root / ".flowbook", database)  # before it is opened: where it was may not be there any more
    # The password that was given holds for this one look.
    given = environment.having(environment.STORE, store) if store and existed and database else nullcontext()
    with given:
        ws = Workspace(root)
        looked = ws.review_folder()
        ws.close()
    if store is not None and not existed:
        keep_in(root / ".flowbook", database)
    (root / "integrations").mkdir(exist_ok=True)
    click.echo(f"{'There is a workspace' if existed else 'Made a workspace'} in {root}")
    if database is not None:
        click.echo(f"What is stored, and the run history, are in {database}")
        if database.has_password:
            click.echo(_NOT_KEPT)
    if looked.code.files and not looked.trusted:
        click.echo(
            f"There is code in it already, which runs once you trust it: flowbook trust {shlex.quote(str(root))}"
        )


@click.command()
def recover() -> None:
    """Restore the last-good copy of a damaged store; the damaged file is kept beside it."""
    recovered = existing().recover()
    click.echo(f"Restored the last-good copy of {recovered.store}")
    if recovered.damaged is not None:
        click.echo(f"The damaged file is kept as {recovered.damaged}")


@click.group(cls=Group)
def workspace() -> None:
    """The workspace as a whole."""


@workspace.command()
@click.option("--to", required=True, metavar="URL|DIR", help="postgresql://USER@HOST/DATABASE, or another workspace.")
def copy(to: str) -> None:
    """Copy all that is stored, and the run history, into a database or into the files of another workspace.

    There must be nothing in it yet. This workspace stays where it is; 'flowbook init --store URL' has it be there.
    """
    copied = existing().copy_to(to)
    click.echo(
        f"Copied {copied.types} integration types, {copied.integrations} integrations, {copied.workflows} workflows"
        f" and {copied.runs} runs to {copied.place}"
    )
