"""SMTP's tasks."""

from __future__ import annotations

from flowbook import Result, TaskFailed, task

from .message import build
from .models import Credentials, SendEmail, TestConnection
from .server import deliver, place_of, signed_in, without_password


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the mail server: connect, encrypt, sign in. Nothing is sent.

    A failure's data has a "kind": unauthorized, tls, unreachable, wrong_address, timeout.
    Data: {"security", "signed_in", "max_bytes"}; max_bytes is the largest message the server takes, null when unsaid.
    """
    with signed_in(credentials) as connection:
        connection.ehlo_or_helo_if_needed()
        largest = connection.esmtp_features.get("size", "")
    who = f"as {credentials.username}" if credentials.username else "without signing in"
    data = {
        "security": credentials.security,
        "signed_in": credentials.username is not None,
        "max_bytes": int(largest) if largest.isdigit() and int(largest) else None,
    }
    open_text = (
        " The password travelled unencrypted." if credentials.security == "none" and credentials.username else ""
    )
    return Result.ok(f"Connected to {place_of(credentials)} {who}.{open_text}", data)


@task(
    effects="write",
    network=True,
    reads_files="attachments",
    writes_files=False,
    runs_code=False,
    example={"message_id": "<1.2@example.com>", "accepted": ["ada@example.com"], "refused": {}},
)
def send_email(credentials: Credentials, params: SendEmail) -> Result:
    """Send an e-mail, as text, HTML or both, with attachments.

    When the server refuses some of the recipients the others still get the message, but the node fails and names them.
    Data: {"message_id", "accepted", "refused": {address: the server's words}}.
    """
    message, sender, recipients = build(credentials, params)
    with signed_in(credentials) as connection:
        refused = deliver(connection, message, sender, recipients)
    words = {
        address: without_password(f"{code} {said.decode('utf-8', 'replace')}", credentials)
        for address, (code, said) in refused.items()
    }
    accepted = [address for address in recipients if address not in words]
    data = {"message_id": message["Message-ID"], "accepted": accepted, "refused": words}
    if words:
        named = "; ".join(f"{address} ({said})" for address, said in words.items())
        sent = f"The other {len(accepted)} got the message." if accepted else "Nothing was sent."
        # Another try would send it again to those who got it; a 4yz is "not now" (RFC 5321, 4.2.1).
        if accepted:
            data["may_have_taken_effect"] = True
        lasts = bool(accepted) or all(code >= 500 for code, _ in refused.values())
        hint = "Correct or remove these recipients."
        raise TaskFailed(f"The server refused {named}. {sent}", data, hint, permanent=lasts)
    return Result.ok(f"Message sent to {len(accepted):,} recipient{'' if len(accepted) == 1 else 's'}.", data)
