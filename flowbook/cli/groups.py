"""Command groups that name the nearest command for one that is not there."""

from __future__ import annotations

import gc

import click

from flowbook.lasting import keep_what_is_loaded
from flowbook.slips import suggest


class Group(click.Group):
    """A click group; an unknown command is refused with the nearest one, whatever click's version."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but for the message."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}. {suggest(args[0], known, 'command')}")
        resolved = super().resolve_command(ctx, args)
        _end_the_pause()
        return resolved


def _end_the_pause() -> None:
    """End the pause of the garbage collector that ``flowbook.__main__`` began."""
    if not gc.isenabled():
        keep_what_is_loaded()
        gc.enable()
