"""SMTP: sending mail through any mail server, with TLS or STARTTLS."""

from .tasks import send_email, test_connection

__all__ = ["send_email", "test_connection"]
