"""What a curl command sends: its options taken together, before it is made into a node."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timezone
from email.utils import format_datetime, parsedate_to_datetime
from urllib.parse import quote

from flowbook.counting import counted
from flowbook.errors import FileFormatError
from flowbook.formats.curl.options import QUIET, WHY, options
from flowbook.formats.curl.words import MARK, Words, is_curl, shown
from flowbook.methods import METHODS

_UNSENDABLE = frozenset(
    ("host", "content-length", "transfer-encoding", "te", "trailer", "connection", "keep-alive", "upgrade")
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STDIN = ("-", "/dev/stdin")
_POSTED = frozenset(("data", "data-ascii", "data-binary", "json", "data-raw", "data-urlencode", "form", "form-string"))
_NEVER_SENT = frozenset(("expect", "user-agent", "referer", "cookie", *_UNSENDABLE))


@dataclass
class Sending:
    """One request as curl would send it; ``notes`` say what of the command is not in it, and never hold a value."""

    url: str = ""
    method: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    as_json: bool = False
    file: str = ""
    form: list[tuple[str, str, str]] = field(default_factory=list)
    """Parts of a multipart body: kind ("text", "file"), name, and text or path."""
    query: list[str] = field(default_factory=list)
    user: str | None = None
    token: str = ""
    other_auth: bool = False
    settings: dict[str, float | int] = field(default_factory=dict)
    switches: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Remember what could not be taken along, once."""
        text = shown(text)
        if text not in self.notes:
            self.notes.append(text)

    def has(self, name: str) -> bool:
        """Whether a header is given, also an empty one."""
        return any(one.lower() == name for one, _ in self.headers)

    def header(self, name: str) -> str:
        """The value of a header; "" when it is not given."""
        return next((value for one, value in self.headers if one.lower() == name), "")


def read(found: Words) -> Sending:
    """What the command sends. Raises FileFormatError when it is none of curl, or sends nothing over HTTP."""
    start = next((place for place, word in enumerate(found.words) if is_curl(word)), None)
    if start is None:
        raise FileFormatError("this is no curl command: curl is not in it.", "It begins with: curl https://…")
    sending = Sending()
    if start and not all(word in ("sudo", "time", "exec", "command") for word in found.words[:start]):
        sending.note("what stands before curl was left out")
    for name in found.environment:
        sending.note(
            f"{name}=… before curl was left out: it is set for curl alone, after the shell has filled in ${name}"
        )
    for rest in found.rest:
        sending.note(f"what the shell does besides was left out: {rest.partition('=')[0]}")
    for output in found.outputs:
        sending.note(output)
    reader = _Reader(sending, found.stdin, found.stdin_file)
    for name, value in options(found.words[start + 1 :]):
        if name == "next":
            sending.note(f"--next: {WHY['next']}")
            break
        reader.take(name, value)
    reader.finish(more=bool(found.rest))
    return sending


