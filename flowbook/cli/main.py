"""The command group, and what becomes of errors: a message, what to do, and the right exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

import flowbook
from flowbook import environment
from flowbook.cli.groups import Group
from flowbook.cli.output import (
    complain,
    discard_output,
    discard_what_fails,
    documents,
    escape_what_cannot_be_printed,
    open_what_is_closed,
)
from flowbook.errors import FlowbookError, InputError
from flowbook.slips import nearest

CANCELLED = 130
BUG = 70

_COMMANDS = {
    "init": ("flowbook.cli.workspace", "Make a workspace."),
    "catalog": ("flowbook.cli.catalog", "List integration folders, their tasks and problems."),
    "types": ("flowbook.cli.types", "Integration types: what credentials a service needs."),
    "integrations": ("flowbook.cli.integrations", "Integrations: named credentials, encrypted."),
    "workflows": ("flowbook.cli.workflows", "List, show, import, export, compare and delete workflows."),
    "check": ("flowbook.cli.check", "List all problems of workflows or integration folders."),
    "run": ("flowbook.cli.running", "Run a workflow."),
    "runs": ("flowbook.cli.runs", "The run history."),
    "schedule": ("flowbook.cli.schedule", "Run workflows by the clock."),
    "hooks": ("flowbook.cli.hooks", "Run workflows by requests: webhooks and forms."),
    "serve": ("flowbook.cli.serve", "Run what is due or queued, and answer hooks and forms."),
    "new": ("flowbook.cli.new", "Write a new integration folder, or a node."),
    "trust": ("flowbook.cli.trust", "Look at what came from elsewhere, and decide whether it may run."),
    "key": ("flowbook.cli.key", "The key that the credentials are encrypted with."),
    "workspace": ("flowbook.cli.workspace", "Copy a workspace into a database, and back."),
    "recover": ("flowbook.cli.workspace", "Restore the last-good copy of a damaged store."),
    "lab": ("flowbook.cli.lab", "Open JupyterLab on the workspace's notebook."),
    "mcp": ("flowbook.cli.mcp", "Serve the workflows as tools for agents."),
    "app": ("flowbook.cli.app", "Serve the studio as a page of its own."),
    "docs": ("flowbook.cli.docs", "Show a page of the documentation."),
}


class _LazyGroup(Group):
    """A group whose commands are imported when they are used; the list of commands needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        known = _COMMANDS.get(cmd_name)
        if known is None:
            return None
        command: click.Command = getattr(importlib.import_module(known[0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(flowbook.__version__, prog_name="flowbook")
@click.option(
    "-C", "directory", metavar="DIR", type=click.Path(path_type=Path), help="The workspace's folder (default: nearest)."
)
@click.pass_context
def cli(ctx: click.Context, directory: Path | None) -> None:
    """Automate work across services from JupyterLab, without a server."""
    ctx.obj = directory


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line with ``arguments`` (default: the process's); the exit code."""
    return run_command(cli, arguments)


def run_command(command: click.Command, arguments: Sequence[str] | None = None) -> int:
    """Run a command with ``arguments`` (default: the process's); the exit code, after an error was shown."""
    environment.take()
    open_what_is_closed()
    escape_what_cannot_be_printed()
    with documents():
        return _carried_out(command, arguments)


def _carried_out(command: click.Command, arguments: Sequence[str] | None) -> int:
    stdout = sys.stdout
    try:
        result: Any = command.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except click.ClickException as error:
        return _show_misuse(error, sys.argv[1:] if arguments is None else arguments)
    except (click.Abort, KeyboardInterrupt):
        complain("Cancelled.")
        return CANCELLED
    except FlowbookError as error:
        _show(error)
        return error.exit_code
    except SystemExit:
        if sys.stdout is stdout:  # click puts another in its place for a reader that went away
            raise
        discard_output()
        return 0
    except BrokenPipeError:
        discard_output()
        return 0
    except OSError as error:
        discard_what_fails()
        complain(f"Error: {error.filename or 'the system'}: {error.strerror or error}")
        return 2
    except Exception as error:
        if os.environ.get("FLOWBOOK_DEBUG"):
            raise
        return _show_unexpected(error)
    return result if isinstance(result, int) else 0


def _show_misuse(error: click.ClickException, arguments: Sequence[str]) -> int:
    """Show how a command was written wrongly; as JSON too when it was to say so what became of a run."""
    if isinstance(error, click.NoSuchOption):  # click's own idea of near is wide
        near = [one for one in error.possibilities or () if nearest(error.option_name, [one])]
        error = click.NoSuchOption(error.option_name, possibilities=near, ctx=error.ctx)
    with suppress(OSError):
        error.show()
    ctx = getattr(error, "ctx", None)
    if ctx is not None and ctx.command.name in ("run", "resume") and "--json" in arguments:
        from flowbook.cli.running import print_refusal

        print_refusal(None, InputError(error.format_message().rstrip(".") + ".", f"See: {ctx.command_path} --help"))
    return int(error.exit_code)


def _show_unexpected(error: Exception) -> int:
    """Values that do not fit a model are bad input. Of a mistake in Flowbook only the place is shown: the text of an
    unknown exception may hold anything, credentials too.
    """
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        from flowbook.models import explain

        complain(f"Error: this cannot be used as {error.title}: {explain(error)}.")
        return 2
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else ""
    complain(
        f"Error: Flowbook itself failed: {type(error).__name__}{where}.\n"
        "This is a bug. Set FLOWBOOK_DEBUG=1 to see where it happened, and please report it."
    )
    return BUG


def _show(error: FlowbookError) -> None:
    for line in (f"Error: {error.message}", error.hint, error.explained):
        if line:
            complain(line)
