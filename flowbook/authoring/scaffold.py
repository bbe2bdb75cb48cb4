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
from flowbook import Result, Secret, TaskFailed, http, task, typed


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


TRIED = ""  # a path that every token may read, below the base URL: put in your service's, such as "/me"
MADE = "id"  # a field that the answer to a change has when it was made: put in what your service documents


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: dict[str, Any]) -> Result:
    """Try the base URL and the token."""
    with _session(credentials) as session:
        answer = session.get(TRIED, accept=[404])
        if answer.status == 404:
            raise TaskFailed(
                f"{session.base_url} answers, but has nothing at {TRIED or '/'} (404 Not Found).",
                hint="Check base_url, and give TRIED in tasks.py a path that every token may read.",
                permanent=True,
            )
        if not http.same_origin(answer.url, session.base_url):
            raise TaskFailed("The address leads to another service.", hint="Check base_url.", permanent=True)
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
        made = session.request(params.method, params.path, json=params.body, expect=[200, 201]).json
    if not isinstance(made, dict) or MADE not in made:  # an empty answer, or a proxy's, is no success
        failure = TaskFailed(
            f"The answer has no {MADE!r}: it does not say that it was done.",
            {"answer": made},
            "Give MADE in tasks.py a field that your service's answers have, or look at what it documents instead.",
            permanent=True,
        )
        failure.warn()
        raise failure
    return Result.ok(f"Sent to {params.path}", made)


def _session(credentials: Credentials) -> http.Session:
    """Timeouts, retries, rate limits and errors in words are the session's work."""
    token = credentials.token.reveal()
    return http.Session(
        credentials.base_url, service="@TITLE@", headers={"Authorization": f"Bearer {token}"}, secrets=[token]
    )
'''

_PLAIN_TASKS = '''"""The tasks of @NAME@: each public function is one; an exception becomes a failed result."""

from flowbook import http

TRIED = ""  # a path that every token may read, below the base URL: put in your service's, such as "/me"
MADE = "id"  # a field that the answer to a change has when it was made: put in what your service documents


def test_connection(credentials):
    """Try the base URL and the token

    credentials:
    {
        "base_url": "https://api.example.com/v1",
        "token": "the access token"
    }
    """
    with _session(credentials) as session:
        answer = session.get(TRIED, accept=[404])
    if answer.status == 404:
        words = "404 Not Found: check base_url, and give TRIED in tasks.py a path that every token may read."
        return {"success": False, "message": words, "permanent": True}
    if not http.same_origin(answer.url, credentials["base_url"]):
        return {"success": False, "message": "The address leads to another service.", "permanent": True}
    return {"success": True, "message": "Connected."}


def get(credentials, params):
    """Read something from the API

    params:
    {
        "path": "/items",
        "query": {"limit": 10} (optional, query parameters by name)
    }
    """
    with _session(credentials) as session:
        answer = session.get(params["path"], params=params.get("query"))
    return {"success": True, "message": f"Read {params['path']}", "data": answer.json}


def send(credentials, params):
    """Send something to the API

    params:
    {
        "path": "/items",
        "body": {"name": "a new item"} (optional, sent as JSON)
        "method": "POST" (POST, PUT, PATCH)
    }
    """
    method = params.get("method", "POST")
    with _session(credentials) as session:
        made = session.request(method, params["path"], json=params.get("body"), expect=[200, 201]).json
    if not isinstance(made, dict) or MADE not in made:  # an empty answer, or a proxy's, is no success
        words = f"The answer has no {MADE!r}, so that it may have been done, or not: look, and see MADE in tasks.py."
        return {"success": False, "message": words, "data": {"may_have_taken_effect": True}, "permanent": True}
    return {"success": True, "message": f"Sent to {params['path']}", "data": made}


def _session(credentials):
    token = credentials["token"]
    return http.Session(
        credentials["base_url"], service="@TITLE@", headers={"Authorization": f"Bearer {token}"}, secrets=[token]
    )
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
function per task, and say in `__init__.py` which are public. In `tasks.py`, `TRIED` is what `test_connection` reads and
`MADE` what an answer of `send` has when it was done: put in what your service documents. An edit takes effect at the
next use, without a restart.

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

`pytest` in this folder runs the tests; `flowbook check --integrations @NAME@` lists what is wrong with the folder,
and with `--faults` what its tasks make of a service that fails.
"""

_ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30">
  <rect x="1" y="1" width="28" height="28" rx="7" fill="#3f6fb5"/>
  <text x="15" y="20" text-anchor="middle" font-family="sans-serif" font-size="13" fill="#fff">@LETTERS@</text>
</svg>
"""