class _Reader:
    """Takes one option after the other."""

    def __init__(self, sending: Sending, stdin: str | None, stdin_file: str) -> None:
        self.sending = sending
        self.stdin = stdin
        self.stdin_file = stdin_file
        self.urls: list[str] = []
        self._own: dict[str, str] = {}  # headers of options of their own: one that is given by --header goes before
        self._removed: set[str] = set()
        self._known: dict[str, Callable[[str, str], None]] = {
            "url": lambda _, value: self.urls.append(value),
            "request": self._method, "header": self._header, "user-agent": self._agent,
            "referer": self._referer, "cookie": self._cookie, "range": self._range, "data": self._data,
            "data-ascii": self._data, "data-binary": self._data, "json": self._data, "data-raw": self._raw,
            "data-urlencode": self._encoded, "url-query": self._url_query, "form": self._form,
            "form-string": self._form_string, "upload-file": self._upload, "user": self._user,
            "oauth2-bearer": self._bearer, "max-time": self._seconds, "retry": self._retries,
            "max-filesize": self._largest, "continue-at": self._continue, "time-cond": self._since,
        }  # fmt: skip

    def take(self, name: str, value: str) -> None:
        if name in _POSTED:  # also where the node cannot have what it is to send
            self.sending.switches.add("posted")
        if name in self._known:
            self._known[name](name, value)
        elif name in ("get", "head", "globoff"):
            self.sending.switches.add(name)
        elif name not in QUIET and not (name == "output" and value == "/dev/null"):
            if name in ("digest", "ntlm", "ntlm-wb", "negotiate", "aws-sigv4"):
                self.sending.other_auth = True
            self.sending.note(f"--{name}: {WHY.get(name, 'http.request has no counterpart, so it was left out')}")

    def finish(self, *, more: bool) -> None:
        """Put together what was taken; ``more`` is whether the shell does something after this command."""
        if not self.urls:
            hint = "A command of several lines has a backslash (\\) at the end of each but the last." if more else ""
            raise FileFormatError("the curl command has no address.", hint or "Copy all of the command.")
        urls = [one for one in self.urls if not re.search(r"\s", one)] or self.urls[:1]
        self.sending.url = urls[0]
        if len(urls) < len(
            self.urls
        ):  # such as what stands after a backslash and a blank: curl refuses it, and goes on
            left = counted(len(self.urls) - len(urls), "word")
            self.sending.note(f"left out: {left} with blanks in the place of an address: see the backslashes before")
        if len(urls) > 1:
            self.sending.note(f"the command asks {counted(len(urls), 'address')}: the node asks the first of them")
        if "upload" in self.sending.switches and self.sending.file:
            self.sending.url = _with_file_name(self.sending.url, self.sending.file)
        if self.sends_a_body and "Range" in self._own:
            del self._own["Range"]
            self.sending.note("--range: only what is read has one")
        for name, value in self._own.items():
            if not self.sending.has(name.lower()) and name.lower() not in self._removed:
                self.sending.headers.append((name, value))
        if self.sending.as_json:
            for name, value in (("Content-Type", "application/json"), ("Accept", "application/json")):
                if not self.sending.has(name.lower()) and name.lower() not in self._removed:
                    self.sending.headers.append((name, value))

    @property
    def sends_a_body(self) -> bool:
        """Whether the request carries something."""
        given = self.sending
        return bool(given.form or given.file or (given.data and "get" not in given.switches))

    # -- method and headers

    def _method(self, _: str, value: str) -> None:
        if MARK in value:
            raise FileFormatError(
                f"only the shell knows the method, {shown(value)[:40]}.", "Write it into the command: -X POST."
            )
        self.sending.method = value.upper()
        if self.sending.method != value:
            self.sending.note(f"--request: the node sends the method in capitals, as {self.sending.method[:20]}")
        if self.sending.method not in METHODS:
            raise FileFormatError(
                f"http.request sends no {value[:20]!r} requests.",
                f"It knows {', '.join(METHODS[:7])} and those of WebDAV.",
            )

    def _agent(self, _: str, value: str) -> None:
        if value:
            self._own["User-Agent"] = value

    def _put(self, name: str, value: str) -> None:
        if MARK in name or not _TOKEN.fullmatch(name):
            self.sending.note("a header whose name is none was left out")
        elif name.lower() in _UNSENDABLE:
            self.sending.note(f"the header {name} was left out: the address and what is sent decide about it")
        else:
            self.sending.headers.append((name, value))

    def _header(self, _: str, value: str) -> None:
        name, colon, text = value.partition(":")
        if value.startswith("@"):
            self.sending.note("headers out of a file were left out: paste them")
        elif colon and text.strip():
            self._put(name.strip(), re.sub(r"[\r\n]+", " ", text.strip()))
        elif colon:
            self._removed.add(name.strip().lower())
            if name.strip().lower() not in _NEVER_SENT:
                self.sending.note(f"the header {name.strip()[:40]} that curl sends by itself cannot be left away")
        elif value.rstrip().endswith(";"):
            self._put(value.rstrip()[:-1].strip(), "")
        else:
            self.sending.note("a header without a colon was left out, as curl does")

    def _referer(self, _: str, value: str) -> None:
        address, semicolon, _auto = value.partition(";auto")
        if semicolon:
            self.sending.note("--referer: the address of a redirect is not told to where it leads")
        if address:
            self._own["Referer"] = address

    def _cookie(self, _: str, value: str) -> None:
        if "=" not in value and MARK not in value:
            self.sending.note(
                "--cookie: cookies out of a file were left out: nodes that name the same session share them"
            )
        else:
            before = self._own.get("Cookie")
            self._own["Cookie"] = f"{before};{value}" if before else value

    def _range(self, _: str, value: str) -> None:
        self._own["Range"] = f"bytes={value}"

    def _continue(self, name: str, value: str) -> None:
        if value.isascii() and value.isdigit():
            self._own["Range"] = f"bytes={value}-"
        else:
            self.sending.note(f"--{name}: where to go on from is known to curl only, and was left out")

    def _since(self, name: str, value: str) -> None:
        for earlier in ("If-Unmodified-Since", "Last-Modified", "If-Modified-Since"):
            self._own.pop(earlier, None)  # the last one counts, as in curl
        header = {"-": "If-Unmodified-Since", "=": "Last-Modified"}.get(value[:1], "If-Modified-Since")
        moment = _moment(value[1:] if value[:1] in ("-", "=", "+") else value)
        if moment:
            self._own[header] = moment
        else:
            self.sending.note(
                f"--{name}: only a date such as '1 Jan 2025 12:00:00 GMT' or 20250101 is read, and no file's"
            )

    # -- bodies

    def _data(self, name: str, value: str) -> None:
        self.sending.as_json |= name == "json"
        if not value.startswith("@"):
            self.sending.data.append(value)
        elif value[1:] in _STDIN and not self.stdin_file:
            if self.stdin is None:
                self.sending.note(f"--{name}: what comes from standard input was left out: give the node a body")
            else:
                binary = name in ("data-binary", "json")
                self.sending.data.append(self.stdin if binary else re.sub(r"[\r\n]", "", self.stdin))
        else:
            self._file(name, self.stdin_file if value[1:] in _STDIN else value[1:])
            if name in ("data", "data-ascii"):
                self.sending.note("--data: curl takes the line ends out of the file; the node sends it as it is")

    def _file(self, name: str, path: str) -> None:
        if self.sending.file:
            self.sending.note(f"--{name}: a second file as the body was left out")
        else:
            self.sending.file = path

    def _raw(self, _: str, value: str) -> None:
        self.sending.data.append(value)

    def _encoded(self, name: str, value: str) -> None:
        text = self._encode(name, value)
        if text is not None:
            self.sending.data.append(text)

    def _encode(self, option: str, value: str) -> str | None:
        """``content``, ``=content``, ``name=content``, URL-encoded; ``@file`` and ``name@file`` are told of."""
        found = re.match(r"[^=@]*([=@])?", value)
        assert found is not None
        if found[1] == "@" and value[found.end() :] in _STDIN and self.stdin is not None:
            value = f"{value[: found.end() - 1]}={self.stdin}"
        elif found[1] == "@":
            self.sending.note(f"--{option}: what a file holds was left out: read it with files.read_text")
            return None
        name = value[: found.end() - 1] if found[1] else ""
        encoded = quote(value[found.end() :] if found[1] else value, safe=MARK)
        return f"{name}={encoded}" if name else encoded

    def _url_query(self, name: str, value: str) -> None:
        text = value[1:] if value.startswith("+") else self._encode(name, value)
        if text is not None:
            self.sending.query.append(text)

    def _form(self, _: str, value: str) -> None:
        name, equals, content = value.partition("=")
        if not equals:
            raise FileFormatError("a --form of curl has no '=' in it.", "It is name=value or name=@file.")
        if content in ("<-", "</dev/stdin") and self.stdin is not None:
            self.sending.form.append(("text", name, self.stdin))
            return
        if content[:1] == "<":
            self.sending.note(f"--form {name}: a field out of a file was left out: read it with files.read_text")
            return
        text, rest = _first(content.removeprefix("@") if content[:1] == "@" else content)
        for extra in re.findall(r";\s*([^;]*)", rest):
            known = re.match(r"(type|filename|headers|encoder)=", extra)
            if known is None:
                self.sending.note(f"--form {name}: what follows the semicolon was left out, as curl does: quote it")
            elif known[1] != "type" or content[:1] != "@":
                self.sending.note(f"--form {name}: its {known[1]} was left out")
        if content[:1] == "@" and text in _STDIN and self.stdin_file:
            self.sending.note(
                f"--form {name}: curl calls what comes from standard input -, the node by its file's name"
            )
            self.sending.form.append(("file", name, self.stdin_file))
        elif content[:1] == "@" and text in _STDIN:
            self.sending.note(f"--form {name}: what comes from standard input was left out")
        elif content[:1] == "@":
            paths = text.split(",") if '"' not in content else [text]
            if len(paths) > 1:
                self.sending.note(f"--form {name}: the files, which curl packs into one part, are parts of that name")
            self.sending.form.extend(("file", name, path) for path in paths)
        else:
            self.sending.form.append(("text", name, text))

    def _form_string(self, _: str, value: str) -> None:
        name, _equals, content = value.partition("=")
        self.sending.form.append(("text", name, content))

    def _upload(self, name: str, value: str) -> None:
        if value in ("-", ".") and self.stdin_file:
            self._file(name, self.stdin_file)
        elif value in ("-", ".") and self.stdin is not None:
            self.sending.data.append(self.stdin)
        elif value in ("-", "."):
            self.sending.note("--upload-file: what comes from standard input was left out: give the node a body")
        else:
            self._file(name, value)
        self.sending.switches.add("upload")

    # -- the rest

    def _user(self, _: str, value: str) -> None:
        self.sending.user = value

    def _bearer(self, _: str, value: str) -> None:
        self.sending.token = value

    def _seconds(self, name: str, value: str) -> None:
        self._number(name, value, "timeout", 3600)

    def _retries(self, name: str, value: str) -> None:
        self._number(name, value, "retries", 20)

    def _largest(self, name: str, value: str) -> None:
        self._number(name, value, "max_bytes", None)

    def _number(self, option: str, value: str, param: str, most: int | None) -> None:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) or (param != "timeout" and "." in value):
            self.sending.note(f"--{option}: its value is no number that the node knows, and was left out")
        elif float(value) == 0 and param != "retries":
            self.sending.note(f"--{option}: without a limit there is nothing: the node has the usual one")
        else:
            number = float(value) if "." in value else int(value)
            if most is not None and number > most:
                self.sending.note(f"--{option}: the node has {most}, the most there is")
            self.sending.settings[param] = number if most is None else min(number, most)


