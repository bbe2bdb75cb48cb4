"""Keeps secret values out of everything that is shown or recorded.

>>> redactor = Redactor()
>>> redactor.add("xoxb-1234-abcd")
>>> redactor("GET /api?token=xoxb-1234-abcd failed")
'GET /api?token=*** failed'

A secret is found as it is and in the forms that libraries turn it into: URL-encoded, base64 (on its own or inside a
longer text, as in Basic auth), hexadecimal, escaped for JSON, HTML, SQL, CSV or a shell, and as ``repr`` writes it.
Of a secret that is made of parts
(an address, a connection string, JSON) those that give access are looked for too, since errors name them alone. Values
shorter than :data:`SHORTEST` characters are left alone: hiding "yes" or "8080" everywhere would ruin the output and
protect nothing.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from flowbook.counting import counted
from flowbook.json_text import parse_json

SHORTEST = 6
"""Characters that a value needs to be hidden."""

HIDDEN = "***"
"""What stands where a secret was."""

PIECE = 8
"""Characters that a piece of a secret needs to be known as one."""

_WHOLE_FROM = 2 * PIECE
_LONGEST_APART = 1_000
"""Characters of a secret up to which it is looked for in pieces: each line of longer ones is looked for by itself."""

TOO_DEEP = f"{HIDDEN} (nested too deeply to look for secrets)"

# What encoders leave unquoted: strict ones, paths, whole URLs (requests), and JavaScript's encodeURIComponent.
_URL_SAFE = ("", "/", "!#$%&'()*+,/:;=?@[]~", "!'()*")
_PERCENT = re.compile("%[0-9A-F]{2}")
_SCHEMES = ("bearer", "basic", "token", "bot", "apikey", "digest")  # of an Authorization header
_WEB = ("http", "https", "ws", "wss")
_ADDRESS = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://\S+\s*")
_SETTING = re.compile(r"""([A-Za-z][\w .-]*?)\s*=\s*('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s;&]+)""")
_GIVES_ACCESS = re.compile(r"auth|credential|key|pass|pwd|secret|sig|token", re.IGNORECASE)


class Redactor:
    """Replaces every secret that it was given by ``***``. May be used from any number of threads at once."""

    __slots__ = ("_adding", "_apart", "_digits", "_known", "_needles")

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._needles: tuple[str, ...] = ()
        self._digits = False
        self._known: set[str] = set()
        self._apart: frozenset[str] = frozenset()
        self._adding = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide ``secret`` from now on; each long enough line of it too, when it has several, and its parts."""
        if secret in self._known:
            return
        parts = {secret, secret.strip(), *(line.strip() for line in secret.splitlines()), *_parts(secret)}
        found = {needle for part in parts if len(part) >= SHORTEST for needle in _forms(part)}
        with self._adding:
            needles = found.union(self._needles)
            self._digits = self._digits or any(part.isdecimal() and len(part) >= SHORTEST for part in parts)
            # One assignment of a new tuple: whoever is redacting meanwhile goes on with the old one.
            self._needles = tuple(sorted(needles, key=lambda needle: (-len(needle), needle)))
            self._known.add(secret)
            self._apart |= {part for one in parts for part in _apart(one)}

    @property
    def longest(self) -> int:
        """Characters of the longest form that is looked for; 0 when there is none.

        Who redacts a stream piece by piece must hold back ``longest - 1`` characters.
        """
        needles = self._needles
        return len(needles[0]) if needles else 0

    def __bool__(self) -> bool:
        return bool(self._needles)

    def __call__(self, text: str) -> str:
        """``text`` with every secret replaced; the same object when there is none in it."""
        found = [needle for needle in self._needles if needle in text]
        return _cover(text, found) if found else text

    def places(self, text: str) -> list[tuple[int, int]]:
        """Where in ``text`` secrets stand: (start, stop) of each stretch, in order."""
        found = [needle for needle in self._needles if needle in text]
        return list(_stretches(text, found)) if found else []

    @classmethod
    def of_pieces(cls, pieces: Iterable[str]) -> Redactor:
        """One that hides these texts, as they are."""
        made = cls()
        made._needles = tuple(sorted(pieces, key=lambda needle: (-len(needle), needle)))
        return made

    def without_short(self, least: int) -> Redactor:
        """One that hides only those forms that have ``least`` characters or more."""
        return self.of_pieces(needle for needle in self._needles if len(needle) >= least)

    def scattered(self, text: str) -> set[str]:
        """Pieces of secrets in a text, when those of one make up three quarters of it or more.

        A piece has :data:`PIECE` characters or more, and a secret twice as many; it is looked for as it
        is and as base64. Where in the text they stand, and in which order, is of no account.
        """
        return {piece for needle in self._apart for piece in _pieces(needle, text, len(needle) // 4)}

    def pieces(self, text: str) -> set[str]:
        """Every piece of a secret in a text, however little of the secret it is."""
        return {piece for needle in self._apart for piece in _pieces(needle, text, len(needle))}

    def redact_json(self, value: Any) -> Any:
        """``value`` with all its texts redacted, keys too; parts with nothing to hide are not copied.

        Looks into dicts, lists, tuples, sets and bytes; a number whose digits are a secret is hidden as well. What is
        nested more deeply than Python can follow is replaced as a whole.
        """
        if not self._needles:
            return value
        try:
            return self._redact(value)
        except RecursionError:
            return TOO_DEEP

    def _redact(self, value: Any) -> Any:
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return self._redact_dict(value)
        if isinstance(value, (list, tuple)):
            items = [self._redact(item) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return items if isinstance(value, list) else tuple(items)
        if isinstance(value, (bytes, bytearray)):
            text = value.decode("utf-8", "surrogateescape")
            clean = self(text)
            return value if clean is text else type(value)(clean.encode("utf-8", "surrogateescape"))
        if isinstance(value, (set, frozenset)):
            found = [(self._redact(item), item) for item in value]
            return value if all(new is old for new, old in found) else type(value)(new for new, _ in found)
        if self._digits and isinstance(value, (int, float)) and not isinstance(value, bool):
            text = _digits_of(value)
            return value if self(text) == text else HIDDEN
        return value

    def _redact_dict(self, value: dict[Any, Any]) -> dict[Any, Any]:
        redacted: dict[Any, Any] = {}
        changed = False
        for key, inner in value.items():
            new_key, new_inner = self._redact(key), self._redact(inner)
            if new_key is not key:
                new_key = _unused(new_key if isinstance(new_key, str) else HIDDEN, redacted, value)
            changed = changed or new_key is not key or new_inner is not inner
            redacted[new_key] = new_inner
        return redacted if changed else value

    def __repr__(self) -> str:
        return f"<Redactor of {counted(len(self._needles), 'form')}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Redactor holds secrets and cannot be pickled or copied")


def _digits_of(number: int | float) -> str:
    try:
        return repr(number)
    except ValueError:
        return ""  # an integer of more digits than Python agrees to write down


def _unused(key: str, *taken: dict[Any, Any]) -> str:
    """``key``, numbered when redaction made two keys equal, so that no value is lost."""
    number, candidate = 1, key
    while any(candidate in keys for keys in taken):
        number += 1
        candidate = f"{key} ({number})"
    return candidate


def _cover(text: str, needles: Iterable[str]) -> str:
    """``text`` with each stretch that any needle covers replaced.

    Overlapping finds are joined first: replacing them one by one would leave the rest of the second one readable.
    """
    pieces, end = [], 0
    for start, stop in _stretches(text, needles):
        pieces += [text[end:start], HIDDEN]
        end = stop
    return "".join([*pieces, text[end:]])


def _stretches(text: str, needles: Iterable[str]) -> Iterator[tuple[int, int]]:
    """(start, stop) of the joined stretches that the needles cover, in order."""
    spans = sorted(span for needle in needles for span in _occurrences(text, needle))
    first, last = spans[0]
    for start, stop in spans[1:]:
        if start > last:
            yield first, last
            first, last = start, stop
        else:
            last = max(last, stop)
    yield first, last


def _occurrences(text: str, needle: str) -> Iterator[tuple[int, int]]:
    at = text.find(needle)
    while at >= 0:
        yield at, at + len(needle)
        at = text.find(needle, at + 1)


def _apart(part: str) -> Iterator[str]:
    """The forms in which a secret is looked for in pieces: each costs as much as all others together."""
    if _WHOLE_FROM <= len(part) <= _LONGEST_APART:
        yield part
        yield base64.b64encode(part.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def _pieces(needle: str, text: str, most_missing: int) -> list[str]:
    """The longest pieces of a needle that are in a text, from its beginning on; none when more is missing than that."""
    found, at, missing = [], 0, 0
    while at < len(needle):
        if len(needle) - at < PIECE or needle[at : at + PIECE] not in text:
            at, missing = at + 1, missing + 1
            if missing > most_missing:
                return []
            continue
        low, high = PIECE, len(needle) - at
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if needle[at : at + middle] in text else (low, middle - 1)
        found.append(needle[at : at + low])
        at += low
    return found


def _parts(secret: str) -> Iterator[str]:
    """What gives access in a secret that is an address, a connection string, JSON, or a whole Authorization header."""
    scheme, _, credential = secret.strip().partition(" ")
    if scheme.lower() in _SCHEMES and " " not in credential.strip():
        yield credential.strip()
    if _ADDRESS.fullmatch(secret):
        yield from _parts_of_address(secret.strip())
    elif secret.lstrip().startswith(("{", "[")):
        yield from _parts_of_json(secret)
    elif "=" in secret:
        for name, value in (setting.partition("=")[::2] for setting in secret.split(";")) if ";" in secret else ():
            if _GIVES_ACCESS.search(name):
                yield value.strip().strip("'\"")
        for name, value in _SETTING.findall(secret):
            if _GIVES_ACCESS.search(name):
                yield re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] in "'\"" else value


def _parts_of_address(address: str) -> Iterator[str]:
    """User and password; of a web address, which may be all that is needed to use it, also path and query."""
    try:
        parts = urlsplit(address)
        user, password = parts.username, parts.password
    except ValueError:
        return
    web = parts.scheme.lower() in _WEB
    userinfo = parts.netloc.rpartition("@")[0]
    found = [userinfo, password or user or ""]
    if web:
        found += [parts.path, parts.path.strip("/"), parts.path.rstrip("/").rpartition("/")[2], parts.query]
        found += [
            parts.fragment,
            *filter(_looks_like_a_key, re.split("/", parts.path) + re.split("[/;=:]", parts.path)),
        ]
    for name, value in (*parse_qsl(parts.query), *parse_qsl(parts.fragment)):
        if web or _GIVES_ACCESS.search(name):
            found.append(value)
    for part in found:
        yield part
        yield unquote(part)


def _looks_like_a_key(part: str) -> bool:
    """Whether a part of a path may be what gives access: some have it in the middle, before a method's name."""
    return len(part) >= PIECE and re.search("[0-9]", part) is not None and re.search("[A-Za-z]", part) is not None


def _parts_of_json(text: str) -> Iterator[str]:
    try:
        todo = [("", parse_json(text))]
    except ValueError:
        return
    while todo:
        name, value = todo.pop()
        if isinstance(value, dict):
            todo += value.items()
        elif isinstance(value, list):
            todo += ((name, item) for item in value)
        elif isinstance(value, str) and _GIVES_ACCESS.search(name):
            yield from (value, *(line.strip() for line in value.splitlines()))


def texts_in(value: Any) -> list[str]:
    """Every text and number in plain data, for a value that is secret as a whole."""
    found, todo = [], [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            todo += item.values()
        elif isinstance(item, (list, tuple)):
            todo += item
        elif isinstance(item, (str, int, float)) and not isinstance(item, bool):
            found.append(str(item))
    return found


def access_in(value: Any) -> list[str]:
    """What gives access in a value that is not secret as a whole: by its key in JSON, or in an address the password."""
    found: list[str] = []
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        name, item = todo.pop()
        if isinstance(item, Mapping):
            todo += ((str(key), inner) for key, inner in item.items())
        elif isinstance(item, (list, tuple)):
            todo += ((name, inner) for inner in item)
        elif name and _GIVES_ACCESS.search(name):
            found += texts_in(item)
        elif isinstance(item, str) and _ADDRESS.fullmatch(item):
            found += _password_in(item.strip())
    return found


def _password_in(address: str) -> list[str]:
    try:
        password = urlsplit(address).password
    except ValueError:
        return []
    return [password, unquote(password)] if password else []


def _forms(secret: str) -> set[str]:
    """Every form of ``secret`` that is looked for."""
    forms = {secret, *_escaped(secret), *_doubled(secret), *_url_encoded(secret), *_base64(secret), *_hex(secret)}
    return {form for form in forms if len(form) >= SHORTEST}


def _url_encoded(text: str) -> set[str]:
    data = text.encode("utf-8", "surrogatepass")
    upper = {quote(data, safe=safe) for safe in _URL_SAFE} | {quote_plus(data)}
    return upper | {_PERCENT.sub(lambda found: found[0].lower(), form) for form in upper}


def _escaped(secret: str) -> set[str]:
    forms = set()
    for ascii_only in (True, False):
        inner = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        forms |= {inner, inner.replace("/", "\\/"), json.dumps(inner, ensure_ascii=ascii_only)[1:-1]}
    for written in (repr, ascii, _bytes_repr):
        pieces = [written(piece).lstrip("b")[1:-1] for piece in secret.split("'")]
        # The text around a secret decides whether repr escapes its single quotes.
        forms |= {"'".join(pieces), "\\'".join(pieces)}
    import html  # its tables are not needed where there is no secret

    whole = html.escape(secret, quote=True)
    forms |= {whole, html.escape(secret, quote=False)}
    # As other libraries escape quotes (markupsafe, JavaScript's), and JSON inside of HTML (Go, Flask, Jinja's tojson).
    forms |= {whole.replace("&#x27;", quote).replace("&quot;", double) for quote in ("&#39;", "&apos;")
              for double in ("&quot;", "&#34;")}  # fmt: skip
    for inner in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        safe = inner.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        forms |= {safe, safe.replace("'", "\\u0027"), html.escape(inner, quote=True)}
    return forms


def _doubled(secret: str) -> set[str]:
    """As SQL and CSV write quotes, doubled, and as a shell takes an apostrophe."""
    backslashes = secret.replace("\\", "\\\\")
    forms = {text.replace(quote, 2 * quote) for text in (secret, backslashes) for quote in ("'", '"')}
    return forms | {secret.replace("'", way) for way in ("'\"'\"'", "'\\''")}


def _hex(secret: str) -> set[str]:
    """The bytes as hexadecimal digits, also parted as in dumps and fingerprints."""
    data = secret.encode("utf-8", "surrogatepass")
    forms = {data.hex(), data.hex(":"), data.hex(" ")}
    return forms | {form.upper() for form in forms}


def _bytes_repr(text: str) -> str:
    return repr(text.encode("utf-8", "surrogatepass"))


def _base64(secret: str) -> set[str]:
    """Base64 of the secret, and the part of a longer base64 text that it alone decides, at each alignment."""
    data = secret.encode("utf-8", "surrogatepass")
    plain = {base64.b64encode(data).decode()}
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode()
        plain.add(text[-(-8 * before // 6) : 8 * (before + len(data)) // 6])
    forms = plain | {form.replace("+", "-").replace("/", "_") for form in plain}
    return forms | {form for text in plain for form in _url_encoded(text)}
