"""Making the message out of params and credentials."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

from flowbook import TaskFailed, mail

from .models import Credentials, SendEmail


def build(credentials: Credentials, params: SendEmail) -> tuple[EmailMessage, str, list[str]]:
    """The message, the sender's address and all recipients' addresses; TaskFailed when something cannot be sent."""
    sender = _sender(credentials, params)
    several = (
        mail.addresses(given, name) for name, given in (("to", params.to), ("cc", params.cc), ("bcc", params.bcc))
    )
    recipients = list(dict.fromkeys(address.addr_spec for found in several for address in found))
    if not recipients:
        raise TaskFailed("There is nobody to send it to.", hint="Give 'to' at least one address.", permanent=True)
    if not params.body and not params.html:
        raise TaskFailed("The message has no body.", hint="Give body, html, or both.", permanent=True)
    message = mail.composed(
        sender=sender,
        to=params.to,
        cc=params.cc,
        reply_to=params.reply_to,
        subject=params.subject,
        body=params.body,
        html=params.html,
        attachments=params.attachments,
        headers=params.headers,
    )
    return message, sender.addr_spec, recipients


def _sender(credentials: Credentials, params: SendEmail) -> Address:
    username = credentials.username or ""
    given = params.from_email or credentials.from_email or (username if "@" in username else "")
    found = mail.addresses(given, "from_email")
    if len(found) != 1:
        hint = "Give the param from_email, or set from_email in the integration."
        raise TaskFailed(
            "It is not said whom the mail comes from." if not found else "from_email must be one.",
            hint=hint,
            permanent=True,
        )
    name = params.from_name or found[0].display_name or ("" if params.from_email else credentials.from_name or "")
    return Address(mail.one_line("from_name", name), found[0].username, found[0].domain)
