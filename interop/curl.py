"""curl commands, made up by chance: what curl itself sends to a server on this machine, and what the node sends.

``python -m interop curl FOLDER`` counts those too that stand in files of a folder, such as descriptions of APIs, whose
examples are curl commands. The server on this machine is asked, whatever a command's address. Only what is one call of
curl is run; of what curl itself sends nothing by, since the text is broken, nothing can be compared.
"""

from __future__ import annotations

import email.parser
import email.policy
import itertools
import json
import os
import random
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flowbook.errors import FlowbookError
from flowbook.expressions import compile_value
from flowbook.formats.curl import FromCurl, read_curl
from flowbook.formats.curl.words import identifier
from flowbook.testing import FakeService, Request, fake_service
from integrations.http import request
from interop.counts import Count

MADE_UP = 600
TOKEN = "tok-5ecret-4711"
VARIABLES = {"TOKEN": TOKEN, "ITEM": "it-em.1", "WORDS": "two words & more"}
FILES = {"data.txt": b"one=1", "image.png": b"\x89PNG\r\n\x1a\n\x00\xff", "data.json": b'{"from": "a file"}'}
_OWN_HEADERS = frozenset(
    ("host", "accept-encoding", "connection", "content-length", "transfer-encoding", "expect", "content-type")
)

Sent = dict[str, Any]


def counts(folders: Sequence[Path] = ()) -> Iterator[Count]:
    """The counts, each as soon as it is there."""
    yield from _made_up()
    if folders:
        yield from _found(folders)


def _made_up() -> Iterator[Count]:
    read = Count("commands that are read", least=0.97)
    same = Count("of those, the node sends what curl sends", least=0.99)
    clean = Count("of those, no secret is in the params")
    with place() as service:
        for number in range(MADE_UP):
            command = made_up(random.Random(number), service.url)
            try:
                found = read_curl(command)
            except FlowbookError as error:
                read.add(f"{number} ({error})", good=False)
                continue
            read.add(str(number), good=True)
            by_curl, by_node = sent_by_curl(command, service), sent_by_node(found, service)
            if by_curl and by_node and "-T" in command and not by_curl["type"]:
                by_node["type"] = ""  # curl says nothing of what kind the file is, and the notes say that the node does
            same.add(f"{command!r}: {differing(by_curl, by_node)}", by_curl == by_node)
            clean.add(str(number), TOKEN not in json.dumps(found.node.params))
    yield from (read, same, clean)


# -- commands out of files ---------------------------------------------------------------------------------------------

_BEGINS = re.compile(r"[ \t]*(?:\$ *)?curl\s+[^\s=]")
_BLOCKS = re.compile(r"```[^\n]*\n(.*?)```|`(curl [^`]+)`", re.DOTALL)


def _found(folders: Sequence[Path]) -> Iterator[Count]:
    read = Count("commands of the folder that are read, of those by which curl sends something", least=0.97)
    same = Count("of those, the node sends what curl sends", least=0.99)
    clean = Count("of those, no secret of the command's variables is in the params")
    commands = dict.fromkeys(_commands(folders))  # before another folder is the current one
    with place() as service:
        Path(".curlrc").write_text(f'connect-to = "::127.0.0.1:{urlsplit(service.url).port}"\nconnect-timeout = 5\n')
        for number, command in enumerate(commands):
            command = command.replace("https://", "http://")
            if not _is_one_call(command):
                continue
            names = set(re.findall(r"\$\{?([A-Za-z_]\w*)", command)) - set(os.environ)
            for path in re.findall(r"@([^\s;'\",@]+)", command):
                _put(path)
            asks = re.search(r"\s(?:-u|--user)[ =]*['\"]?[^\s:'\"]+['\"]?(?:\s|$)", command)
            by_curl = sent_by_curl(command, service, dict.fromkeys(names, TOKEN))
            if by_curl is None:
                continue
            name = f"{number} {command[:120]!r}"
            try:
                found = read_curl(command)
            except FlowbookError as error:
                read.add(f"{name} ({error})", good=False)
                continue
            read.add(name, good=True)
            by_node = sent_by_node(found, service, dict.fromkeys(names, TOKEN), "" if asks else TOKEN)
            if by_node and "@" in command and not by_curl["type"]:
                by_node["type"] = ""
            same.add(f"{name}: {differing(by_curl, by_node)}", by_curl == by_node)
            clean.add(name, TOKEN not in json.dumps(found.node.params))
    yield from (read, same, clean)


