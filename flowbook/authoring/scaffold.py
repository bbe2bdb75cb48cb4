"""What ``flowbook new integration NAME`` writes: a folder that works with any HTTP API, and passes its own tests."""

from __future__ import annotations

from pathlib import Path

from flowbook.authoring.signed_in import with_sign_in
from flowbook.errors import AlreadyExists
from flowbook.models import check_type_name


def write_integration(parent: Path, name: str, *, plain: bool = False, oauth2: bool = False) -> list[Path]:
    """Write the integration folder ``parent/name`` and return its files; ``parent`` is made if need be.

    Typed, or with ``plain`` as bare functions that take and give dicts; with ``oauth2`` people sign in to the service
    and enter no token. Raises InvalidName when the name is not
    ``[a-z][a-z0-9_]*`` and AlreadyExists when there is such a folder; nothing is overwritten.
    """
    folder = Path(parent) / check_type_name(name)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise AlreadyExists(f"{folder} is there already.", "Choose another name, or edit what is there.") from None
    texts = {
        "__init__.py": _INIT,
        "tasks.py": _PLAIN_TASKS if plain else _TASKS,
        "README.md": _README,
        "icon.svg": _ICON,
        f"tests/test_{name}.py": _TEST,
    }
    written = []
    for relative, text in (with_sign_in(texts) if oauth2 else texts).items():
        path = folder / relative
        path.parent.mkdir(exist_ok=True)
        path.write_text(_filled(text, name), encoding="utf-8")
        written.append(path)
    return written


def _filled(template: str, name: str) -> str:
    words = [word for word in name.split("_") if word]
    letters = "".join(word[0] for word in words[:2]) if len(words) > 1 else name[:2]
    title = " ".join(word.capitalize() for word in words)
    for mark, value in (("@NAME@", name), ("@TITLE@", title), ("@LETTERS@", letters.capitalize())):
        template = template.replace(mark, value)
    return template


_INIT = '''"""@TITLE@: call its HTTP API."""

from .tasks import get, send, test_connection

__all__ = ["get", "send", "test_connection"]
'''

_TASKS = '''"""The tasks of @NAME@: each public function is one."""

from typing import Any, Literal

from pydantic import Field
from flowbook import Result, Secret, http, task, typed


class Credentials(typed.Credentials):
    """What Create Integration Type fills itself in with."""

    base_url: str = Field(
        description="Address of the API, e.g. https://api.example.com/v1", json_schema_extra={"flowbook_type": "url"}
    )
    token: Secret = Field(description="Access token, sent as 'Authorization: Bearer …'")


class Get(typed.Params):
    """What the form of ``get`` asks for."""

    path: str = Field(description="What to read, below the base URL, e.g. /items")
    query: dict[str, Any] = Field(default_factory=dict, description="Query parameters, by name")


class Send(typed.Params):
    """What the form of ``send`` asks for."""

    path: str = Field(description="Where to send it, below the base URL, e.g. /items")
    body: dict[str, Any] = Field(default_factory=dict, description="What to send, as JSON")
    method: Literal["POST", "PUT", "PATCH"] = Field(default="POST", description="The HTTP method")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: dict[str, Any]) -> Result:
    """Try the base URL and the token."""
    with _session(credentials) as session:
        # many APIs have nothing at their base URL: that they answer, and do not refuse the token, is what counts
        session.get("", accept=[404], parse=False)
        return Result.ok(f"Connected to {session.base_url}")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get(credentials: Credentials, params: Get) -> Result:
    """Read something from the API."""
    with _session(credentials) as session:
        answer = session.get(params.path, params=params.query)
    return Result.ok(f"Read {params.path}", answer.json)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def send(credentials: Credentials, params: Send) -> Result:
    """Send something to the API."""
    with _session(credentials) as session:
        answer = session.request(params.method, params.path, json=params.body, parse=False)
    return Result.ok(f"Sent to {params.path}", answer.json if answer.content else None)


def _session(credentials: Credentials) -> http.Session:
    """Timeouts, retries, rate limits and errors in words are the session's work."""
    token = credentials.token.reveal()
    return http.Session(
        credentials.base_url, service="@TITLE@", headers={"Authorization": f"Bearer {token}"}, secrets=[token]
    )
'''

