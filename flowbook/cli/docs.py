"""``flowbook docs``."""

from __future__ import annotations

import sys

import click

from flowbook.cli.common import json_option, print_json, print_table
from flowbook.cli.output import raw_terminal
from flowbook.installing import is_installed


@click.command()
@click.argument("page", required=False)
@json_option
def docs(page: str | None, as_json: bool) -> None:
    """List the pages of the documentation, or show one: its name, or a word such as "loop"."""
    from flowbook import documentation

    if page is None:
        found = documentation.pages()
        if as_json:
            print_json([{"page": one.name, "title": one.title} for one in found])
        else:
            print_table(("PAGE", "TITLE"), [(one.name, one.title) for one in found], empty="It is not installed.")
        return
    one = documentation.page(page)
    if as_json:
        print_json({"page": one.name, "title": one.title, "markdown": one.in_words()})
    elif not sys.stdout.isatty():
        click.echo(one.in_words(), nl=False)
    elif not is_installed("rich"):
        click.echo_via_pager(one.in_words())
    else:
        from rich.console import Console
        from rich.markdown import Markdown

        console = Console(file=raw_terminal(sys.stdout))
        with console.pager(styles=True):
            console.print(Markdown(one.in_words()), width=min(console.width, 100))
