"""Stand-ins for services, on this machine: the notebooks talk to them with the same integrations as to the real ones.

Each is a small server on 127.0.0.1 that answers in the service's own form and keeps what it was sent, so that a
notebook can show what would have arrived. No account and no other network is needed. They check no credentials.
"""

from __future__ import annotations

import csv
import os
import socketserver
import threading
import time
import zlib
from collections import defaultdict
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from flowbook.testing import Answer, FakeService, Request

DATA = Path(__file__).parent / "data"
WEBHOOK = "/services/T00/B00/stand-in"
# A proxy of the environment would otherwise be asked for addresses of this machine.
os.environ.setdefault("NO_PROXY", "127.0.0.1")


class Slack:
    """An incoming webhook. ``messages`` are the texts that were posted.

    Slack answers ``ok``, and calls that HTML.
    """

    def __init__(self) -> None:
        self._service = FakeService().on("POST", WEBHOOK, body="ok", headers={"Content-Type": "text/html"})
        self.credentials = {"webhook_url": self._service.url + WEBHOOK}

    @property
    def messages(self) -> list[str]:
        """What was posted, the oldest first; of a notification its title and text."""
        return [_text(request.json) for request in self._service.requests]


def _text(posted: dict[str, Any]) -> str:
    notes = [f"[{note.get('title')}] {note.get('text')}" for note in posted.get("attachments", [])]
    return "\n".join([posted["text"]] if posted.get("text") and not notes else notes)


class Mail:
    """A mail server that keeps what it gets. ``messages`` are the messages, with their parts."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("_Bound", (_Smtp,), {"mail": self}))
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.credentials = {
            "host": "127.0.0.1", "port": server.server_address[1], "security": "none",
            "from_email": "reports@example.org", "from_name": "Daily Report",
        }  # fmt: skip


class _Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client without encryption and sign-in needs."""

    mail: Mail

    def handle(self) -> None:
        self._say("220 stand-in ready")
        while line := self.rfile.readline():
            word = line.strip()[:4].upper()
            if word == b"DATA":
                self._say("354 go on")
                self.mail.messages.append(message_from_bytes(self._data(), policy=policy.default))
            elif word == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 8BITMIME" if word in (b"EHLO", b"HELO") else "250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


