"""``flowbook integrations sign-in`` and ``sign-out``. Tokens are never printed."""

from __future__ import annotations

import threading
import time
import webbrowser
from typing import Any

import click

from flowbook.cli.common import existing, json_option, print_json
from flowbook.errors import SignInFailed
from flowbook.workspace.sign_ins import SignedIn


@click.command("sign-in")
@click.argument("name")
@click.option("--device", is_flag=True, help="Enter a code on any other machine, where the service offers that.")
@click.option("--paste", is_flag=True, help="No browser here: open the page elsewhere, and paste where it led to.")
@click.option("--no-open", is_flag=True, help="Print the address, and open no browser.")
@json_option
def sign_in(name: str, device: bool, paste: bool, no_open: bool, as_json: bool) -> None:
    """Sign the integration NAME in to its service, and wait until somebody has."""
    if device and paste:
        raise click.UsageError("--device goes without --paste")
    ws = existing()
    begun = ws.begin_sign_in(name, device=device)
    try:
        code = getattr(begun, "code", "")
        click.echo(f"Open this page{f' and enter the code {code}' if code else ''}:\n\n  {begun.url}\n", err=True)
        if paste and hasattr(begun, "paste"):
            _paste(begun)
        elif not code and not no_open:
            threading.Thread(target=webbrowser.open, args=(begun.url,), daemon=True).start()
        click.echo("Waiting for you to allow it there … (Ctrl+C to stop)", err=True)
        found = ws.end_sign_in(name, begun)
    except KeyboardInterrupt:
        begun.close()
        raise
    _tell(name, found, as_json)


@click.command("sign-out")
@click.argument("name")
def sign_out(name: str) -> None:
    """Sign the integration NAME out: its tokens are revoked and forgotten."""
    said = existing().sign_out(name)
    click.echo(f"Signed {name!r} out. {said}".strip())


def _paste(begun: Any) -> None:
    click.echo("The page that it leads to in the end cannot be shown: that is as it should be.", err=True)
    while True:
        try:
            begun.paste(click.prompt("Paste the address of that page", err=True))
        except SignInFailed as error:
            click.echo(str(error), err=True)
        else:
            return


def _tell(name: str, found: SignedIn, as_json: bool) -> None:
    if as_json:
        print_json({"integration": name, **signed_in_document(found)})
        return
    click.echo(f"Signed {name!r} in{f' as {found.account}' if found.account else ''}. {_until(found)}")


def _until(found: SignedIn) -> str:
    if found.renews:
        return "It is renewed by itself."
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.until)) if found.until else ""
    return f"It ends at {when}: the service gave nothing to renew it with." if when else "It has no end."


def signed_in_document(found: SignedIn) -> dict[str, Any]:
    """How far an integration is signed in, for ``--json``."""
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(found.until)) if found.until else None
    return {
        "state": found.state,
        "account": found.account,
        "scopes": list(found.scopes),
        "until": until,
        "renews": found.renews,
        "why": found.why,
    }
