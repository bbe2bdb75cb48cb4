"""Reading mail by AUTHENTICATE XOAUTH2: a real Dovecot, which asks a real provider whose token it was given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.testing import SignInProvider
from tests.integrations.imap_server import ImapServer, running_imap

USER = "ada@example.com"


@pytest.fixture(scope="module")
def provider() -> Iterator[SignInProvider]:
    with SignInProvider() as running:
        yield running


@pytest.fixture(scope="module")
def server(provider: SignInProvider) -> Iterator[ImapServer]:
    with running_imap(provider.api) as running:
        yield running


@pytest.fixture
def ws(tmp_path: Path, provider: SignInProvider, server: ImapServer) -> Any:
    provider.lifetime, provider.calls[:] = 3600.0, []
    (tmp_path / "ca.pem").write_bytes((server.folder / "server.crt").read_bytes())
    made = Workspace(tmp_path)
    made.create_type("imap")
    client = {"client_id": provider.client_id, "client_secret": provider.client_secret, "scope": "mail offline"}
    where = {"authorize_url": provider.authorize, "token_url": provider.token}
    about = server.credentials(username=USER, password=None, ca_file=str(tmp_path / "ca.pem"))
    made.create_integration("Box", "imap", {**about, **client, **where})
    flow = Workflow("mail")
    flow.add("put", "imap.append_message", integration="Box", params={"folder": "Drafts", "subject": "S", "body": "T"})
    flow.add("find", "imap.search_messages", integration="Box", params={"folder": "Drafts"})
    flow.connect("put", "find")
    made.save(flow)
    return made


def renewals(provider: SignInProvider) -> int:
    return sum(call["grant_type"] == "refresh_token" for call in provider.calls)


def test_mail_is_read_as_whoever_has_signed_in(ws: Any, provider: SignInProvider) -> None:
    found = ws.sign_in("Box", show=lambda begun: provider.answer(begun.url))
    assert found.scopes == ("mail", "offline")
    assert ws.test_integration("Box").success
    assert ws.run("mail")["find"].data["messages"][-1]["subject"] == "S"
    assert renewals(provider) == 0


def test_a_token_that_was_ended_early_is_renewed_within_the_call(ws: Any, provider: SignInProvider) -> None:
    ws.sign_in("Box", show=lambda begun: provider.answer(begun.url))
    provider.expire_access()
    assert ws.run("mail")["find"].success
    assert renewals(provider) == 1


def test_a_new_token_that_is_refused_too_is_said(ws: Any, provider: SignInProvider) -> None:
    """Dovecot says UNAVAILABLE where the provider answers 401: it cannot tell whose token it was."""
    ws.sign_in("Box", show=lambda begun: provider.answer(begun.url))
    provider.expire_access()
    provider.lifetime = 0.0
    run = ws.start("mail")
    run.wait()
    assert "if it is the token, sign in again: flowbook integrations sign-in" in run["put"].message
    assert renewals(provider) == 1
    assert not any(token.access in run["put"].message for token in provider.kept.tokens)


def test_a_sign_in_that_was_taken_back_is_said(ws: Any, provider: SignInProvider) -> None:
    ws.sign_in("Box", show=lambda begun: provider.answer(begun.url))
    provider.end_all()
    run = ws.start("mail")
    run.wait()
    assert "has expired or was revoked" in run["put"].message
    assert "flowbook integrations sign-in Box" in run["put"].message


def test_the_token_of_somebody_else_opens_no_mailbox(ws: Any, provider: SignInProvider) -> None:
    ws.sign_in("Box", show=lambda begun: provider.answer(begun.url))
    ws.update_integration("Box", {"username": "eve@example.com"})
    result = ws.test_integration("Box")
    assert not result.success
    assert "The server refused the token" in result.message
