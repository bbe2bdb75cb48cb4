"""``flowbook app``: the studio as a page of its own."""

from __future__ import annotations

import importlib.util
import os
import socket
from pathlib import Path

import click

import flowbook
from flowbook.cli.common import workspace
from flowbook.cli.jupyter import PRESET, become, running
from flowbook.errors import FlowbookError
from flowbook.installing import check_studio, how_to_install

# In a folder of its own: what lies beside a notebook is importable by its kernel, and could be asked for by a browser.
NOTEBOOK = Path(flowbook.__file__).parent / "ui" / "app" / "Flowbook.ipynb"
ROOT = "FLOWBOOK_APP_WORKSPACE"
HOST = "127.0.0.1"
PORT = 8866


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help=f"The port to listen on (default: {PORT}, or the next free one)."
)
@click.option("--no-browser", is_flag=True, help="Do not open a browser window; the address is printed.")
def app(port: int | None, no_browser: bool) -> None:
    """Serve the studio as a page of its own, to this machine only.

    The address that is printed holds a token that is new each time. Each page that is opened has a kernel, which ends
    with the page; a run that goes on in it is then interrupted. Ctrl-C ends all.
    """
    check_studio("flowbook app")
    if importlib.util.find_spec("voila") is None:
        raise FlowbookError("Voilà, which serves the studio, is not installed.", how_to_install("voila"))
    if port is not None:
        _check_free(port)
    ws = workspace()
    root = ws.root
    ws.close()
    os.environ[ROOT] = str(root)
    for preset in PRESET:  # the address would then not hold the token, and be of no use
        os.environ.pop(preset, None)
    click.echo(f"The studio of {root}; Ctrl-C ends it.", err=True)
    become("Voilà", command(port, browser=not no_browser))


def command(port: int | None, *, browser: bool) -> list[str]:
    """What starts the server. Options given here win over those in the person's configuration of Jupyter."""
    return [
        *running("voila"), str(NOTEBOOK), f"--Voila.ip={HOST}", f"--port={port or PORT}",
        f"--Voila.port_retries={0 if port else 50}", "--Voila.auto_token=True", f"--Voila.open_browser={browser}",
        # A page that is left tells by a beacon that its kernel is to end, which can bring no XSRF token: Jupyter Server
        # would refuse it, and no kernel would ever end. Requests of other origins are refused all the same.
        "--Voila.tornado_settings={'disable_check_xsrf': True}",
        "--theme=light", "--template=lab", "--strip_sources=True", "--show_tracebacks=True",
    ]  # fmt: skip


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            hint = "Choose another with --port, or leave that out to take the next free one."
            raise FlowbookError(f"Port {port} cannot be used: {error.strerror}.", hint) from None
