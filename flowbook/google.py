"""Google's APIs, for the integrations that call them: who signs in, the session, refusals in words, pages and quotas.

::

    class Credentials(google.Account):
        oauth2: Annotated[Secret | None, google.sign_in("spreadsheets")] = google.token()
        base_url: str = google.address("https://sheets.googleapis.com")

    with google.Api(credentials, "Google Sheets", "v4/spreadsheets", HINTS) as api:
        found = api.call("GET", http.segment(id), has="spreadsheetId")

Facts: https://docs.cloud.google.com/apis/design/errors, https://developers.google.com/identity/protocols/oauth2 and
what each API says of its limits, such as https://developers.google.com/workspace/drive/api/guides/handle-errors.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import IO, Any

from pydantic import Field
from typing_extensions import Self

from flowbook import http, typed
from flowbook.errors import TaskFailed
from flowbook.tasks import Secret, current

__all__ = ["AFTER_A_LIMIT", "HOSTS", "Account", "Api", "address", "sign_in", "token", "upload"]

HOSTS = ("accounts.google.com", "oauth2.googleapis.com")
"""The servers that signing in needs, beside the API's own."""
AFTER_A_LIMIT = 20.0
"""Seconds to wait after a quota, which is by the minute; Google names no time."""
PIECE = 8 * 1024 * 1024
"""Bytes that are uploaded at once."""
_UPLOAD_TRIES = 5
_UPLOAD_SECONDS = 300.0
_MORE = 308
_AT_ONCE = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_NOT_ON = {"SERVICE_DISABLED", "accessNotConfigured"}
_TOO_LITTLE = {"ACCESS_TOKEN_SCOPE_INSUFFICIENT", "insufficientPermissions"}
_NAMES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
_HINTS = {
    "UNAUTHENTICATED": "Sign in again: press Sign in in the Integrations tab; or check the service account's key.",
    "RESOURCE_EXHAUSTED": "Give the node a retry with a longer wait.",
}


class Account(typed.Credentials):
    """Who signs in, or a service account: the base of each folder's credentials."""

    client_id: str | None = Field(None, description="Client ID of your app (of the kind Desktop app) at Google.")
    client_secret: Secret | None = Field(None, description="Its client secret.")
    service_account: Secret | None = Field(
        None, description="Or all of the JSON key of a service account, which nobody signs in for."
    )
    subject: str | None = Field(None, description="Whom the service account acts for, if for somebody.")
    oauth2: Secret | None = None
    base_url: str = ""


def sign_in(*scopes: str) -> typed.OAuth2:
    """How people sign in at Google, for scopes by the ends of their names, and how a service account does."""
    return typed.OAuth2(
        authorize="https://accounts.google.com/o/oauth2/v2/auth",
        token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
        revoke="https://oauth2.googleapis.com/revoke",
        scopes=[f"https://www.googleapis.com/auth/{scope}" for scope in scopes],
        extra={"access_type": "offline", "prompt": "consent"},
        service_account="service_account",
        subject="subject",
    )


def token() -> Any:
    """The field that the access token goes to."""
    return Field(None, description="Access token: got by signing in, or for the service account.")


def address(url: str) -> Any:
    """The field for the address of the API."""
    more: dict[str, Any] = {"flowbook_type": "url"}
    return Field(url, description="Address of the API, if it is reached in another way.", json_schema_extra=more)


class Api:
    """One of Google's APIs as who signed in, or as a service account; a context manager.

    ``path`` is what all its paths begin with, ``hints`` what to do about a refusal, by the names of
    https://docs.cloud.google.com/apis/design/errors. TaskFailed when there is no token.
    """

    def __init__(self, credentials: Account, service: str, path: str, hints: Mapping[str, str]) -> None:
        if not credentials.oauth2 or not credentials.oauth2.reveal():
            raise TaskFailed(
                f"{service}: nobody is signed in.",
                hint="Put in client_id and client_secret and press Sign in, or put in a service account's key.",
                permanent=True,
            )
        token = credentials.oauth2.reveal()
        self.service = service
        self.given = type(credentials).model_fields["base_url"].default
        self.session = http.Session(
            "/".join(filter(None, (credentials.base_url.strip().rstrip("/"), path))),
            service=service,
            headers={"Authorization": f"Bearer {token}"},
            secrets=[token],
            explain=explaining(service, hints),
            limit=seconds_to_wait,
            max_wait=4 * AFTER_A_LIMIT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def call(self, method: str, path: str, has: str, **options: Any) -> dict[str, Any]:
        """The object that an answer is, which has a field of that name."""
        return self.checked(self.session.request(method, path, **options), has)

    def nothing(self, method: str, path: str, **options: Any) -> None:
        """A call that is answered 204, with nothing: https://docs.cloud.google.com/apis/design/standard_methods."""
        response = self.session.request(method, path, expect=(200, 204), **options)
        if response.content.strip() not in (b"", b"{}"):
            raise self.unlike(response)

    def checked(self, response: http.Response, has: str) -> dict[str, Any]:
        """An answer as the object that it is, with a field of that name."""
        answer = response.json
        if not isinstance(answer, dict) or has not in answer:
            raise self.unlike(response)
        return answer

    def several(
        self, path: str, name: str, wanted: int | None, page: int, **query: Any
    ) -> tuple[list[dict[str, Any]], bool]:
        """The first ``wanted`` entries (None: all) of a list that is called ``name``, and whether there are more.

        ``page`` is how many the API gives at once at most. A list that is empty may be left out of the answer:
        ``kind`` or ``resultSizeEstimate`` says that it is one.
        """
        size = page if wanted is None else min(page, wanted)
        asked = {**{key: value for key, value in query.items() if value is not None}, **_size_of(name, size)}
        found: list[dict[str, Any]] = []
        for response in self.session.pages(path, params=asked, next=_following):
            answer = response.json
            if not isinstance(answer, dict) or not {name, "kind", "resultSizeEstimate"} & set(answer):
                raise self.unlike(response)
            found += answer.get(name) or []
            current().progress(len(found), wanted)
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], len(found) > wanted or _following(response) is not None
        return found, False

    def unlike(self, response: http.Response) -> http.ServiceError:
        """The fault that an answer is, which the API does not give."""
        return http.unlike(self.service, self.given, response)