def _commands(folders: Sequence[Path]) -> Iterator[str]:
    """The commands in the texts of files of JSON: those that are one, or that stand in a block of code of one."""
    for path in sorted(one for folder in folders for one in folder.rglob("*.json")):
        for text in _texts_in(json.loads(path.read_text("utf-8"))):
            blocks = [text] if _BEGINS.match(text.lstrip()) else ["".join(one) for one in _BLOCKS.findall(text)]
            for block in blocks:
                lines = block.split("\n")
                starts = [at for at, line in enumerate(lines) if _BEGINS.match(line)]
                for start, end in itertools.pairwise([*starts, len(lines)]):
                    yield re.sub(r"^\$\s*", "", "\n".join(lines[start:end]).strip())


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str) and "curl" in value:
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(one)


def _is_one_call(command: str) -> bool:
    """Whether a shell that is given the command calls curl once, and nothing else: it is a stranger's."""
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars="();<>|&\n")
    lexer.commenters, lexer.whitespace, lexer.whitespace_split = "", " \t", True
    try:
        words = list(lexer)
    except ValueError:
        return False
    further = any(word and set(word) <= set("();<>|&\n") for word in words)
    return words[:1] == ["curl"] and not further and "`" not in command and "$(" not in command


def _put(path: str) -> None:
    """Have a file that a command names, below the current folder: of other places there is none."""
    place = Path(path)
    if not place.is_absolute() and ".." not in place.parts and not place.exists() and len(path) < 100:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"content")


