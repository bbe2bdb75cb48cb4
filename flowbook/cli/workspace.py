"""``flowbook init`` and ``flowbook recover``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from flowbook.cli.common import existing
from flowbook.workspace import Workspace


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
def init(directory: Path | None) -> None:
    """Make a workspace in DIR (default: the current folder)."""
    chosen: Path | None = directory or click.get_current_context().find_root().obj
    root = (chosen or Path.cwd()).resolve()
    root.mkdir(parents=True, exist_ok=True)
    existed = (root / ".flowbook").is_dir()
    ws = Workspace(root)
    looked = ws.review_folder()
    ws.close()
    (root / "integrations").mkdir(exist_ok=True)
    click.echo(f"{'There is a workspace' if existed else 'Made a workspace'} in {root}")
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
