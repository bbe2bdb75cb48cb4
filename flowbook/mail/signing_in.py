"""Signing in to a mail server with OAuth2, in place of a password (XOAUTH2)."""

from __future__ import annotations

from typing import Annotated

from flowbook.tasks.oauth2 import OAuth2
from flowbook.tasks.secret import Secret

AccessToken = Annotated[
    Secret | None,
    OAuth2(
        authorize="{authorize_url}",
        token="{token_url}",  # noqa: S106 - an address
        scopes=["{scope}"],
        redirect="http://localhost",
    ),
]
"""Declared by credentials of any provider's mail server, beside authorize_url, token_url and scope, which say where."""
