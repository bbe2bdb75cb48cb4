"""What a curl command becomes: a node, the credentials of an integration for it, inputs, and what is to be said."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flowbook.formats.curl import sensitive
from flowbook.formats.curl.addresses import Address, address_of
from flowbook.formats.curl.bodies import body_of
from flowbook.formats.curl.cutting import cut
from flowbook.formats.curl.inputs import Inputs, is_variable
from flowbook.formats.curl.reading import Sending, read
from flowbook.models import Node, Parameter, Workflow

TASK = "http.request"


@dataclass(frozen=True)
class FromCurl:
    """``node`` asks what the command asks, and ``id`` is an id for it.

    ``credentials`` are those of an integration of ``http`` that the node names, without those that only the shell
    knows: these are in ``missing``. ``inputs`` are what the workflow has to be given besides; ``values`` are the values
    of those of them that are secrets. ``notes`` say what of the command is not carried over; they hold no secret.
    """

    id: str
    node: Node
    credentials: dict[str, str] = field(repr=False)
    missing: tuple[str, ...]
    inputs: tuple[Parameter, ...]
    values: dict[str, str] = field(repr=False)
    notes: tuple[str, ...]

    @property
    def needs_integration(self) -> bool:
        """Whether the request has secrets, which an integration has to hold."""
        return self.node.integration is not None

    def add_to(self, flow: Workflow, *, id: str = "", integration: str | None = None) -> str:
        """Add the node to a workflow with the inputs that it needs; its id there. ``integration`` is another's name.

        An input of that name which is there already is taken for it. Raises AlreadyExists for an ``id`` that is taken,
        InvalidName for one that is none.
        """
        taken, number = id or self.id, 2
        while not id and taken in flow.nodes:
            taken, number = f"{self.id}_{number}", number + 1
        flow.add(taken, self.node.task, integration or self.node.integration, self.node.params)
        for one in self.inputs:
            if one.name not in flow.inputs:
                flow.set_input(one.name, one.type, required=one.required, default=one.default)
        return taken


def read_curl(text: str) -> FromCurl:
    """The node that sends what a curl command sends, as far as ``http.request`` can; ``notes`` say what it cannot.

    Nothing is run or asked. Raises FileFormatError for what is no curl command, or one that is cut off.
    """
    found = cut(text)
    sending = read(found)
    inputs = Inputs(found.values, found.defaults)
    address = address_of(sending, inputs)
    body = body_of(sending, inputs)
    secrets = _Secrets(sending, address, inputs)
    method = _method(sending)
    params: dict[str, Any] = {"url": address.url}
    if method != "GET":
        params["method"] = method
    if address.query:
        params["query"] = address.query
    if secrets.headers:
        params["headers"] = secrets.headers
    params |= {**body, **sending.settings}
    finished = inputs.finished(params)
    integration = (urlsplit(address.origin).netloc or "From curl") if secrets.found else None
    return FromCurl(
        _id(method, address.url),
        Node(task=TASK, integration=integration, params=finished),
        secrets.credentials,
        tuple(secrets.missing),
        tuple(inputs.parameters.values()),
        inputs.secrets,
        tuple(sending.notes),
    )


def _method(sending: Sending) -> str:
    if sending.method:
        return sending.method
    if "head" in sending.switches:
        return "HEAD"
    if "upload" in sending.switches:
        return "PUT"
    sends = sending.switches & {"posted"} and "get" not in sending.switches
    return "POST" if sends else "GET"


def _id(method: str, url: str) -> str:
    """An id such as ``post_items``."""
    parts = [part for part in urlsplit(url).path.split("/") if re.fullmatch(r"[A-Za-z][A-Za-z_-]{1,30}", part)]
    return f"{method.lower()}_{re.sub(r'[^a-z]+', '_', parts[-1].lower()).strip('_')}" if parts else "request"


class _Secrets:
    """The credentials that the secrets of a request make; ``headers`` are those headers that are no secrets."""

    def __init__(self, sending: Sending, address: Address, inputs: Inputs) -> None:
        self.sending = sending
        self.inputs = inputs
        self.credentials: dict[str, str] = {}
        self.missing: list[str] = []
        self.headers: dict[str, str] = {}
        self.more: dict[str, dict[str, str]] = {"secret_headers": {}, "secret_query": {}}
        self._authorize()
        for name, value in self._joined():
            if value and (sensitive.named(name, header=True) or sensitive.looks_like_a_token(value)):
                self._put(name, value, "header")
            else:
                self.headers[name] = value
        for name, value in address.secret_query:
            self._put(name, value, "query")
        for name, values in self.more.items():
            if values:
                self._hold(name, json.dumps(values, ensure_ascii=False))
        self.found = bool(self.credentials or self.missing)
        if self.found and address.origin:
            self.credentials = {"base_url": address.origin, **self.credentials}

    def _hold(self, name: str, value: str) -> None:
        value = self.inputs.resolved(value)
        if is_variable(value):
            self.missing.append(name)
        else:
            self.credentials[name] = value

    def _authorize(self) -> None:
        """An Authorization header goes before ``--user``, as in curl."""
        header = self.sending.header("authorization")
        if not header and self.sending.token:
            header = f"Bearer {self.sending.token}"
        if not header and self.sending.user is not None:
            self._user(self.sending.user)
        elif header.startswith("Bearer ") and header[7:].strip():
            self._hold("token", header[7:].strip())
        elif header and not self._basic(header):
            self._put("Authorization", header, "header")
        if header and self.sending.user is not None:
            self.sending.note("--user: the Authorization header that is given goes before it, as in curl")

    def _user(self, text: str) -> None:
        if self.sending.other_auth:
            self.sending.note("--user: it signs in in another way than http.request can, and was left out")
            return
        user, colon, password = text.partition(":")
        if not user:
            self._put("Authorization", f"Basic {base64.b64encode(text.encode()).decode()}", "header")
            return
        self._hold("username", user)
        if not colon:
            self.sending.note("--user: curl asks for the password: fill it in")
            self.missing.append("password")
        elif password:
            self._hold("password", password)

    def _basic(self, header: str) -> bool:
        """Whether an Authorization header is that of a user and a password, which are taken out of it then."""
        if not header.startswith("Basic "):
            return False
        try:
            text = base64.b64decode(header[6:], validate=True).decode()
        except ValueError:
            return False
        user, colon, _ = text.partition(":")
        if not (user and colon) or base64.b64encode(text.encode()).decode() != header[6:]:
            return False
        self._user(text)
        return True

    def _joined(self) -> list[tuple[str, str]]:
        """The other headers; those that are there twice as one, which means the same (RFC 9110, 5.3)."""
        joined: dict[str, tuple[str, str]] = {}
        for name, value in self.sending.headers:
            if name.lower() == "authorization":
                continue
            before = joined.get(name.lower())
            if before is not None and before[1] == value:
                continue
            joint = "; " if name.lower() == "cookie" else ", "
            joined[name.lower()] = (name, value) if before is None else (before[0], f"{before[1]}{joint}{value}")
        return list(joined.values())

    def _put(self, name: str, value: str, place: str) -> None:
        """The first secret is the API key; there are fields for more of them."""
        if "api_key_name" not in self.credentials:
            self.credentials |= {"api_key_name": name, "api_key_in": place}
            self._hold("api_key", value)
        else:
            self.more["secret_headers" if place == "header" else "secret_query"][name] = self.inputs.resolved(value)
