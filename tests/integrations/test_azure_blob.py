"""Azure Blob Storage, against Azurite: Microsoft's own server of its API, which checks keys and signatures."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import Answer, FakeService, check_contract, run_task
from integrations import azure_blob as azure
from tests.integrations.azure_server import KEY, AzureServer
from tests.integrations.examples import examples
from tests.ports import free_port


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with running_as(Context(root=tmp_path)):
        yield tmp_path


@pytest.fixture
def container(azure_server: AzureServer, request: pytest.FixtureRequest) -> str:
    name = f"c-{abs(hash(request.node.name))}"
    done(azure_server.credentials(), azure.create_container, container=name)
    return name


def done(who: dict[str, Any], task: Callable[..., Any], **params: Any) -> Any:
    result = task(who, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(who: dict[str, Any], task: Callable[..., Any], **params: Any) -> tuple[str, str]:
    result = task(who, params)
    assert not result["success"], result
    assert KEY not in str(result)
    return str(result["message"]), (result["data"] or {}).get("kind", "")


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(azure.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(azure.__file__).parent)) == sorted(azure.__all__)


def test_containers_are_made_listed_and_deleted(azure_server: AzureServer) -> None:
    who = azure_server.credentials()
    assert done(who, azure.create_container, container="made-once") == {"container": "made-once", "created": True}
    assert done(who, azure.create_container, container="made-once")["created"] is False
    assert [one["name"] for one in done(who, azure.list_containers, prefix="made-")] == ["made-once"]
    assert "made-once" in done(who, azure.test_connection)["containers"]
    assert done(who, azure.test_connection, container="made-once") == {"container": "made-once"}
    assert done(who, azure.delete_container, container="made-once")["deleted"] is True
    assert done(who, azure.delete_container, container="made-once")["deleted"] is False


def test_a_file_goes_up_and_down(azure_server: AzureServer, container: str, root: Path) -> None:
    who = azure_server.credentials()
    (root / "a b.txt").write_bytes(b"hello")
    key = "deep/ü & b?.txt"
    more = {"metadata": {"k": "v"}, "cache_control": "no-store", "tier": "Cool", "tags": {"team": "data"}}
    done(who, azure.upload_file, container=container, file_path="a b.txt", key=key, **more)
    told = done(who, azure.head_blob, container=container, key=key)
    assert (told["size"], told["content_type"], told["metadata"]) == (5, "text/plain", {"k": "v"})
    assert (told["cache_control"], told["md5"]) == ("no-store", "5d41402abc4b2a76b9719d911017c592")
    assert told["tier"] == "Cool"
    saved = done(who, azure.download_file, container=container, key=key, file_path="in/")
    assert saved == {"file_path": str(root / "in" / "ü & b?.txt"), "size": 5, "content_type": "text/plain"}
    assert (root / "in" / "ü & b?.txt").read_bytes() == b"hello"
    assert "is there already" in refused(who, azure.download_file, container=container, key=key, file_path="in/")[0]


def test_a_large_file_goes_in_blocks(
    azure_server: AzureServer, container: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.azure_blob import client

    monkeypatch.setattr(client, "PART_BYTES", 256 * 1024)
    (root / "big").write_bytes(bytes(range(256)) * 3000)
    seen: list[float] = []
    told = Context(root=root, progress=lambda done, total, text: seen.append(done))
    with running_as(told):
        done(azure_server.credentials(), azure.upload_file, container=container, file_path="big")
        done(azure_server.credentials(), azure.download_file, container=container, key="big", file_path="back")
    assert (root / "back").read_bytes() == (root / "big").read_bytes()
    assert max(seen) == 768_000
    assert len(seen) > 4


@pytest.mark.parametrize(
    ("key", "data", "back"),
    [
        ("a.txt", "text", "text"),
        ("a.json", {"a": [1, None]}, {"a": [1, None]}),
        ("a.csv", [{"a": 1}], [{"a": "1"}]),
        ("a.parquet", pd.DataFrame({"a": [1, 2]}), [{"a": 1}, {"a": 2}]),
        ("a.bin", b"\x00\xff", b"\x00\xff"),
        ("empty", "", b""),
    ],
)
def test_data_is_stored_and_read(azure_server: AzureServer, container: str, key: str, data: Any, back: Any) -> None:
    who = azure_server.credentials()
    done(who, azure.put_blob, container=container, key=key, data=data)
    form = "bytes" if isinstance(back, bytes) else "auto"
    assert done(who, azure.get_blob, container=container, key=key, table_as="rows", **{"as": form}) == back
    if back:
        assert "max_bytes" in refused(who, azure.get_blob, container=container, key=key, max_bytes=1)[0]


def test_blobs_are_listed_copied_and_deleted(azure_server: AzureServer, container: str) -> None:
    who = azure_server.credentials()
    for key in ("a", "x/1", "x/2"):
        done(who, azure.put_blob, container=container, key=key, data=key)
    assert [one["key"] for one in done(who, azure.list_blobs, container=container)] == ["a", "x/1", "x/2"]
    result = azure.list_blobs(who, {"container": container, "limit": 2})
    assert len(result["data"]) == 2
    assert "there are more" in result["message"]
    level = done(who, azure.list_blobs, container=container, delimiter="/")
    assert {one.get("prefix") or one["key"] for one in level} == {"x/", "a"}
    other = f"{container}-2"
    done(who, azure.create_container, container=other)
    done(who, azure.copy_blob, container=container, key="x/1", to_container=other)
    assert done(who, azure.get_blob, container=other, key="x/1", **{"as": "text"}) == "x/1"
    taken = done(who, azure.delete_blobs, container=container, keys=["a", "none"])
    assert taken == {"deleted": ["a"], "missing": ["none"]}
    assert done(who, azure.delete_blobs, container=container, prefix="x/")["deleted"] == ["x/1", "x/2"]
    assert done(who, azure.list_blobs, container=container) == []


def test_what_is_there_is_not_replaced_unless_that_is_wanted(azure_server: AzureServer, container: str) -> None:
    who = azure_server.credentials()
    done(who, azure.put_blob, container=container, key="a", data="old")
    message, kind = refused(who, azure.put_blob, container=container, key="a", data="new", overwrite=False)
    assert kind == "conflict"
    assert "(BlobAlreadyExists)" in message
    assert done(who, azure.get_blob, container=container, key="a", **{"as": "text"}) == "old"


def test_a_link_works_without_an_account_and_for_what_it_is_for(azure_server: AzureServer, container: str) -> None:
    who = azure_server.credentials()
    done(who, azure.put_blob, container=container, key="a b.txt", data="hello")
    url = done(who, azure.sign_url, container=container, key="a b.txt")["url"]
    assert urllib.request.urlopen(url).read() == b"hello"
    write = urllib.request.Request(url, b"x", {"x-ms-blob-type": "BlockBlob"}, method="PUT")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(write)
    assert error.value.code == 403
    error.value.close()
    put = done(who, azure.sign_url, container=container, key="new.txt", method="PUT")["url"]
    urllib.request.urlopen(urllib.request.Request(put, b"x", {"x-ms-blob-type": "BlockBlob"}, method="PUT")).close()
    assert done(who, azure.get_blob, container=container, key="new.txt") == "x"
    signature = url.partition("?")[2]
    token = {"account": "shop", "sas_token": f"?{signature}", "endpoint_url": f"{azure_server.url}/shop"}
    assert done(token, azure.get_blob, container=container, key="a b.txt") == "hello"
    assert "signed with the account's key" in refused(token, azure.sign_url, container=container, key="a")[0]
    assert signature not in refused(token, azure.list_containers)[0]


def test_a_connection_string_names_account_and_key(azure_server: AzureServer, container: str) -> None:
    text = f"DefaultEndpointsProtocol=http;AccountName=shop;AccountKey={KEY};BlobEndpoint={azure_server.url}/shop;"
    assert done({"connection_string": text}, azure.list_blobs, container=container) == []
    assert done({"connection_string": text}, azure.sign_url, container=container, key="a")["url"].startswith("http")
    message, kind = refused({"connection_string": f"AccountKey={KEY}"}, azure.list_containers)
    assert kind == "invalid"
    assert "Check account_key" in message


def test_what_fails_is_said_in_words_with_its_kind(azure_server: AzureServer, container: str, root: Path) -> None:
    who = azure_server.credentials()
    for task, params in [
        (azure.get_blob, {"key": "none"}),
        (azure.head_blob, {"key": "none"}),
        (azure.copy_blob, {"key": "none", "to_key": "b"}),
        (azure.download_file, {"key": "none", "file_path": "a"}),
    ]:
        assert refused(who, task, container=container, **params)[1] == "not_found"
    assert refused(who, azure.list_blobs, container="no-such-one")[1] == "not_found"
    assert refused({**who, "account_key": "d3Jvbmc="}, azure.list_containers)[1] == "forbidden"
    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"account": "a"},
        {"account": "a", "account_key": "k", "sas_token": "s"},
        {"connection_string": "c", "sas_token": "s"},
    ],
)
def test_credentials_that_do_not_go_together_are_refused(given: dict[str, str]) -> None:
    assert "give" in refused(given, azure.list_containers)[0]


def test_nothing_there_or_another_service_is_a_failure_in_words(
    service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.azure_blob import client

    monkeypatch.setattr(client, "TRIES", 0)
    who = {"account": "shop", "account_key": KEY}
    nobody = {**who, "endpoint_url": f"http://127.0.0.1:{free_port()}/shop"}
    assert refused(nobody, azure.list_containers)[1] == "unreachable"
    there = {**who, "endpoint_url": f"{service.url}/shop"}
    for answer, kind in [
        (Answer(body="<title>Sign in</title>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(302, headers={"Location": f"{service.url}/elsewhere"}), "wrong_address"),
        (Answer(503, body="busy"), "server_error"),
        (Answer(429, body="busy"), "rate_limited"),
        (Answer(drop=True), "unreachable"),
    ]:
        service.on("GET", "/shop/", answer)
        service.on("GET", "/shop", answer)
        assert refused(there, azure.list_containers)[1] == kind


BROKEN = [
    b"", b"{}", b"<a/>", b"\xff\xfe\xc3", b"<EnumerationResults>", b"[" * 100_000, b"<a>" * 10_000,
    b"<EnumerationResults><Blobs><Blob></Blob></Blobs></EnumerationResults>",
    b"<EnumerationResults><Containers><Container><Name>x</Name></Container></Containers></EnumerationResults>",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["application/xml", "application/json"])
def test_an_answer_that_bears_azures_mark_and_is_broken_is_a_failure_in_words(service: FakeService, kind: str) -> None:
    """Azure's library takes it for what it may not be, and stumbles in its own ways."""
    blob = {"container": "box", "key": "a"}
    asked: list[tuple[Callable[..., Any], dict[str, Any]]] = [
        (azure.list_containers, {}), (azure.list_blobs, {"container": "box"}), (azure.get_blob, blob),
        (azure.head_blob, blob), (azure.delete_blobs, {"container": "box", "prefix": "a"}),
        (azure.copy_blob, {**blob, "to_key": "b"}), (azure.put_blob, {**blob, "data": "x"}),
    ]  # fmt: skip
    for body in BROKEN:
        service.on("*", "/{rest:path}", body=body, headers={"x-ms-request-id": "1", "Content-Type": kind})
        for task, params in asked:
            result = run_task(task, {"account": "shop", "account_key": KEY, "endpoint_url": service.url}, params)
            assert (result.success, result.traceback) == (False, ""), (body[:20], task.__name__)
            assert "Azure's answer" in result.message or "could not be" in result.message


def test_a_server_that_asks_to_wait_is_asked_again_after_that_and_not_at_all_after_a_day(
    service: FakeService, waits: list[float]
) -> None:
    who = {"account": "shop", "account_key": KEY, "endpoint_url": service.url}
    service.on("*", "/", status=503, headers={"Retry-After": "7", "x-ms-error-code": "ServerBusy"})
    result = run_task(azure.list_containers, who)
    assert waits == [7.0, 7.0]
    assert result.message.endswith("It asks to wait 7 s: try again then, or give the node a retry with such a wait.")
    service.on("*", "/", status=503, headers={"Retry-After": "86400"})
    assert "asks to wait 86400 s" in run_task(azure.list_containers, who).message
    assert len(waits) == 2


def test_a_cancelled_run_sends_nothing(azure_server: AzureServer, container: str, root: Path) -> None:
    stop = Stop()
    stop.set()
    params = {"container": container, "key": "a", "data": "x"}
    result = run_task(azure.put_blob, azure_server.credentials(), params, root=root, stop=stop)
    assert result.data == {"kind": "cancelled"}
    assert done(azure_server.credentials(), azure.list_blobs, container=container) == []