@contextmanager
def place() -> Iterator[FakeService]:
    """A server that answers everything, while the current folder is one with some files."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, fake_service() as service:
        for name, content in FILES.items():
            Path(folder, name).write_bytes(content)
        for path in ("/", "/{rest:path}"):
            service.on("*", path, json={"ok": True})
        os.chdir(folder)
        try:
            yield service
        finally:
            os.chdir(before)


def sent_by_curl(command: str, service: FakeService, variables: Mapping[str, str] = VARIABLES) -> Sent | None:
    """What a command sends when a shell runs it; None when it sends nothing."""
    environ = {**os.environ, **variables, "CURL_HOME": os.getcwd()}
    service.requests.clear()
    subprocess.run(
        ["bash", "-c", command], env=environ, capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL
    )
    return canonical(service.requests[0]) if service.requests else None


def sent_by_node(
    found: FromCurl, service: FakeService, variables: Mapping[str, str] = VARIABLES, missing: str = TOKEN
) -> Sent | None:
    """What the node sends to the server here; it is given what only the shell knew, and ``missing`` credentials."""
    shell = {identifier(name): value for name, value in variables.items()}
    inputs = {one.name: found.values.get(one.name, shell.get(one.name)) for one in found.inputs}
    params = compile_value(found.node.params).evaluate({"inputs": inputs})
    credentials = {**found.credentials, **dict.fromkeys(found.missing, missing)}
    if "base_url" in credentials:
        credentials["base_url"] = _to_here(credentials["base_url"], service)
    if "://" in params["url"]:
        params["url"] = _to_here(params["url"], service)
    service.requests.clear()
    with suppress(FlowbookError):
        request(credentials, params)
    return canonical(service.requests[0]) if service.requests else None


def _to_here(address: str, service: FakeService) -> str:
    return re.sub(r"^\w+://[^/?#]*", lambda _: service.url, address)


def canonical(sent: Request) -> Sent:
    """A request without what each client says of itself, and its body as what it means."""
    kind = sent.headers.get("content-type", "")
    headers = {name: value for name, value in sent.headers.items() if name not in _OWN_HEADERS}
    if headers.get("accept") == "*/*":
        del headers["accept"]
    if headers.get("user-agent", "").startswith(("curl/", "flowbook/")):
        del headers["user-agent"]
    return {
        "method": sent.method, "path": sent.path, "query": {name: list(v) for name, v in sent.query_lists.items()},
        "headers": headers, "type": kind.partition(";")[0] if sent.body else "", "body": _meant(sent.body, kind),
    }  # fmt: skip


def _meant(body: bytes, kind: str) -> Any:
    if kind.startswith("multipart/"):
        text = b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
        message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(text)
        parts = [
            (part.get_param("name", header="content-disposition"), part.get_filename(), part.get_payload(decode=True))
            for part in message.iter_parts()  # type: ignore[attr-defined]
        ]
        return sorted(parts, key=lambda part: str(part[0]))  # fields, then files: only those of one name have an order
    if kind.startswith("application/x-www-form-urlencoded") and b"=" in body:
        return parse_qsl(body.decode(errors="surrogateescape"), keep_blank_values=True)
    try:
        return json.loads(body)
    except ValueError:
        return body


def differing(one: Sent | None, other: Sent | None) -> str:
    """In what two requests differ."""
    if one is None or other is None:
        return "only one of the two sends anything"
    return ", ".join(f"{name}: {one[name]!r} and {other[name]!r}" for name in one if one[name] != other[name])


# -- commands by chance ------------------------------------------------------------------------------------------------

_TEXTS = ("1", "two words", "a+b", "50%", "x&y=z", "größe", "it's", 'say "hi"', "", "a/b", "${{ no }}", "a,b;c", "$5",
          "[1-x]", "#top", "\ttab", "line\nbreak", "☃", "back\\slash", "=")  # fmt: skip
_NAMES = ("q", "page", "filter[name]", "a b", "user.name", "ids[]", "größe", "x-y")


def made_up(chance: random.Random, base: str) -> str:
    """One command; the same number gives the same one."""
    words = ["curl", *chance.sample(["-s", "-sS", "-L", "-v", "--compressed", "-g", "-i", "--http1.1"], 2)]
    if "-g" not in words:
        words.append("-g")
    parts = [_method(chance), *chance.sample(_HEADERS, chance.randrange(3)), _secret(chance), _body(chance)]
    chance.shuffle(parts)
    parts.insert(chance.randrange(len(parts) + 1) if chance.random() < 0.4 else 0, [_Raw(_url(chance, base))])
    return _joined([*words, *(word for part in parts for word in part)], chance)


class _Raw(str):
    """A word that is quoted already, or to be read by the shell."""


def _joined(words: list[str], chance: random.Random) -> str:
    separator = chance.choice([" ", " ", " \\\n  "])
    return separator.join(word if isinstance(word, _Raw) else _quoted(word, chance) for word in words)


def _quoted(word: str, chance: random.Random) -> str:
    way = chance.randrange(3)
    if way == 0:
        return shlex.quote(word)
    if way == 1:
        return '"' + "".join("\\" + c if c in '"\\$`' else c for c in word) + '"'
    escapes = {"\n": "\\n", "\t": "\\t", "'": "\\'", "\\": "\\\\"}
    return "$'" + "".join(escapes.get(c, c) for c in word) + "'"


def _url(chance: random.Random, base: str) -> str:
    path = chance.choice(["", "/", "/items", "/items/7", "/a%20b/c%2Fd", "/items/$ITEM", "/v1/user.name/~x", "/a/../b"])
    pairs = [f"{chance.choice(('q', 'page', 'x[]', 'flag'))}={chance.choice(('1', 'a%20b', 'a+b', '', '%C3%BC'))}"
             for _ in range(chance.randrange(3))]  # fmt: skip
    if chance.random() < 0.1:
        pairs.append("bare")
    if chance.random() < 0.2:
        pairs.append(f"{chance.choice(('api_key', 'access_token', 'key'))}={TOKEN}")
    fragment = chance.choice(["", "", "", "#part"])
    address = base + path + ("?" + "&".join(pairs) if pairs else "") + fragment
    address = address if chance.random() < 0.8 else address.removeprefix("http://")
    if "$ITEM" not in address:
        return shlex.quote(address)
    return f'"{address}"'


def _method(chance: random.Random) -> list[str]:
    method = chance.choice(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "LIST", "QUERY"])
    return chance.choice([[], [], ["-X", method], [f"-X{method}"], ["--request", method]])


_HEADERS = [
        ["-H", "Accept: application/json"], ["-H", "X-Trace: a b; c"], ["-H", "X-Empty;"], ["-H", "Accept-Language:de"],
        ["-A", "Mozilla/5.0 (X11)"], ["-e", "https://example.com/from"], ["--header", "If-None-Match: \"abc\""],
        ["-H", "Accept:"], ["-m", "20"], ["--max-time", "2.5"], ["-z", "1 Jan 2025 12:00 GMT"], ["-z", "-20250101"],
    ]  # fmt: skip


def _secret(chance: random.Random) -> list[str]:
    return chance.choice([
        [], [], ["-H", f"Authorization: Bearer {TOKEN}"], ["-u", f"ada:{TOKEN}"], [f"-uada:{TOKEN}"],
        ["-H", f"X-Api-Key: {TOKEN}"], ["-H", _Raw('"Authorization: Bearer $TOKEN"')], ["--oauth2-bearer", TOKEN],
        ["-H", f"Authorization: token {TOKEN}"], ["-b", f"sid={TOKEN}; theme=dark"], ["-u", f"{TOKEN}:"],
        ["-H", "Authorization: Basic YWRhOnRvay01ZWNyZXQ="], ["-H", f"X-Api-Key: {TOKEN}", "-b", f"sid={TOKEN}"],
        ["-H", f"DD-API-KEY: {TOKEN}", "-H", f"DD-APPLICATION-KEY: {TOKEN}x"], ["-b", f"a={TOKEN}", "-b", "c=d"],
    ])  # fmt: skip


def _body(chance: random.Random) -> list[str]:
    makers: tuple[Callable[[random.Random], list[str]], ...] = (
        lambda _: [], lambda _: ["-r", "0-99"], _json, _json, _form, _form, _encoded, _multipart, _text, _get, _file,
        _here,
    )  # fmt: skip
    return chance.choice(makers)(chance)


def _json(chance: random.Random) -> list[str]:
    value = {"name": chance.choice(_TEXTS), "n": chance.choice([1, 1.5, None, True, 10**20]), "list": [1, {"a": "b"}]}
    if chance.random() < 0.3:
        value["password"] = TOKEN
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5, indent=chance.choice([None, 2]))
    kind = chance.choice(["application/json", "application/json; charset=utf-8", "application/vnd.api+json"])
    return chance.choice([
        ["--json", text], ["-H", f"Content-Type: {kind}", "-d", text],
        ["-H", f"content-type: {kind}", "--data-raw", text],
        ["-d", text], ["-H", "Content-Type: application/json", "-d", "[1, 2"],
        ["-H", "Content-Type: application/json", "--data-binary", '{"a": 1, "a": 2}'], ["--json", "5"],
    ])  # fmt: skip


def _form(chance: random.Random) -> list[str]:
    pieces = [f"{chance.choice(('a', 'b', 'client_secret'))}={chance.choice(('1', 'x%20y', 'p+q', 'ü', '', '100%'))}"
              for _ in range(chance.randrange(1, 4))]  # fmt: skip
    return [word for piece in pieces for word in (chance.choice(["-d", "--data", "--data-raw"]), piece)]


def _encoded(chance: random.Random) -> list[str]:
    word = chance.choice(["", "=", "name=", "q="]) + chance.choice(_TEXTS).replace("@", "")
    return ["--data-urlencode", word if word[:1] != "@" else "x", *chance.choice([[], ["-d", "b=2"]])]


def _multipart(chance: random.Random) -> list[str]:
    return chance.choice([
        ["-F", "title=A picture", "-F", "file=@image.png"], ["-F", "a=1", "-F", "a=2"], ["-F", 'a="x;y"'],
        ["--form-string", "a=@no;type=x"], ["-F", "file=@data.txt;type=text/plain"], ["-F", "a=ü"],
        ["-F", "files=@image.png", "-F", "files=@data.txt"],
    ])  # fmt: skip


def _text(chance: random.Random) -> list[str]:
    kind = chance.choice(["text/plain", "application/xml", "application/graphql", "application/x-ndjson"])
    return [
        "-H",
        f"Content-Type: {kind}",
        chance.choice(["-d", "--data-binary"]),
        chance.choice(["<a/>", *_TEXTS[1:9]]),
    ]


def _get(chance: random.Random) -> list[str]:
    name = chance.choice(["q", "page", "x-y"])
    return ["-G", "--data-urlencode", f"{name}={chance.choice(_TEXTS)}", *chance.choice([[], ["-d", "n=5"]])]


def _file(chance: random.Random) -> list[str]:
    return chance.choice([
        ["--data-binary", "@image.png"], ["-d", "@data.txt"], ["--json", "@data.json"], ["-T", "data.txt"],
        ["-H", "Content-Type: image/png", "--data-binary", "@image.png"], ["--json", "@-", _Raw("< data.json")],
    ])  # fmt: skip


def _here(chance: random.Random) -> list[str]:
    return chance.choice([
        ["--data-raw", _Raw('"$WORDS"')], ["-d", _Raw('a="$ITEM"')], ["-H", _Raw('"X-Item: $ITEM"')],
        ["--data-urlencode", _Raw('"q=$WORDS"')],
        ["-H", "Content-Type: application/json", "-d", _Raw('"{\\"a\\": \\"$ITEM\\"}"')],
    ])  # fmt: skip
