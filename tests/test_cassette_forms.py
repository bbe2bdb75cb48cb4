"""Secrets in the contents that a cassette keeps, in whatever form they were sent or answered."""

from __future__ import annotations

import base64
import gzip
import io
import json
import quopri
import shlex
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import quote

import pytest

from flowbook.cassettes.content import bytes_of, in_every_form, told
from flowbook.redaction import Redactor

SECRET = "sesame-0pen'98=765\"long-enough-to-be-cut-by-a-line-that-ends-in-it"


def zipped(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", content)
    return made.getvalue()


def mail(content: bytes, how: str) -> bytes:
    made = EmailMessage()
    made.set_content("é" * 30 + content.decode(), cte=how)
    return made.as_bytes()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes, "in bytes that are no text": lambda one: b"\xff\xfe" + one + b"\x80", "base64": base64.b64encode,
    "urlsafe base64": lambda one: base64.urlsafe_b64encode(one).rstrip(b"="), "base64 in lines": base64.encodebytes,
    "base64 of base64": lambda one: base64.b64encode(base64.b64encode(one)),
    "quoted-printable": lambda one: quopri.encodestring(b"x" * 60 + one),
    "a mail in base64": lambda one: mail(one, "base64"),
    "a mail in quoted-printable": lambda one: mail(one, "quoted-printable"),
    "gzip": gzip.compress, "zlib": zlib.compress, "a zip": zipped,
    "gzip in base64": lambda one: base64.b64encode(gzip.compress(one)),
    "gzip cut short": lambda one: gzip.compress(one + b"more" * 500)[:-9],
    "UTF-16": lambda one: one.decode().encode("utf-16"),
    "UTF-16 without its mark": lambda one: one.decode().encode("utf-16-be"),
    "UTF-32": lambda one: one.decode().encode("utf-32"), "hexadecimal": lambda one: one.hex().encode(),
    "an address": lambda one: quote(one.decode(), safe="").encode(),
    "JSON": lambda one: json.dumps([one.decode()]).encode(),
    "multipart": lambda one: b"--boundary\r\nContent-Disposition: form-data; name=a\r\n" + one + b"\r\n--boundary--",
    "SQL": lambda one: b"SELECT '" + one.replace(b"'", b"''") + b"'",
    "CSV": lambda one: b'1,"' + one.replace(b'"', b'""') + b'"',
    "a shell's word": lambda one: shlex.quote(one.decode()).encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_secret_is_kept(form: str) -> None:
    redact = Redactor([SECRET])
    content = FORMS[form](SECRET.encode())
    kept = in_every_form(redact.redact_json)({"answer": {"body": told(content), "n": [1, None]}})
    assert bytes_of(kept["answer"]["body"]) != content
    assert SECRET[:12] not in json.dumps(kept)
    assert "***" in bytes_of(kept["answer"]["body"]).decode("utf-8", "replace")
    assert kept["answer"]["n"] == [1, None]


@pytest.mark.parametrize("form", FORMS)
def test_what_holds_no_secret_is_kept_byte_for_byte(form: str) -> None:
    content = FORMS[form](b"nothing that anybody would hide, with ' and \" and = in it, and long enough to be cut")
    kept = in_every_form(Redactor([SECRET]).redact_json)({"body": told(content), "odd": {"base64": "no base64"}})
    assert bytes_of(kept["body"]) == content
    assert kept["odd"] == {"base64": "no base64"}


def test_what_unpacks_to_more_than_memory_holds_is_read_in_part() -> None:
    bomb = gzip.compress(b"\0" * 60_000_000)
    kept = in_every_form(Redactor([SECRET]).redact_json)(told(bomb))
    assert bytes_of(kept) == bomb
