"""What a multipart form holds that a stand-in was sent."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any

from flowbook.testing import Request


def parts(request: Request) -> dict[str, Any]:
    """The parts of a multipart/form-data body by their names: text, or (file name, bytes)."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    found: dict[str, Any] = {}
    for part in message_from_bytes(head + request.body).walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        file = part.get_filename()
        found[str(part.get_param("name", header="content-disposition"))] = (file, content) if file else content.decode()
    return found
