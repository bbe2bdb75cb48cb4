"""Mail by AUTH XOAUTH2, signed in to a real provider and sent to a real mail server on this machine."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from flowbook import Workflow, Workspace
from flowbook.errors import RunFailed
from flowbook.testing import SignInProvider
from tests.integrations.test_smtp import MESSAGE, Mailbox, certificate, mail_server

__all__ = ["certificate"]
USER = "ada@example.com"


class Bearer(Mailbox):
    """Takes tokens as Google's server does, by
    https://developers.google.com/workspace/gmail/imap/xoauth2-protocol: a refusal is a challenge first.
    """

    def __init__(self, provider: SignInProvider) -> None:
        super().__init__()
        self.provider = provider

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        good = [
            b64encode(f"user={USER}\1auth=Bearer {token.access}\1\1".encode()).decode()
            for token in self.provider.kept.tokens
            if not (token.revoked or token.is_expired())
        ]
        if len(args) > 1 and args[1] in good:
            return AuthResult(success=True, auth_data=USER)
        said = {"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}
        assert await server.challenge_auth(json.dumps(said), encode_to_b64=True) == b""
        return AuthResult(success=False, handled=False)


@pytest.fixture
def provider() -> Iterator[SignInProvider]:
    with SignInProvider() as running:
        yield running


@pytest.fixture
def ws(tmp_path: Path, provider: SignInProvider, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    box = Bearer(provider)
    with mail_server("starttls", certificate, box=box, authenticator=None) as (_, given):
        made = Workspace(tmp_path)
        made.create_type("smtp")
        ca_file = tmp_path / "ca.pem"
        ca_file.write_bytes(certificate.read_bytes())
        client = {"client_id": provider.client_id, "client_secret": provider.client_secret, "scope": "mail offline"}
        where = {"authorize_url": provider.authorize, "token_url": provider.token}
        about = {"username": USER, "password": "", "ca_file": str(ca_file)}
        made.create_integration("Mail", "smtp", {**given, **about, **client, **where})
        flow = Workflow("mail")
        flow.add("send", "smtp.send_email", integration="Mail", params=MESSAGE)
        made.save(flow)
        yield made, box


def test_mail_is_sent_as_whoever_has_signed_in(ws: Any, provider: SignInProvider) -> None:
    workspace, box = ws
    found = workspace.sign_in("Mail", show=lambda begun: provider.answer(begun.url))
    assert found.scopes == ("mail", "offline")
    assert workspace.test_integration("Mail").success
    workspace.run("mail")
    assert box.last()["From"] == USER


def test_a_token_that_was_ended_early_is_renewed_within_the_call(ws: Any, provider: SignInProvider) -> None:
    workspace, box = ws
    workspace.sign_in("Mail", show=lambda begun: provider.answer(begun.url))
    provider.expire_access()
    workspace.run("mail")
    assert box.last()["From"] == USER
    assert sum(call["grant_type"] == "refresh_token" for call in provider.calls) == 1


def test_a_new_token_that_is_refused_too_is_said(ws: Any, provider: SignInProvider) -> None:
    workspace, _ = ws
    workspace.sign_in("Mail", show=lambda begun: provider.answer(begun.url))
    provider.expire_access()
    provider.lifetime = 0.0
    run = workspace.start("mail")
    run.wait()
    assert "The server refused the token" in run["send"].message
    assert "Sign in again" in run["send"].message
    assert not any(token.access in run["send"].message for token in provider.kept.tokens)


def test_a_token_that_is_refused_is_said_and_not_shown(ws: Any, provider: SignInProvider) -> None:
    workspace, _ = ws
    workspace.sign_in("Mail", show=lambda begun: provider.answer(begun.url))
    provider.end_all()
    run = workspace.start("mail")
    run.wait()
    assert "has expired or was revoked" in run["send"].message
    assert "flowbook integrations sign-in Mail" in run["send"].message
    assert provider.kept.tokens[0].access not in run["send"].message


def test_a_mail_server_with_a_password_is_none_that_one_signs_in_to(ws: Any) -> None:
    workspace, _ = ws
    workspace.create_integration("Plain", "smtp", {"host": "localhost", "username": "a", "password": "b"})
    assert workspace.signed_in("Plain") is None
    assert workspace.integration_hosts("Plain") == ("localhost",)


def test_a_recording_holds_no_refusal_of_a_token_that_was_renewed(
    ws: Any, provider: SignInProvider, tmp_path: Path
) -> None:
    """In a replay nothing is refused, and nothing renewed."""
    workspace, box = ws
    workspace.sign_in("Mail", show=lambda begun: provider.answer(begun.url))
    provider.expire_access()
    cassette = tmp_path / "mail.json"
    recorded = workspace.run("mail", record=cassette)
    assert sum(call["grant_type"] == "refresh_token" for call in provider.calls) == 1
    sent = len(box.messages) if hasattr(box, "messages") else None
    assert cassette.read_text().count("AUTH ***") == 1
    assert workspace.run("mail", replay=cassette)["send"].message == recorded["send"].message
    assert sent is None or len(box.messages) == sent
    assert sum(call["grant_type"] == "refresh_token" for call in provider.calls) == 1


def test_one_that_is_refused_for_good_is_played_back_so(ws: Any, provider: SignInProvider, tmp_path: Path) -> None:
    workspace, _ = ws
    workspace.sign_in("Mail", show=lambda begun: provider.answer(begun.url))
    provider.expire_access()
    provider.lifetime = 0.0
    ended = []
    for cassette in ({"record": tmp_path / "mail.json"}, {"replay": tmp_path / "mail.json"}):
        with pytest.raises(RunFailed) as failed:
            workspace.run("mail", **cassette)
        ended.append(failed.value.run["send"].message)
    assert "The server refused the token" in ended[0]
    assert ended[1] == ended[0]
