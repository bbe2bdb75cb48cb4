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

from flowbook.cassettes.content import Cleaner, bytes_of, told
from flowbook.cassettes.tape import Tape
from flowbook.redaction import Redactor

SECRET = "sesame-0pen'98=765\"long-enough-to-be-cut-by-a-line-that-ends-in-it"

TOKEN = "sk-proj-Zq8vT3mN5xK1wR7yB2cD4fG6hJ9pLs0aEuVtWqXn"


def zipped(content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", content)
    return made.getvalue()


def mail(content: bytes, how: str) -> bytes:
    made = EmailMessage()
    made.set_content("é" * 30 + content.decode(), cte=how)
    return made.as_bytes()


def cut(content: bytes, size: int) -> list[str]:
    text = content.decode()
    return [text[at : at + size] for at in range(0, len(text), size)]


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
    "base64 in lines, in JSON": lambda one: json.dumps({"n": 1, "key": base64.encodebytes(one).decode()}).encode(),
    "base64 in pieces": lambda one: json.dumps({"id": "a", "of": cut(base64.b64encode(one), 20)}).encode(),
    "pieces in a list": lambda one: json.dumps([{"id": n, "is": part} for n, part in enumerate(cut(one, 5))]).encode(),
    "pieces under several names": lambda one: json.dumps({f"part{n}": x for n, x in enumerate(cut(one, 3))}).encode(),
    "a stream of pieces": lambda one: b"".join(
        b"data: " + json.dumps({"id": "x", "choices": [{"delta": part}]}).encode() + b"\n\n" for part in cut(one, 4)
    ),
    "lines of JSON": lambda one: b"".join(json.dumps({"id": "x", "is": part}).encode() + b"\n" for part in cut(one, 4)),
    "between tags": lambda one: b"<p><b>" + b"</b>\n<b>".join(x.encode() for x in cut(one, 6)) + b"</b></p>",
    "a shell's word": lambda one: shlex.quote(one.decode()).encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_secret_is_kept(form: str) -> None:
    content = FORMS[form](SECRET.encode())
    kept = Cleaner(Redactor([SECRET]))({"answer": {"body": told(content), "n": [1, None]}})
    assert bytes_of(kept["answer"]["body"]) != content
    assert SECRET[:12] not in json.dumps(kept)
    assert "***" in bytes_of(kept["answer"]["body"]).decode("utf-8", "replace")
    assert kept["answer"]["n"] == [1, None]


@pytest.mark.parametrize("form", FORMS)
def test_what_holds_no_secret_is_kept_byte_for_byte(form: str) -> None:
    content = FORMS[form](b"nothing that anybody would hide, with ' and \" and = in it, and long enough to be cut")
    kept = Cleaner(Redactor([SECRET]))({"body": told(content), "odd": {"base64": "no base64"}})
    assert bytes_of(kept["body"]) == content
    assert kept["odd"] == {"base64": "no base64"}


def test_what_unpacks_to_more_than_memory_holds_is_read_in_part() -> None:
    bomb = gzip.compress(b"\0" * 60_000_000)
    kept = Cleaner(Redactor([SECRET]))(told(bomb))
    assert bytes_of(kept) == bomb


def kept_of(*texts: object, secret: str = TOKEN) -> str:
    return json.dumps(Cleaner(Redactor([secret]))([{"headers": [["X-Key", one]]} for one in texts]))


@pytest.mark.parametrize("cuts", [(30,), (8, 16, 24), (20, 40), (5,)])
def test_pieces_of_a_secret_in_several_places_are_hidden_where_they_are(cuts: tuple[int, ...]) -> None:
    """In whatever order and however far from each other."""
    pieces = [TOKEN[start:end] for start, end in zip((0, *cuts), (*cuts, len(TOKEN)), strict=True)]
    for given in (pieces, pieces[::-1]):
        kept = kept_of(*(f"before {piece} after" for piece in given))
        assert kept.count("before *** after") == len([piece for piece in pieces if len(piece) >= 8])
        assert TOKEN[-12:] not in kept


def test_pieces_are_found_in_what_is_encoded_too() -> None:
    encoded = base64.b64encode(b"xx" + TOKEN[30:].encode() + b"yy").decode()
    assert json.loads(kept_of(TOKEN[:30], encoded))[1]["headers"][0][1] == "***"
    assert TOKEN[:30] not in kept_of(TOKEN[:30], encoded)


def test_a_secret_that_is_cut_is_hidden_while_most_of_it_is_there() -> None:
    assert TOKEN[:-10] not in kept_of(f"cut: {TOKEN[:-10]}")


def test_what_has_a_part_of_a_secret_only_is_kept() -> None:
    """As names and addresses that a secret begins with."""
    assert "postgresql://" in kept_of(
        "postgresql://other", secret="postgresql://ann:0pen-5esame-please@db.example/shop"
    )
    assert TOKEN[:20] in kept_of(TOKEN[:20], TOKEN[:20])


def test_what_is_cut_into_smaller_pieces_or_changed_is_not_found_as_the_documentation_says() -> None:
    pieces = cut(TOKEN.encode(), 7)
    kept = kept_of(*pieces)
    assert all(piece in json.loads(kept)[n]["headers"][0][1] for n, piece in enumerate(pieces))
    assert TOKEN[::-1] in json.loads(kept_of(TOKEN[::-1]))[0]["headers"][0]


def test_what_was_asked_with_a_piece_of_a_secret_is_found_when_it_is_played() -> None:
    """The rest of it was elsewhere on the cassette."""
    redact, other = Redactor([TOKEN]), Redactor(["another-0ne-of-no-less-length-that-is-used-instead"])
    tape, cleaner = Tape("record"), Cleaner(redact)
    tape.keep("a.b", "http", {"url": f"/x?key={TOKEN[:30]}"}, {"body": TOKEN[30:]})
    kept = cleaner(tape._entries)
    assert "***" in kept[0]["request"]["url"]
    for known, asked in ((redact, TOKEN[:30]), (other, "another-0ne-of-no-less-l")):
        played, cleaner = Tape("replay", [dict(one) for one in kept]), Cleaner(known)
        played.clean, played.of_pieces_too = cleaner, cleaner.of_pieces_too
        assert played.answer("a.b", "http", {"url": f"/x?key={asked}"}) == {"body": "***"}


def test_a_secret_that_stands_in_an_answer_as_it_is_leaves_the_rest_of_it() -> None:
    """Services echo what they were sent, and make tokens: what else they say is what the run goes on with."""
    answers = [
        json.dumps({"n": 1, "path": "/x", "auth": f"Bearer {SECRET}"}),
        json.dumps([{"id": 1, "token": SECRET}, {"id": 2, "token": SECRET}]),
        f"<user><name>Ann</name><token>{TOKEN}</token></user>",
        f"name,token\nann,{TOKEN}\nben,{TOKEN}\n",
        f"name=ann&token={TOKEN}",
    ]
    clean = Cleaner(Redactor([SECRET, TOKEN]))
    for answer in answers:
        plain = answer.replace(json.dumps(SECRET)[1:-1], "***").replace(TOKEN, "***")
        assert clean({"body": answer}) == {"body": plain}
        assert bytes_of(clean(told(answer.encode() + b"\xff"))) in (plain.encode() + b"\xff", plain.encode(), b"***")