def _first(content: str) -> tuple[str, str]:
    """The value of a ``--form`` and what follows it, such as ``;type=…``; only a quoted one holds semicolons, and the
    spaces around another are none of it (curl: get_param_part in tool_formparse.c)."""
    content = content.lstrip(_SPACES)
    quoted = re.match(r'"((?:\\.|[^"\\])*)"', content, re.DOTALL)
    if quoted is not None:
        return re.sub(r'\\(["\\])', r"\1", quoted[1]), content[quoted.end() :]
    value, semicolon, rest = content.partition(";")
    return value.rstrip(_SPACES), semicolon + rest


def _moment(text: str) -> str:
    """A date as HTTP writes it, of those forms of curl_getdate(3) that name day, month and year; else ""."""
    digits = re.fullmatch(r"([0-9]{4})([0-9]{2})([0-9]{2})", text.strip())
    plain = f"{digits[3]} {_MONTHS[int(digits[2]) % 13]} {digits[1]}" if digits else text.strip()
    found = _DATE.fullmatch(plain)
    if found is None:
        return ""
    time = found[2] or "00:00:00"
    try:
        moment = parsedate_to_datetime(f"{found[1].replace('-', ' ')} {time} {found[3] or '+0000'}")
        return format_datetime(moment.astimezone(timezone.utc), usegmt=True)
    except (ValueError, TypeError, OverflowError):
        return ""


_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? +)?"
    rf"([0-9]{{1,2}}[ -](?:{'|'.join(_MONTHS[1:])})[ -][0-9]{{4}})"
    r"(?: +([0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?(?: +(GMT|UTC|[+-][0-9]{4}))?",
    re.IGNORECASE,
)
_SPACES = " \t\n\r\v\f"


def _with_file_name(url: str, path: str) -> str:
    """An address that ends with a folder names the file that is put there by its own name."""
    found = re.match(r"((?:[A-Za-z][A-Za-z0-9+.-]*://)?[^/?#]*)([^?#]*)", url)
    assert found is not None
    folder = found[2] or "/"
    if not folder.endswith("/") or (not found[2] and found[1].endswith(MARK)):  # what a variable holds is not known
        return url
    name = re.split(r"[/\\]", path)[-1]
    return f"{found[1]}{folder}{quote(name, safe=MARK)}{url[found.end() :]}"
