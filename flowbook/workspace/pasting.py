"""What is pasted into a workspace: the credentials that stood in a curl command, as an integration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.errors import InputError, NotFound
from flowbook.formats.curl import FromCurl
from flowbook.http import same_origin

if TYPE_CHECKING:
    from flowbook.workspace.workspace import Workspace


def keep_credentials(ws: Workspace, found: FromCurl, name: str | None = None) -> bool:
    """Make the integration that a command's secrets need, encrypted; whether one was made.

    ``name`` is by default the one that its node has. An integration of ``http`` that is there under it is taken as it
    is, if it is for the same server. Raises InputError when it is not, VaultErrors, and what creating one raises.
    """
    name = name or found.node.integration or ""
    try:
        there = ws.integration(name)
    except NotFound:
        if all(kind.name != "http" for kind in ws.types()):
            ws.create_type("http")
        ws.create_integration(name, "http", found.credentials)
        return True
    address = str(there.fields.get("base_url") or "")
    wanted = found.credentials.get("base_url", "")
    if there.type != "http" or (address and wanted and not same_origin(address, wanted)):
        raise InputError(f"there is an integration {name!r} already, for something else.", "Choose another name.")
    return False
