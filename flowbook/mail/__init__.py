"""Mail messages, for the integrations that send or read them: made of params, and read as data.

    from flowbook import mail

    message = mail.composed(sender=None, to="a@b.org", subject="Hello", body="…", attachments=["report.pdf"])
    head = mail.headers(mail.parsed(content))

By the standard library's email package; :mod:`flowbook.attachments` says how params name what is attached.
"""

from flowbook.mail.keeping import saved
from flowbook.mail.reading import attached, bodies, content_of, described, headers, parsed, told
from flowbook.mail.signing_in import AccessToken
from flowbook.mail.writing import addresses, as_bytes, composed, one_line

__all__ = [
    "AccessToken", "addresses", "as_bytes", "attached", "bodies", "composed", "content_of", "described", "headers",
    "one_line", "parsed", "saved", "told",
]  # fmt: skip