_PLAIN_TASKS = '''"""The tasks of @NAME@: each public function is one; an exception becomes a failed result."""

import requests


def test_connection(credentials):
    """Try the base URL and the token

    credentials:
    {
        "base_url": "https://api.example.com/v1",
        "token": "the access token"
    }
    """
    response = _call(credentials, "GET", "")
    if response.status_code in (401, 403):
        return {"success": False, "message": "The service refuses the token."}
    if response.status_code >= 500:
        return {"success": False, "message": f"The service is out of order (status {response.status_code})."}
    return {"success": True, "message": "Connected."}


def get(credentials, params):
    """Read something from the API

    params:
    {
        "path": "/items",
        "query": {"limit": 10} (optional, query parameters by name)
    }
    """
    response = _call(credentials, "GET", params["path"], params=params.get("query"))
    return _result(response, f"Read {params['path']}")


def send(credentials, params):
    """Send something to the API

    params:
    {
        "path": "/items",
        "body": {"name": "a new item"} (optional, sent as JSON)
        "method": "POST" (POST, PUT, PATCH)
    }
    """
    response = _call(credentials, params.get("method", "POST"), params["path"], json=params.get("body"))
    return _result(response, f"Sent to {params['path']}")


def _call(credentials, method, path, **options):
    return requests.request(
        method,
        credentials["base_url"].rstrip("/") + path,
        headers={"Authorization": f"Bearer {credentials['token']}"},
        timeout=30,
        **options,
    )


def _result(response, message):
    if response.status_code >= 400:
        return {"success": False, "message": f"The service answered {response.status_code}: {response.text[:200]}"}
    return {"success": True, "message": message, "data": response.json() if response.content else None}
'''

_TEST = '''"""Run with: pytest. The service is a fake one on this machine that answers as told."""

from pathlib import Path

from flowbook.testing import Answer, check_contract, fake_service, run_task

FOLDER = Path(__file__).resolve().parent.parent


def credentials(service):
    return {"base_url": service.url, "token": "a-token-for-tests"}


def test_a_good_token_connects():
    with fake_service() as service:
        service.on("GET", "/", json={})
        result = run_task((FOLDER, "test_connection"), credentials(service))
    assert result.success, result.message
    assert service.requests[0].headers["Authorization"] == "Bearer a-token-for-tests"


def test_a_refused_token_is_a_failure():
    with fake_service() as service:
        service.on("GET", "/", status=401, json={"message": "bad token"})
        result = run_task((FOLDER, "test_connection"), credentials(service))
    assert not result.success
    assert "a-token-for-tests" not in result.message


def test_get_reads():
    with fake_service() as service:
        service.on("GET", "/items", json=[{"id": 1}])
        result = run_task((FOLDER, "get"), credentials(service), {"path": "/items", "query": {"limit": 5}})
    assert result.data == [{"id": 1}]
    assert service.requests[0].query == {"limit": "5"}


def test_send_sends():
    with fake_service() as service:
        service.on("POST", "/items", Answer(201, json={"id": 2}))
        result = run_task((FOLDER, "send"), credentials(service), {"path": "/items", "body": {"name": "new"}})
    assert result.data == {"id": 2}
    assert service.requests[0].json == {"name": "new"}


def test_the_folder_keeps_the_contract():
    assert [str(problem) for problem in check_contract(FOLDER)] == []
'''

_README = """# @TITLE@

Talks to an HTTP API that takes a bearer token. Start from here: rename `get` and `send` to what your service does, one
function per task, and say in `__init__.py` which are public. An edit takes effect at the next use, without a restart.

## Credentials

| name | what it is |
| --- | --- |
| `base_url` | address of the API, such as `https://api.example.com/v1` |
| `token` | access token, sent as `Authorization: Bearer …` |

## Tasks

`test_connection` tries the credentials:

```yaml
check: {task: @NAME@.test_connection, integration: My @TITLE@}
```

`get` reads something:

```yaml
items: {task: @NAME@.get, integration: My @TITLE@, params: {path: /items, query: {limit: 10}}}
```

`send` sends something:

```yaml
create: {task: @NAME@.send, integration: My @TITLE@, params: {path: /items, body: {name: a new item}}}
```

## Tests

`pytest` in this folder runs the tests; `flowbook check --integrations @NAME@` lists what is wrong with the folder.
"""

_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30">
  <rect x="1" y="1" width="28" height="28" rx="7" fill="#3f6fb5"/>
  <text x="15" y="20" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#fff">@LETTERS@</text>
</svg>
"""
