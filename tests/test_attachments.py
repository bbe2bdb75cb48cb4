"""Attachments: a path or an object, read the same by every integration that sends messages."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flowbook import attachments
from flowbook.errors import TaskFailed
from flowbook.tasks import Context, running_as


@pytest.mark.parametrize(
    ("given", "filename", "content", "content_type"),
    [
        ("a.pdf", "a.pdf", b"%PDF", "application/pdf"),
        ({"file_path": "a.pdf", "filename": "b.html"}, "b.html", b"%PDF", "text/html"),
        ({"filename": "t.txt", "content": "grüße"}, "t.txt", "grüße".encode(), "text/plain"),
        ({"filename": "raw", "content": b"\0\1"}, "raw", b"\0\1", "application/octet-stream"),
        ({"filename": "f.csv", "content": pd.DataFrame({"n": [1]})}, "f.csv", b"n\n1\n", "text/csv"),
        ({"filename": "j.json", "content": [{"a": "ü"}]}, "j.json", '[{"a": "ü"}]'.encode(), "application/json"),
        ({"filename": "i", "base64": base64.b64encode(b"x").decode(), "content_type": "image/x"}, "i", b"x", "image/x"),
    ],
)
def test_name_content_and_type_are_given_or_follow_from_each_other(
    tmp_path: Path, given: Any, filename: str, content: bytes, content_type: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF")
    with running_as(Context("run", root=tmp_path)):
        made = attachments.read(given)
    assert (made.filename, made.content, made.content_type, made.content_id) == (filename, content, content_type, "")


def test_an_image_has_the_id_by_which_html_calls_it() -> None:
    assert attachments.read({"filename": "i.png", "content": b"x", "content_id": "logo"}).content_id == "logo"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (7, "not understood"),
        ({"name": "x"}, "not understood"),
        ("/no/such/file", "no file /no/such/file"),
        ({"content": "x"}, "no filename"),
        ({"filename": "x"}, "no content"),
        ({"filename": "x", "base64": "%%%"}, "base64 of x is damaged"),
    ],
)
def test_what_cannot_be_attached_is_said_in_words(given: Any, words: str) -> None:
    with pytest.raises(TaskFailed, match=words):
        attachments.read(given)


def test_a_table_that_is_attached_runs_nothing_in_a_spreadsheet() -> None:
    table = pd.DataFrame(
        {"=A": ["=HYPERLINK(1)", "-5", None], "n": [-1.5, 2, 3], "k": pd.Categorical(["@x", "b", "@x"])}
    )
    made = attachments.read({"filename": "t.csv", "content": table})
    assert made.content.decode() == "'=A,n,k\n'=HYPERLINK(1),-1.5,'@x\n-5,2.0,b\n,3.0,'@x\n"
    assert list(table.columns) == ["=A", "n", "k"]
