"""A session of ``http.request``: cookies that nodes of one run share, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.tasks.shared import Shared
from flowbook.testing import Answer, FakeService, Request
from integrations import http

COOKIE = "cookie-verysecret-4711"
BASKET = "apples-and-pears-4712"
"""What a cookie holds that does not look as if it gave access."""


@pytest.fixture
def shop(service: FakeService) -> FakeService:
    """A shop that one signs in to: it answers with the cookie that it got, and repeats it in its text."""

    def orders(request: Request) -> Answer:
        if f"sid={COOKIE}" not in request.headers.get("Cookie", "").split("; "):
            return Answer(401, json={"message": "sign in first"})
        return Answer(json={"orders": [1, 2], "you_are": COOKIE}, headers={"Set-Cookie": f"basket={BASKET}"})

    signed_in = {"Set-Cookie": f"sid={COOKIE}; Path=/; HttpOnly"}
    service.on("POST", "/login", json={"welcome": True}, headers=signed_in)
    service.on("POST", "/sso", Answer(303, headers={**signed_in, "Location": "/home"}))
    service.on("GET", "/home", json={"home": True})
    service.on("GET", "/orders", orders)
    return service


@pytest.fixture
def workspace(tmp_path: Path, shop: FakeService) -> Iterator[Workspace]:
    """A workspace with two integrations for the same shop."""
    with_shop = Workspace(tmp_path)
    with_shop.create_type("http")
    for name in ("Shop", "Other Shop"):
        with_shop.create_integration(name, "http", {"base_url": shop.url})
    yield with_shop
    with_shop.close()


def node(url: str, integration: str = "Shop", **params: Any) -> dict[str, Any]:
    return {"task": "http.request", "integration": integration, "params": {"url": url, "session": "s", **params}}


def flow(**nodes: dict[str, Any]) -> Workflow:
    """The nodes in a row."""
    made = Workflow(name="buy")
    for id, fields in nodes.items():
        made.add(id, **fields)
    for one, other in zip(list(nodes), list(nodes)[1:], strict=False):
        made.connect(one, other, on="always")
    return made


LOGIN = node("login", method="POST", body={"user": "ada"})


@pytest.mark.parametrize("login", ["login", "sso"])
def test_who_has_signed_in_stays_so_for_the_nodes_of_the_run(workspace: Workspace, login: str) -> None:
    """Also when the cookie comes with a redirect."""
    run = workspace.run(flow(sign_in=node(login, method="POST", body={}), orders=node("orders")))
    assert run["orders"].data["body"]["orders"] == [1, 2]


@pytest.mark.parametrize(
    "orders",
    [
        node("orders", "Other Shop"),
        node("orders", session="other"),
        node("orders", session=None),
        node("orders", session=""),
    ],
)
def test_another_integration_or_name_is_another_session(workspace: Workspace, orders: dict[str, Any]) -> None:
    """Even where it is the same server."""
    run = workspace.start(flow(sign_in=LOGIN, orders=orders))
    run.wait()
    assert run["orders"].status == "failed"
    assert "sign in first" in run["orders"].message


def test_the_next_run_starts_without(workspace: Workspace) -> None:
    """A session ends with its run."""
    workspace.run(flow(sign_in=LOGIN, orders=node("orders")))
    run = workspace.start(flow(orders=node("orders")))
    run.wait()
    assert "sign in first" in run["orders"].message


def test_many_calls_at_once_share_a_session(workspace: Workspace) -> None:
    """As those of for_each."""
    run = workspace.run(flow(sign_in=LOGIN, orders={**node("orders"), "for_each": "range(20)"}))
    assert len(run["orders"].data) == 20


def test_no_cookie_is_recorded(workspace: Workspace, tmp_path: Path) -> None:
    """Not as a header, nor where the service repeats it; later nodes of the run see what came."""
    length = "${{ len(nodes.orders.data.body.you_are) }}"
    check = {"task": "core.set", "params": {"values": {"length": length}}}
    run = workspace.run(flow(sign_in=LOGIN, orders=node("orders"), check=check))
    assert run["check"].data == {"length": len(COOKIE)}
    workspace.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"welcome" in kept
    assert COOKIE.encode() not in kept
    assert BASKET.encode() not in kept


def test_outside_of_a_run_a_session_is_of_one_call(shop: FakeService) -> None:
    """Nothing is left behind for whoever calls the task next."""
    credentials = {"base_url": shop.url}
    assert http.request(credentials, LOGIN["params"])["success"] is True
    assert http.request(credentials, {"url": "orders", "session": "s"})["success"] is False


def test_things_that_calls_share_belong_to_an_owner() -> None:
    """By folder and integration; made once, by whoever comes first."""
    shared, made = Shared(), iter(range(10))
    for owner, expected in ((("http", "a"), 0), (("http", "a"), 0), (("http", "b"), 1), (("other", "a"), 2)):
        with running_as(Context("run", shared=shared, owner=owner)) as context:
            assert context.keep("x", lambda: next(made)) == expected
    assert Context("run").keep("x", lambda: next(made)) == 3
    assert Context("run").keep("x", lambda: next(made)) == 4