class Storage:
    """Buckets in memory, behind the part of S3's API that the tasks for single objects use."""

    def __init__(self, *buckets: str) -> None:
        self.objects: dict[str, dict[str, tuple[bytes, dict[str, str]]]] = {name: {} for name in buckets}
        service = FakeService().on("*", "/{bucket}/{key:path}", self._object).on("GET", "/", self._list)
        self.credentials = {"access_key": "stand-in", "secret_key": "stand-in", "endpoint_url": service.url}

    def _list(self, request: Request) -> Answer:
        names = "".join(f"<Bucket><Name>{escape(name)}</Name></Bucket>" for name in self.objects)
        return _xml(200, f"<ListAllMyBucketsResult><Buckets>{names}</Buckets></ListAllMyBucketsResult>")

    def _object(self, request: Request) -> Answer:
        bucket, key = self.objects.get(request.match["bucket"]), request.match["key"]
        if bucket is None:
            return _fault(404, "NoSuchBucket", "The specified bucket does not exist")
        if request.method == "PUT":
            kept = ("content-type", "x-amz-meta-")
            bucket[key] = (request.body, {n: v for n, v in request.headers.items() if n.startswith(kept)})
        if key not in bucket:
            return _fault(404, "NoSuchKey", "The specified key does not exist.")
        body, headers = bucket[key]
        tag = {"ETag": f'"{zlib.crc32(body):08x}"', "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return Answer(body=b"" if request.method == "PUT" else body, headers={**headers, **tag})


def _xml(status: int, text: str) -> Answer:
    return Answer(status, body=f'<?xml version="1.0"?>{text}', headers={"Content-Type": "application/xml"})


def _fault(status: int, code: str, message: str) -> Answer:
    return _xml(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")


class Weather:
    """A web API with the weather of Seattle: ``GET /days/2014-08-11``.

    Like many an API it has a bad day now and then. Of every hundred days about ``failing`` answer 503 at first,
    always the same ones; an answer takes 20 to 60 milliseconds. ``calls`` holds of each request its day, when it came
    and when it was answered (seconds since the first one), and the status.
    """

    def __init__(self, failing: int = 0) -> None:
        with (DATA / "seattle-weather.csv").open(encoding="utf-8") as file:
            self._days = {row["date"]: row for row in csv.DictReader(file)}
        self._failing = failing
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()
        self._first: float | None = None
        self.calls: list[dict[str, Any]] = []
        self.url = FakeService().on("GET", "/days/{day}", self._day).url

    @property
    def days(self) -> list[str]:
        """The days it knows."""
        return list(self._days)

    def _day(self, request: Request) -> Answer:
        came, day = time.monotonic(), request.match["day"]
        number = zlib.crc32(day.encode())
        with self._lock:
            self._first = came if self._first is None else self._first
            self._asked[day] += 1
            bad = number % 100 < self._failing and self._asked[day] <= 1 + number % 2
        time.sleep(0.02 + number % 41 / 1000)
        status = 503 if bad else 200 if day in self._days else 404
        with self._lock:
            answered = time.monotonic() - self._first
            self.calls.append({"day": day, "came": came - self._first, "answered": answered, "status": status})
        if status == 200:
            row = self._days[day]
            numbers = {name: float(row[name]) for name in ("precipitation", "temp_max", "temp_min")}
            return Answer(json={"date": day, "weather": row["weather"], **numbers})
        return Answer(status, json={"message": "try again later" if bad else f"no weather is known for {day}"})


def _json_of(content_type: str) -> FakeService:
    """A service whose JSON is of the content type that the vendor's has."""
    service = FakeService()
    service.json_type = content_type
    return service


class GitHub:
    """A repository with ``issues`` (GitHub's own objects), of which one can list, label and comment the issues."""

    def __init__(self, issues: list[dict[str, Any]]) -> None:
        self.issues = {issue["number"]: issue for issue in issues}
        self.comments: list[tuple[int, str]] = []
        issues_at = "/repos/{owner}/{name}/issues"
        service = (
            _json_of("application/json; charset=utf-8")
            .on("GET", "/user", json={"login": "octocat", "name": "The Octocat"})
            .on("GET", issues_at, lambda request: Answer(json=list(self.issues.values())))
            .on("POST", issues_at + "/{number}/labels", self._label)
            .on("POST", issues_at + "/{number}/comments", self._comment)
        )
        self.credentials = {"token": "stand-in-for-a-token", "base_url": service.url}

    def _label(self, request: Request) -> Answer:
        issue = self.issues[int(request.match["number"])]
        issue["labels"] += [{"name": name} for name in request.json["labels"]]
        return Answer(json=issue["labels"])

    def _comment(self, request: Request) -> Answer:
        number, body = int(request.match["number"]), request.json["body"]
        self.comments.append((number, body))
        # The ids follow the issue, not the order: comments on several issues arrive at the same time.
        earlier = sum(other == number for other, _ in self.comments) - 1
        return Answer(201, json={"id": number * 100 + earlier, "body": body})


class Jira:
    """A Jira Cloud site with one empty project. ``issues`` maps each key to the fields it was made with.

    The second request to make an issue is told to wait a second, as Jira does when it has much to do.
    """

    def __init__(self, project: str) -> None:
        self.issues: dict[str, dict[str, Any]] = {}
        self._project = project
        self._numbers = iter(range(1, 10_000))
        busy = Answer(429, json={"errorMessages": ["Rate limit exceeded."]}, headers={"Retry-After": "1"})
        service = (
            _json_of("application/json;charset=UTF-8")
            .on("GET", "/rest/api/3/myself", json={"accountId": "5b10a2844c", "displayName": "Ann Lee"})
            .on("POST", "/rest/api/3/issue", [self._create, busy, self._create])
        )
        self.url = service.url
        self.credentials = {"base_url": service.url, "email": "ann@example.org", "api_token": "stand-in-for-a-token"}

    def _create(self, request: Request) -> Answer:
        key = f"{self._project}-{next(self._numbers)}"
        self.issues[key] = request.json["fields"]
        return Answer(201, json={"id": str(10_000 + len(self.issues)), "key": key, "self": f"{self.url}/rest/{key}"})
