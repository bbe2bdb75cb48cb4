"""``flowbook mcp``."""

from __future__ import annotations

import os
import secrets

import click

from flowbook.cli.common import existing
from flowbook.errors import InputError

TOKEN = "FLOWBOOK_MCP_TOKEN"  # noqa: S105 - the name of a variable


@click.command()
@click.option("--workflows", metavar="A,B", default="", help="Only these workflows (default: all that are stored).")
@click.option("--edit", is_flag=True, help="Also tools to draft, check, run and mend workflows.")
@click.option("--http", "port", type=click.IntRange(0, 65535), metavar="PORT", help="Serve over HTTP, to this machine.")
def mcp(workflows: str, edit: bool, port: int | None) -> None:
    """Serve the workflows as tools of an MCP server, so that agents can run them.

    A program that runs agents starts it by itself, and talks to it over standard input and output. With --http it is
    at http://127.0.0.1:PORT/mcp for those who have the token, which is printed, or is what FLOWBOOK_MCP_TOKEN says.

    With --edit an agent can also draft and mend workflows. What it drafts is untrusted: before it does more than
    compute, a person looks at it and consents (flowbook trust).
    """
    from flowbook.agents.editing import editing_tools
    from flowbook.agents.protocol import Server
    from flowbook.agents.serving import http_server, serve_stdio
    from flowbook.agents.tools import workflow_tools

    ws = existing()
    names = [name.strip() for name in workflows.split(",") if name.strip()]
    for name in names:
        ws.workflow(name)  # one that is not there is said at once
    server = Server(lambda: [*workflow_tools(ws, names), *(editing_tools(ws) if edit else [])])
    if port is None:
        serve_stdio(server)
        return
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    try:
        listening = http_server(server, port, token)
    except OSError as error:
        raise InputError(f"port {port} cannot be used: {error.strerror}.", "Choose another.") from None
    click.echo(f"http://127.0.0.1:{listening.server_address[1]}/mcp  (Authorization: Bearer {token})", err=True)
    with listening:
        try:
            listening.serve_forever()
        finally:
            server.close()