def explaining(service: str, hints: Mapping[str, str]) -> Callable[[http.Response], Any]:
    """What {"error": {"code", "message", "status", "details", "errors"}} says, and what to do about it."""

    def explain(response: http.Response) -> tuple[str, str] | str | None:
        error = response.json["error"]
        message = str(error.get("message") or "").strip()
        hint = _hint(service, hints, error, response.status)
        return (message, hint) if hint else message or None

    return explain


def _hint(service: str, hints: Mapping[str, str], error: Mapping[str, Any], status: int) -> str | None:
    reasons = _reasons(error)
    if reasons & _NOT_ON:
        where = "https://console.cloud.google.com/apis/library"
        return f"Switch on the {service} API in the project of your app: {where}."
    if reasons & _TOO_LITTLE:
        return f"Sign in again and allow what {service} asks for; or let the service account do that."
    name = str(error.get("status") or _NAMES.get(status))
    return hints.get(name) or _HINTS.get(name)


def _reasons(error: Mapping[str, Any]) -> set[Any]:
    """Why, in the newer form and in the older one, which Drive and Gmail have."""
    several = [*(error.get("details") or []), *(error.get("errors") or [])]
    return {one.get("reason") for one in several if isinstance(one, dict)}


def seconds_to_wait(response: http.Response) -> float | None:
    """A while after a quota of the minute, which the older APIs answer 403, too; None for any other refusal."""
    over = response.status == 429 or (response.status == 403 and _reasons(response.json["error"]) & _AT_ONCE)
    return AFTER_A_LIMIT if over else None


def _following(page: http.Response) -> dict[str, Any] | None:
    token = page.json.get("nextPageToken")
    return {"pageToken": token} if token else None


def _size_of(name: str, size: int) -> dict[str, int]:
    """Gmail has another name for the size of a page than the others."""
    return {"maxResults" if name in ("messages", "threads", "drafts") else "pageSize": size}


def upload(
    api: Api,
    method: str,
    path: str,
    query: Mapping[str, str],
    body: dict[str, Any],
    content: IO[bytes],
    kind: str | None,
    has: str = "id",
) -> dict[str, Any]:
    """Upload all of ``content``, piece by piece; what breaks off goes on where it stood. The answer, which has ``has``.

    Facts: https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable and
    https://docs.cloud.google.com/storage/docs/resumable-uploads. A first request gives a session's address; pieces are
    put there, each a multiple of 256 KiB; 308 says how much has come, and is asked for again after a fault.
    """
    size = content.seek(0, os.SEEK_END)
    kind = kind or "application/octet-stream"
    place = _session(api, method, path, query, body, size, kind)
    done, faults = 0, 0
    while True:
        try:
            response = _put(api, place, content, done, size, kind)
        except http.ServiceError as error:
            faults += 1
            if not error.passing or faults > _UPLOAD_TRIES or current().sleep(2.0**faults):
                raise
            response = _asked(api, place, size)
        if response.status != _MORE:
            return api.checked(response, has)
        come = _come(response)
        faults = 0 if come > done else faults + 1
        if faults > _UPLOAD_TRIES:
            raise api.unlike(response)
        done = come
        current().progress(done, size, "bytes")


def _session(
    api: Api, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], size: int, kind: str
) -> str:
    """The address that the pieces go to."""
    headers = {"X-Upload-Content-Type": kind, "X-Upload-Content-Length": str(size)}
    asked = {**query, "uploadType": "resumable"}
    response = api.session.request(method, path, params=asked, json=body, headers=headers, expect=(200,))
    place = response.headers.get("Location", "")
    if not place or not http.same_origin(place, api.session.base_url):
        raise api.unlike(response)
    return place


def _put(api: Api, place: str, content: IO[bytes], done: int, size: int, kind: str) -> http.Response:
    content.seek(done)
    piece = content.read(PIECE)
    headers = {"Content-Type": kind}
    if size:
        headers["Content-Range"] = f"bytes {done}-{done + len(piece) - 1}/{size}"
    return api.session.request(
        "PUT",
        place,
        data=piece,
        headers=headers,
        accept=(_MORE,),
        expect=(200, 201),
        retry=False,
        timeout=_UPLOAD_SECONDS,
    )


def _asked(api: Api, place: str, size: int) -> http.Response:
    """How much has come, after a fault."""
    headers = {"Content-Range": f"bytes */{size}"}
    return api.session.request("PUT", place, data=b"", headers=headers, accept=(_MORE,), expect=(200, 201))


def _come(response: http.Response) -> int:
    """The bytes that have come: Range is bytes=0-42, and is not there when there are none."""
    found = re.fullmatch(r"(?:bytes=)?0-(\d+)", response.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0
