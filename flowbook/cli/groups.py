"""Command groups that name the nearest command for one that is not there."""

from __future__ import annotations

import click

from flowbook.errors import suggest


class Group(click.Group):
    """A click group; an unknown command is refused with the nearest one, whatever click's version."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but for the message."""
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}. {suggest(args[0], known, 'command')}")
        return super().resolve_command(ctx, args)
